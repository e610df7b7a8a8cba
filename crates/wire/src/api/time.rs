//! Times as RFC 3339 texts, for `#[serde(with = "…")]`.

use jetkv_types::{Timestamp, ZonedTimestamp};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::Serializer;
use std::borrow::Cow;
use std::fmt;

/// Writes a time in UTC; trailing zeros are left out, and no time is year one.
pub(crate) fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(time)
}

/// Reads a time; `null` is none.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    optional::deserialize(from).map(Option::unwrap_or_default)
}

/// Times that may be absent.
pub(super) mod optional {
    use super::{Deserializer, Serializer, Timestamp, zoned};

    /// Writes a time, `null` for none.
    pub(in crate::api) fn serialize<S: Serializer>(
        time: &Option<Timestamp>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => super::serialize(time, to),
            None => to.serialize_none(),
        }
    }

    /// Reads a time; `null` is none.
    pub(in crate::api) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        zoned::deserialize(from).map(|zoned| zoned.map(|zoned| zoned.time))
    }
}

/// Times that may be absent, each in the zone of who sent it.
pub(super) mod zoned {
    use super::{Deserializer, Named, Serializer, ZonedTimestamp};

    /// Writes a time, `null` for none.
    pub(in crate::api) fn serialize<S: Serializer>(
        time: &Option<ZonedTimestamp>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => to.collect_str(time),
            None => to.serialize_none(),
        }
    }

    /// Reads a time; `null` is none.
    pub(in crate::api) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<ZonedTimestamp>, D::Error> {
        from.deserialize_newtype_struct("time.Time", Named)
    }
}

/// Reads what is behind the name of the type.
struct Named;

impl<'de> Visitor<'de> for Named {
    type Value = Option<ZonedTimestamp>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an RFC 3339 time")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| parse(&text).map_err(D::Error::custom)).transpose()
    }
}

/// Reads a time, and says in the reference's words what is wrong with it.
///
/// A [`Timestamp`] reaches from 1970 to 2554. What is earlier becomes its first nanosecond, what is later its last, so
/// that it stands before or after every message. Year one, which the reference writes for no time, is no time.
fn parse(text: &str) -> Result<ZonedTimestamp, String> {
    let fault = check(text);
    if let Some(fault) = fault {
        return Err(fault);
    }
    let clamped = || if text < "1971" { Timestamp::from_nanos(1) } else { Timestamp::MAX };
    Ok(with_whole_hour(text).parse().unwrap_or_else(|_| ZonedTimestamp::utc(clamped())))
}

/// Returns the time with two digits for the hour; the reference takes one.
fn with_whole_hour(text: &str) -> Cow<'_, str> {
    match (text.get(..HOUR), text.get(HOUR..)) {
        (Some(date), Some(rest)) if rest.as_bytes().get(1) == Some(&b':') => format!("{date}0{rest}").into(),
        _ => text.into(),
    }
}

/// Returns the text in quotes as Go's errors about times have it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            ' '..='\x7f' => out.push(letter),
            other => {
                let mut bytes = [0; 4];
                other
                    .encode_utf8(&mut bytes)
                    .bytes()
                    .for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
            }
        }
    }
    out.push('"');
    out
}

/// Says what is wrong with the form of a time.
fn check(text: &str) -> Option<String> {
    let mut rest = text;
    for part in LAYOUT {
        let length = part_length(rest, part);
        let Some(behind) = length.and_then(|length| rest.get(length..)) else {
            let (text, rest) = (quoted(text), quoted(rest));
            return Some(format!("parsing time {text} as {FORM:?}: cannot parse {rest} as {part:?}"));
        };
        rest = behind;
    }
    if !rest.is_empty() {
        return Some(format!("parsing time {}: extra text: {}", quoted(text), quoted(rest)));
    }
    let (told, text) = (quoted(text), with_whole_hour(text));
    let number = |from: usize| text.get(from..from + 2).and_then(|part| part.parse::<u8>().ok()).unwrap_or(0);
    let (month, day, hour, minute, second) = (number(5), number(8), number(11), number(14), number(17));
    let year = text.get(..4).and_then(|year| year.parse::<u16>().ok()).unwrap_or(0);
    let wrong = match () {
        () if !(1..=12).contains(&month) => "month",
        () if hour > 23 => "hour",
        () if minute > 59 => "minute",
        () if second > 59 => "second",
        () if day < 1 || day > days_in(year, month) => "day",
        () => return None,
    };
    Some(format!("parsing time {told}: {wrong} out of range"))
}

/// Returns how many bytes at the beginning of `text` are what `part` of the layout stands for.
fn part_length(text: &str, part: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits = |from: usize, count: usize| {
        bytes.get(from..from + count).filter(|part| part.iter().all(u8::is_ascii_digit)).map(|_| from + count)
    };
    match part {
        "05" => {
            let end = digits(0, 2)?;
            let fraction = bytes[end..].iter().skip(1).take_while(|byte| byte.is_ascii_digit()).count();
            let has_fraction = bytes.get(end) == Some(&b'.') && fraction > 0;
            Some(if has_fraction { end + 1 + fraction } else { end })
        }
        "Z07:00" => match bytes.first()? {
            b'Z' => Some(1),
            b'+' | b'-' => {
                digits(1, 2).filter(|end| bytes.get(*end) == Some(&b':')).and_then(|end| digits(end + 1, 2))
            }
            _ => None,
        },
        // One digit will do.
        "15" => digits(0, 2).or_else(|| digits(0, 1)),
        _ if part.starts_with(|first: char| first.is_ascii_digit()) => digits(0, part.len()),
        _ => text.starts_with(part).then_some(part.len()),
    }
}

fn days_in(year: u16, month: u8) -> u8 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Where the hour begins.
const HOUR: usize = "2006-01-02T".len();

/// The form of a time, as Go writes it in errors.
const FORM: &str = "2006-01-02T15:04:05Z07:00";

/// Its parts; the fraction belongs to the seconds.
const LAYOUT: [&str; 12] = ["2006", "-", "01", "-", "02", "T", "15", ":", "04", ":", "05", "Z07:00"];

#[cfg(test)]
mod tests;
