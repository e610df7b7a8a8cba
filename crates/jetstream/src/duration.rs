//! Spans of time in the text form of Go, which the reference uses in headers: `2s`, `1m0s`, `1.5s`, `100ms`.

use std::time::Duration;

/// Writes `span` as Go's `Duration.String` does.
#[must_use]
pub fn format(span: Duration) -> String {
    let nanos = span.as_nanos();
    if nanos == 0 {
        return "0s".into();
    }
    if nanos < NANOS_PER_SECOND {
        let (unit_nanos, digits, unit) = match nanos {
            0..1_000 => (1, 0, "ns"),
            1_000..1_000_000 => (1_000, 3, "µs"),
            _ => (1_000_000, 6, "ms"),
        };
        return format!("{}{unit}", decimal(nanos, unit_nanos, digits));
    }
    let (minutes, rest) = (nanos / NANOS_PER_MINUTE, nanos % NANOS_PER_MINUTE);
    let seconds = decimal(rest, NANOS_PER_SECOND, 9);
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m{seconds}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// Writes `nanos` in a unit of `unit_nanos` (ten to the power of `digits`) without trailing zeros.
fn decimal(nanos: u128, unit_nanos: u128, digits: usize) -> String {
    let (whole, fraction) = (nanos / unit_nanos, nanos % unit_nanos);
    if fraction == 0 {
        return whole.to_string();
    }
    let fraction = format!("{fraction:0digits$}");
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}

/// Reads what Go's `ParseDuration` reads, without a minus sign: one or more decimal numbers, each with a unit
/// (`ns us µs ms s m h`), or `0`. The parts are added; below a nanosecond is cut off.
///
/// # Errors
/// [`DurationError`] for any other text and for more than 2^63 - 1 nanoseconds (292 years).
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    parse_nanos(text).map_err(|reason| DurationError { text: text.into(), reason })
}

fn parse_nanos(text: &str) -> Result<Duration, &'static str> {
    if text.starts_with('-') {
        return Err("a span of time must not be negative");
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(FORM);
    }
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or("a unit is missing")?;
        let (number, tail) = rest.split_at(number_end);
        let unit_end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        total = total.checked_add(part_nanos(number, unit)?).filter(|&n| n <= NANOS_MAX).ok_or(TOO_LONG)?;
        rest = tail;
    }
    u64::try_from(total).map(Duration::from_nanos).map_err(|_| TOO_LONG)
}

fn part_nanos(number: &str, unit: &str) -> Result<u128, &'static str> {
    let unit_nanos: u128 = match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => NANOS_PER_SECOND,
        "m" => NANOS_PER_MINUTE,
        "h" => 60 * NANOS_PER_MINUTE,
        _ => return Err("unknown unit; allowed are ns, us, ms, s, m and h"),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return Err(FORM);
    }
    // More digits than fit are more than 292 years in any unit.
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| TOO_LONG)? };
    let nanos = whole.checked_mul(unit_nanos).filter(|&n| n <= NANOS_MAX).ok_or(TOO_LONG)?;
    // An hour has 13 digits of nanoseconds, so what stands behind 15 digits is below a nanosecond in every unit.
    let digits = &fraction[..fraction.len().min(15)];
    let mut scaled = 0;
    let mut scale = 1;
    for digit in digits.bytes() {
        scaled = scaled * 10 + u128::from(digit - b'0');
        scale *= 10;
    }
    Ok(nanos + scaled * unit_nanos / scale)
}

/// A text that is no span of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no duration: {reason}")]
pub struct DurationError {
    /// The text given.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

const FORM: &str = "expected a number with a unit, like 1.5s or 1h30m";
const TOO_LONG: &str = "more than 292 years";
const NANOS_PER_SECOND: u128 = 1_000_000_000;
const NANOS_PER_MINUTE: u128 = 60 * NANOS_PER_SECOND;
const NANOS_MAX: u128 = (1 << 63) - 1;

#[cfg(test)]
mod tests;
