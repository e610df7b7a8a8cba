//! Times in log lines.

use jetkv_types::Timestamp;
use std::fmt::Write;

/// Appends a time as the reference writes it, in UTC: `2026/11/23 07:04:34.003989`.
pub(super) fn push(text: &mut String, time: Timestamp) {
    let nanos = time.as_nanos();
    let whole_seconds = Timestamp::from_nanos(nanos - nanos % NANOS_PER_SECOND).to_string();
    let (date, of_day) = whole_seconds.split_once('T').unwrap_or((&whole_seconds, ""));
    for part in date.split('-').enumerate() {
        if part.0 > 0 {
            text.push('/');
        }
        text.push_str(part.1);
    }
    let micros = nanos % NANOS_PER_SECOND / 1_000;
    write!(text, " {}.{micros:06}", of_day.trim_end_matches('Z')).ok();
}

const NANOS_PER_SECOND: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(time: &str, expected: &str) {
        let mut text = String::new();
        push(&mut text, time.parse().unwrap());
        assert_eq!(text, expected);
    }

    #[test]
    fn times_have_six_digits_behind_the_point() {
        check("2026-11-23T07:04:34.003989Z", "2026/11/23 07:04:34.003989");
        check("2026-01-02T00:00:00Z", "2026/01/02 00:00:00.000000");
        check("2026-01-02T23:59:59.999999999Z", "2026/01/02 23:59:59.999999");
    }
}
