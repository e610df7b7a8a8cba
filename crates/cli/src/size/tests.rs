use super::*;

fn check(text: &str, bytes: u64) {
    assert_eq!(parse(text), Ok(bytes), "{text}");
}

#[test]
fn binary_and_decimal_units_are_read() {
    check("0", 0);
    check("4096", 4_096);
    check("64KiB", 65_536);
    check("64k", 65_536);
    check("10MB", 10_000_000);
    check("1G", 1 << 30);
    check("1.5 GiB", 3 << 29);
    check("2TB", 2_000_000_000_000);
    check("18446744073709551615", u64::MAX);
}

#[test]
fn what_is_no_size_is_refused_with_an_example() {
    for text in ["", "KiB", "-1", "1X", "1.2.3K", "18446744073709551616", "99999999999999999999T"] {
        assert!(parse(text).is_err_and(|error| error.contains("64KiB")), "{text}");
    }
}

#[test]
fn limits_may_be_unlimited_and_may_be_narrow() {
    assert_eq!(parse_limit("unlimited"), Ok(0));
    assert_eq!(parse_limit_u32("1M"), Ok(1 << 20));
    assert!(parse_limit_u32("4GiB").is_err());
}

#[test]
fn sizes_are_written_with_one_digit() {
    for (bytes, text) in
        [(0, "0 B"), (1_023, "1023 B"), (1_024, "1.0 KiB"), (1_536, "1.5 KiB"), (3 << 29, "1.5 GiB")]
    {
        assert_eq!(human(bytes), text);
    }
}
