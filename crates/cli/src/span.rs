//! How long something took, for programs and for people.

use std::time::Duration;

/// Returns the nanoseconds of a span; more than 584 years are that many.
pub(crate) fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

/// Spells nanoseconds as `71.1 us` or `2.4 ms`.
pub(crate) fn shown(nanos: u64) -> String {
    if nanos < 1_000_000 {
        format!("{}.{} us", nanos / 1_000, nanos / 100 % 10)
    } else {
        format!("{}.{} ms", nanos / 1_000_000, nanos / 100_000 % 10)
    }
}

#[cfg(test)]
mod tests;
