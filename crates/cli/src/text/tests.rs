use super::*;

#[test]
fn values_are_shown_as_text_only_if_a_terminal_can() {
    assert_eq!(printable(b"a\tb\n"), Some("a\tb\n"));
    assert_eq!(printable("grün".as_bytes()), Some("grün"));
    assert_eq!(printable(b"\x1b[31m"), None);
    assert_eq!(printable(b"\xff"), None);
}

#[test]
fn short_values_fit_on_one_line() {
    assert_eq!(short(b"a\nb", 10), "a b");
    assert_eq!(short(b"abcdef", 4), "abc…");
    assert_eq!(short(b"abcd", 4), "abcd");
    assert_eq!(short(b"\x00\xff", 10), "AP8=");
    assert_eq!(short("ü".repeat(100).as_bytes(), 3), "üü…");
}

#[test]
fn the_name_that_was_meant_is_found() {
    let names = ["config", "users", "a"];
    let check = |given, expected| assert_eq!(most_similar(given, names.into_iter()), expected, "{given}");
    check("confg", Some("config"));
    check("Config", Some("config"));
    check("user", Some("users"));
    check("b", None);
    check("orders", None);
}

#[test]
fn times_are_shown_to_the_second() {
    assert_eq!(time(Timestamp::from_nanos(1_500_000_000)), "1970-01-01 00:00:01Z");
}
