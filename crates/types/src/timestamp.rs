//! Points in time, in nanoseconds, and their RFC 3339 text.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Nanoseconds since 1970-01-01T00:00:00Z. Zero stands for "no time".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// No time at all; printed as the zero time of the reference.
    pub const ZERO: Self = Self(0);
    /// Bytes of the longest text of one.
    pub const TEXT_BYTES_MAX: usize = 30;
    /// The last point that can be expressed, in the year 2554.
    pub const MAX: Self = Self(u64::MAX);

    /// Takes nanoseconds since 1970.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns nanoseconds since 1970.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Returns the point `span` later, or [`Self::MAX`] if there is none.
    #[must_use]
    pub fn saturating_add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// Returns the point `span` earlier, unless it is not later than 1970.
    #[must_use]
    pub fn checked_sub(self, span: Duration) -> Option<Self> {
        let nanos = self.0.checked_sub(u64::try_from(span.as_nanos()).ok()?)?;
        Some(Self(nanos)).filter(|time| *time != Self::ZERO)
    }

    /// Returns the time from `earlier` to `self`, zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Writes what [`fmt::Display`] writes into `buffer` and returns it; every get over the wire carries one.
    #[must_use]
    pub fn to_text(self, buffer: &mut [u8; Self::TEXT_BYTES_MAX]) -> &str {
        if self.0 == 0 {
            return "0001-01-01T00:00:00Z";
        }
        let (seconds, nanos) = (self.0 / NANOS_PER_SECOND, self.0 % NANOS_PER_SECOND);
        let (year, month, day) = civil_from_days(seconds / SECONDS_PER_DAY);
        let of_day = seconds % SECONDS_PER_DAY;
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        buffer.copy_from_slice(b"0000-00-00T00:00:00.000000000Z");
        let parts = [(0..4, year), (5..7, month), (8..10, day), (11..13, hour), (14..16, minute)];
        for (place, number) in parts.into_iter().chain([(17..19, second), (21..29, nanos % 100_000_000)]) {
            write_pairs(&mut buffer[place], number);
        }
        // The ninth digit from the right has no other beside it.
        buffer[20] = PAIRS[index_of(nanos / 100_000_000)][1];
        let fraction = buffer[19..29].iter().rposition(|byte| !matches!(byte, b'0' | b'.'));
        let end = fraction.map_or(19, |last| 19 + last + 1);
        buffer[end] = b'Z';
        // Everything in it is ASCII.
        std::str::from_utf8(&buffer[..=end]).unwrap_or_default()
    }

    /// Returns the same point as the standard library's type.
    #[must_use]
    pub fn to_system_time(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_nanos(self.0)
    }
}

impl fmt::Display for Timestamp {
    /// Writes RFC 3339 in UTC, up to nine fractional digits without trailing zeros (PROTOCOL 0.2).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_text(&mut [0; Self::TEXT_BYTES_MAX]))
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Reads RFC 3339 with `Z` or a numeric offset; times before 1970 become zero only if they are the zero time.
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        parse(text).ok_or_else(|| TimestampError { text: text.into() })
    }
}

/// Writes a number in pairs of decimal digits over all of `place`.
fn write_pairs(place: &mut [u8], number: u64) {
    // Every number in a time fits, and short divisions are quick.
    let mut number = u32::try_from(number).unwrap_or_default();
    for pair in place.rchunks_exact_mut(2) {
        pair.copy_from_slice(&PAIRS[index_of(u64::from(number % 100))]);
        number /= 100;
    }
}

fn index_of(number: u64) -> usize {
    usize::try_from(number).unwrap_or_default()
}

/// The numbers below a hundred in two digits each.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut at = 1;
    while at < pairs.len() {
        // One more than the number before.
        pairs[at] = pairs[at - 1];
        if pairs[at][1] == b'9' {
            pairs[at] = [pairs[at][0] + 1, b'0'];
        } else {
            pairs[at][1] += 1;
        }
        at += 1;
    }
    pairs
};

fn parse(text: &str) -> Option<Timestamp> {
    if text == "0001-01-01T00:00:00Z" {
        return Some(Timestamp::ZERO);
    }
    let number = |range: std::ops::Range<usize>| -> Option<u64> {
        let part = text.get(range)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let mark =
        |at: usize, allowed: &[u8]| text.as_bytes().get(at).filter(|b| allowed.contains(b)).map(|_| ());
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    for (at, allowed) in [(4, &b"-"[..]), (7, b"-"), (10, b"Tt "), (13, b":"), (16, b":")] {
        mark(at, allowed)?;
    }
    let days_in_month = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if year < 1970 || day == 0 || day > days_in_month || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut rest = &text[19..];
    let mut nanos = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || digits > 9 {
            return None;
        }
        nanos = fraction[..digits].parse::<u64>().ok()? * 10_u64.pow(u32::try_from(9 - digits).ok()?);
        rest = &fraction[digits..];
    }
    let seconds = days_from_civil(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
    let seconds = match rest.as_bytes() {
        b"Z" | b"z" => seconds,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2]
            if [h1, h2, m1, m2].iter().all(|b| b.is_ascii_digit()) =>
        {
            let digit = |b: &u8| u64::from(b - b'0');
            let offset = (digit(h1) * 10 + digit(h2)) * 3600 + (digit(m1) * 10 + digit(m2)) * 60;
            if *sign == b'+' { seconds.checked_sub(offset)? } else { seconds + offset }
        }
        _ => return None,
    };
    seconds.checked_mul(NANOS_PER_SECOND)?.checked_add(nanos).map(Timestamp)
}

/// Returns the date of a day counted from 1970-01-01 (H. Hinnant, "chrono-compatible low-level date algorithms").
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// The inverse of [`civil_from_days`].
fn days_from_civil(year: u64, month: u64, day: u64) -> u64 {
    let year = year - u64::from(month <= 2);
    let era = year / 400;
    let year_of_era = year % 400;
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

const NANOS_PER_SECOND: u64 = 1_000_000_000;
const SECONDS_PER_DAY: u64 = 86_400;

/// A text that is no RFC 3339 time between 1970 and 2554.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an RFC 3339 time between 1970 and 2554, like 2026-11-23T06:46:09.5Z")]
pub struct TimestampError {
    text: Box<str>,
}

#[cfg(test)]
mod tests;
