//! Spans of time as people write them: `90s`, `1h30m`, `1.5h`, `500ms`, `2d`.

use std::fmt::Write;
use std::time::Duration;

/// Reads a span; a bare number counts seconds.
///
/// # Errors
/// A text that says what was expected, with an example; clap adds the argument and what was given.
pub fn parse(text: &str) -> Result<Duration, String> {
    read(text.trim()).ok_or_else(|| "expected a duration like 90s, 1h30m, 500ms or 2d".into())
}

fn read(text: &str) -> Option<Duration> {
    if text.is_empty() {
        return None;
    }
    let mut rest = text;
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let number_len = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(number_len);
        let unit_len = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_len);
        // Only a number that stands alone may go without a unit: `1h30` is more likely a slip.
        let unit_nanos = if unit.is_empty() && number_len == text.len() { SECOND } else { nanos(unit)? };
        total = total.checked_add(scaled(number, unit_nanos)?)?;
        rest = after;
    }
    Some(Duration::from_nanos(u64::try_from(total).ok()?))
}

/// Returns `number`, which may have a fraction, times `unit`, cut to a whole number.
pub fn scaled(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty()
        || fraction.contains('.')
        || fraction.len() > FRACTION_DIGITS_MAX
    {
        return None;
    }
    let digits = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u128>().ok() };
    let denominator = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let of_fraction = digits(fraction)?.checked_mul(unit)? / denominator;
    digits(whole)?.checked_mul(unit)?.checked_add(of_fraction)
}

fn nanos(unit: &str) -> Option<u128> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3_600 * SECOND,
        "d" => 86_400 * SECOND,
        "w" => 7 * 86_400 * SECOND,
        _ => return None,
    })
}

/// Writes a span the way [`parse`] reads it, as in `1h30m`.
pub fn human(span: Duration) -> String {
    let mut text = String::new();
    let mut seconds = span.as_secs();
    for (unit, size) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if seconds >= size {
            write!(text, "{}{unit}", seconds / size).ok();
            seconds %= size;
        }
    }
    for (unit, size, whole) in [("ms", 1_000_000, 1_000), ("us", 1_000, 1_000), ("ns", 1, 1_000)] {
        let part = span.subsec_nanos() / size % whole;
        if part > 0 {
            write!(text, "{part}{unit}").ok();
        }
    }
    if text.is_empty() { "0s".into() } else { text }
}

const SECOND: u128 = 1_000_000_000;
const FRACTION_DIGITS_MAX: usize = 12;

#[cfg(test)]
mod tests;
