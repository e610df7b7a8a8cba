//! Typed access to the values of a configuration; what has the wrong type is noted and read as missing.

use super::problems::Problems;
use super::syntax::{Entry, Map, Node, Value};
use jetkv_jetstream::duration;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Reads a text. A number without quotes is none: `password: 007` would lose its zeros.
pub(super) fn text(entry: &Entry, problems: &mut Problems) -> Option<String> {
    match &entry.node.value {
        Value::Text(text) | Value::Date(text) => Some(text.clone()),
        Value::Integer(_) | Value::Size(..) | Value::Float(_) => {
            wrong(entry, "a text (in quotes if it looks like a number)", problems)
        }
        _ => wrong(entry, "a text", problems),
    }
}

/// Reads a truth.
pub(super) fn boolean(entry: &Entry, problems: &mut Problems) -> Option<bool> {
    match &entry.node.value {
        Value::Bool(truth) => Some(*truth),
        _ => wrong(entry, "true or false", problems),
    }
}

/// Reads a whole number in `range`.
pub(super) fn number(entry: &Entry, range: RangeInclusive<i64>, problems: &mut Problems) -> Option<i64> {
    let number = match &entry.node.value {
        Value::Integer(number) | Value::Size(number, _) => *number,
        Value::Text(text) => match quoted_size(text) {
            Some(number) => number,
            None => return wrong(entry, "a whole number", problems),
        },
        _ => return wrong(entry, "a whole number", problems),
    };
    if range.contains(&number) {
        return Some(number);
    }
    let (low, high) = (range.start(), range.end());
    problems.error(
        &entry.place,
        format_args!("{:?} must be between {low} and {high}, found {number}", entry.key),
    );
    None
}

/// Reads a whole number from 0 to 2^32 - 1.
pub(super) fn unsigned(entry: &Entry, problems: &mut Problems) -> Option<u32> {
    number(entry, 0..=i64::from(u32::MAX), problems).and_then(|number| u32::try_from(number).ok())
}

/// Reads a whole number for which 0 and everything below it mean "no limit"; the outer `None` is a fault.
pub(super) fn limit(entry: &Entry, problems: &mut Problems) -> Option<Option<u32>> {
    let number = number(entry, i64::MIN..=i64::from(u32::MAX), problems)?;
    Some(u32::try_from(number).ok().filter(|number| *number > 0))
}

/// Reads a size in bytes for which 0 and everything below it mean "no limit"; the outer `None` is a fault.
pub(super) fn bytes_limit(entry: &Entry, problems: &mut Problems) -> Option<Option<u64>> {
    let number = number(entry, i64::MIN..=i64::MAX, problems)?;
    Some(u64::try_from(number).ok().filter(|number| *number > 0))
}

/// Reads a span of time: `"1m30s"`, or a number of seconds.
pub(super) fn span(entry: &Entry, problems: &mut Problems) -> Option<Duration> {
    let key = &entry.key;
    match &entry.node.value {
        Value::Text(text) => match duration::parse(text) {
            Ok(span) => Some(span),
            Err(error) => {
                problems.error(&entry.place, format_args!("error parsing {key}: {error}"));
                None
            }
        },
        Value::Size(number, text) => {
            if let Ok(span) = duration::parse(text) {
                let note =
                    format_args!("{key} is read as {text}; the reference takes it for {number} seconds");
                problems.warn(&entry.place, note);
                return Some(span);
            }
            wrong(entry, SPAN, problems)
        }
        Value::Integer(seconds) => match u64::try_from(*seconds) {
            Ok(seconds) if seconds <= SECONDS_MAX => {
                let note = format_args!("{key} should be converted to a duration, like \"{seconds}s\"");
                problems.warn(&entry.place, note);
                Some(Duration::from_secs(seconds))
            }
            _ => wrong(entry, SPAN, problems),
        },
        _ => wrong(entry, SPAN, problems),
    }
}

/// Reads a span of time that is given in seconds, also with a fraction, or as a text.
pub(super) fn seconds(entry: &Entry, problems: &mut Problems) -> Option<Duration> {
    match &entry.node.value {
        Value::Integer(seconds) => {
            let seconds = u64::try_from(*seconds).ok().filter(|seconds| *seconds <= SECONDS_MAX);
            seconds.map(Duration::from_secs).or_else(|| wrong(entry, SPAN, problems))
        }
        Value::Float(seconds) => {
            Duration::try_from_secs_f64(*seconds).ok().or_else(|| wrong(entry, SPAN, problems))
        }
        _ => span(entry, problems),
    }
}

/// Reads a map.
pub(super) fn map<'a>(entry: &'a Entry, problems: &mut Problems) -> Option<&'a Map> {
    match &entry.node.value {
        Value::Map(map) => Some(map),
        _ => wrong(entry, "a map { … }", problems),
    }
}

/// Reads an array of texts; one text alone is an array of it.
pub(super) fn texts(entry: &Entry, problems: &mut Problems) -> Option<Vec<String>> {
    match &entry.node.value {
        Value::Array(items) => {
            let mut found = Vec::with_capacity(items.len());
            for item in items {
                found.push(item_text(item, &entry.key, problems)?);
            }
            Some(found)
        }
        _ => text(entry, problems).map(|text| vec![text]),
    }
}

/// Reads an element of an array as a text.
pub(super) fn item_text(item: &Node, key: &str, problems: &mut Problems) -> Option<String> {
    match &item.value {
        Value::Text(text) | Value::Date(text) => Some(text.clone()),
        other => {
            let found = kind(other);
            problems.error(&item.place, format_args!("expected texts in {key:?}, found {found}"));
            None
        }
    }
}

/// Reads a map of texts.
pub(super) fn text_map(entry: &Entry, problems: &mut Problems) -> Option<Vec<(String, String)>> {
    let map = map(entry, problems)?;
    map.entries.iter().map(|each| Some((each.key.clone(), text(each, problems)?))).collect()
}

/// Notes that a value has the wrong type, and reads it as missing.
pub(super) fn wrong<T>(entry: &Entry, expected: &str, problems: &mut Problems) -> Option<T> {
    let found = kind(&entry.node.value);
    problems.error(&entry.place, format_args!("expected {expected} for {:?}, found {found}", entry.key));
    None
}

/// Says what a value is, without saying the value: it could be a password.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Text(_) => "a text",
        Value::Integer(_) | Value::Size(..) => "a whole number",
        Value::Float(_) => "a number with a fraction",
        Value::Bool(_) => "true or false",
        Value::Date(_) => "a date",
        Value::Array(_) => "an array",
        Value::Map(_) => "a map",
    }
}

/// Reads a size in quotes, `"10G"` or `"64MiB"`: here, unlike without quotes, `K`, `M`, `G` and `T` alone count in 1024,
/// as the reference's storage sizes do.
fn quoted_size(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(digits)?;
    let power = match suffix.to_ascii_lowercase().as_str() {
        "" => 0,
        "k" | "kb" | "ki" | "kib" => 1,
        "m" | "mb" | "mi" | "mib" => 2,
        "g" | "gb" | "gi" | "gib" => 3,
        "t" | "tb" | "ti" | "tib" => 4,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(1024_i64.pow(power))
}

const SPAN: &str = "a duration like \"2m\" or \"1h30m\"";

/// The longest span in seconds that 63 bits of nanoseconds hold.
const SECONDS_MAX: u64 = 9_223_372_036;
