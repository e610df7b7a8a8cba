//! Spans of time as pages show them.

use std::time::Duration;

/// Returns years, days, hours, minutes and seconds, beginning with the first that is not zero: `34m22s`, `1d0h0m3s`.
pub(super) fn uptime(span: Duration) -> String {
    let seconds = span.as_secs();
    let parts = [(31_536_000, "y"), (86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let mut text = String::new();
    let mut rest = seconds;
    for (size, unit) in parts {
        let count = rest / size;
        rest %= size;
        if count > 0 || !text.is_empty() || size == 1 {
            text.push_str(&count.to_string());
            text.push_str(unit);
        }
    }
    text
}

/// Returns nanoseconds.
pub(super) fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_begin_with_the_first_unit_that_is_not_zero() {
        let shown = |seconds| uptime(Duration::from_secs(seconds));
        assert_eq!(shown(0), "0s");
        assert_eq!(shown(2_062), "34m22s");
        assert_eq!(shown(3_600), "1h0m0s");
        assert_eq!(shown(86_403), "1d0h0m3s");
        assert_eq!(shown(31_536_000 + 60), "1y0d0h1m0s");
    }
}
