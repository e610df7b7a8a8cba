use super::*;

fn check(text: &str, millis: u64) {
    assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
}

#[test]
fn every_unit_and_fraction_is_read() {
    check("90s", 90_000);
    check("1h30m", 5_400_000);
    check("1.5h", 5_400_000);
    check("500ms", 500);
    check("2d", 172_800_000);
    check("1w", 604_800_000);
    check("1m0.5s", 60_500);
    check(".5s", 500);
    check("1500us500us", 2);
    check("0", 0);
    check(" 10s ", 10_000);
}

#[test]
fn a_bare_number_counts_seconds() {
    check("90", 90_000);
    check("1.5", 1_500);
}

#[test]
fn what_is_no_duration_is_refused_with_an_example() {
    for text in
        ["", "s", "-5s", "5 s", "1h30", "5x", "1.2.3s", ".", "1e3s", "99999999999999999999d", "3000w5000000d"]
    {
        let error = parse(text).map_err(|error| error.contains("like 90s"));
        assert_eq!(error, Err(true), "{text}");
    }
}

#[test]
fn what_is_written_is_read_as_the_same() {
    for nanos in [0, 1, 1_000, 999_999_999, 1_000_000_000, 5_400_000_000_000, 93_784_005_006_007, u64::MAX] {
        let span = Duration::from_nanos(nanos);
        assert_eq!(parse(&human(span)), Ok(span), "{}", human(span));
    }
    assert_eq!(human(Duration::from_secs(5_400)), "1h30m");
}
