use super::{format, parse};
use std::time::Duration;

#[test]
fn spans_are_written_as_go_writes_them() {
    for (nanos, text) in [
        (0, "0s"),
        (1, "1ns"),
        (1_000, "1µs"),
        (1_500, "1.5µs"),
        (100_000_000, "100ms"),
        (999_999_999, "999.999999ms"),
        (1_000_000_000, "1s"),
        (1_500_000_000, "1.5s"),
        (2_000_000_000, "2s"),
        (60_000_000_000, "1m0s"),
        (90_000_000_000, "1m30s"),
        (3_600_000_000_000, "1h0m0s"),
        (3_661_000_000_001, "1h1m1.000000001s"),
        ((1 << 63) - 1, "2562047h47m16.854775807s"),
    ] {
        let span = Duration::from_nanos(nanos);
        assert_eq!(format(span), text);
        assert_eq!(parse(text), Ok(span));
    }
}

#[test]
fn every_form_that_go_reads_is_read() {
    for (text, nanos) in [
        ("0", 0),
        ("+5s", 5_000_000_000),
        ("1h30m", 5_400_000_000_000),
        ("1.5h", 5_400_000_000_000),
        (".5s", 500_000_000),
        ("1.s", 1_000_000_000),
        ("1us", 1_000),
        ("1μs", 1_000),
        ("1s1s", 2_000_000_000),
        ("0.3333333333333333333h", 1_200_000_000_000 - 1),
    ] {
        assert_eq!(parse(text).unwrap().as_nanos(), nanos, "{text}");
    }
}

#[test]
fn other_texts_are_refused_with_the_text() {
    for text in [
        "",
        "+",
        "5",
        "s",
        ".s",
        "1x",
        "1 s",
        "-1s",
        "1.2.3s",
        "9999999999h",
        "99999999999999999999999999999999999999999999s",
    ] {
        assert_eq!(parse(text).unwrap_err().text, text);
    }
}
