//! Points in time with the offset of the clock on which a client read them.

use crate::{Timestamp, TimestampError};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A point in time that is written as the client wrote it: the reference tells clients their times in their own zone.
///
/// Two of them are equal only if their offsets are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ZonedTimestamp {
    /// The point in time.
    pub time: Timestamp,
    /// By how many minutes the clock is ahead of UTC.
    offset_minutes: i16,
}

impl ZonedTimestamp {
    /// Returns a point in time that is written in UTC.
    #[must_use]
    pub const fn utc(time: Timestamp) -> Self {
        Self { time, offset_minutes: 0 }
    }
}

impl fmt::Display for ZonedTimestamp {
    /// Writes RFC 3339 as [`Timestamp`] does, with the offset in the place of `Z` if there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.offset_minutes == 0 {
            return self.time.fmt(f);
        }
        let minutes = self.offset_minutes.unsigned_abs();
        let span = Duration::from_secs(60 * u64::from(minutes));
        let (local, sign) = if self.offset_minutes > 0 {
            (self.time.saturating_add(span), '+')
        } else {
            // A time less than a day after 1970 has no local time that can be expressed, and keeps its own.
            (self.time.checked_sub(span).unwrap_or(self.time), '-')
        };
        let text = local.to_string();
        write!(f, "{}{sign}{:02}:{:02}", text.trim_end_matches('Z'), minutes / 60, minutes % 60)
    }
}

impl FromStr for ZonedTimestamp {
    type Err = TimestampError;

    /// Reads what [`Timestamp`] reads.
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        Ok(Self { time: text.parse()?, offset_minutes: offset_of(text).unwrap_or(0) })
    }
}

/// Returns the offset at the end of a text that is known to be a time.
fn offset_of(text: &str) -> Option<i16> {
    let offset = text.get(text.len().checked_sub("+00:00".len())?..)?;
    let number = |range: std::ops::Range<usize>| offset.get(range)?.parse::<i16>().ok();
    let minutes = || Some(number(1..3)? * 60 + number(4..6)?);
    match offset.as_bytes().first()? {
        b'+' => minutes(),
        b'-' => minutes().map(|minutes| -minutes),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
