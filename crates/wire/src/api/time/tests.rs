use super::*;

fn nanos(text: &str) -> u64 {
    parse(text).unwrap().time.as_nanos()
}

#[test]
fn times_with_and_without_fraction_and_offset() {
    assert_eq!(nanos("1970-01-01T00:00:01Z"), 1_000_000_000);
    assert_eq!(nanos("1970-01-01T00:00:01.5Z"), 1_500_000_000);
    assert_eq!(nanos("1970-01-01T1:00:01+01:00"), 1_000_000_000);
    assert_eq!(nanos("2026-11-23T06:49:57.852225042Z"), 1_795_416_597_852_225_042);
    assert_eq!(nanos("2026-01-01T02:00:00+02:00"), nanos("2026-01-01T00:00:00Z"));
    assert_eq!(nanos("2026-01-01T00:00:00-07:30"), nanos("2026-01-01T07:30:00Z"));
}

#[test]
fn what_no_timestamp_can_say_is_before_or_behind_all_messages() {
    assert_eq!(parse("0001-01-01T00:00:00Z"), Ok(ZonedTimestamp::utc(Timestamp::ZERO)));
    assert_eq!(parse("1969-12-31T23:59:59Z"), Ok(ZonedTimestamp::utc(Timestamp::from_nanos(1))));
    assert_eq!(parse("1970-01-01T00:00:00+01:00"), Ok(ZonedTimestamp::utc(Timestamp::from_nanos(1))));
    assert_eq!(parse("9999-01-01T00:00:00Z"), Ok(ZonedTimestamp::utc(Timestamp::MAX)));
}

/// The texts were captured from the reference.
#[test]
fn faults_are_told_in_the_words_of_the_reference() {
    let form = "2006-01-02T15:04:05Z07:00";
    let check = |text: &str, rest: &str, part: &str| {
        let expected =
            format!("parsing time \"{text}\" as \"{form}\": cannot parse \"{rest}\" as \"{part}\"");
        assert_eq!(parse(text), Err(expected));
    };
    check("x", "x", "2006");
    check("", "", "2006");
    check("2020-01-01", "", "T");
    check("2020-01-01T:00:00Z", ":00:00Z", "15");
    let escaped = r#""\xef\xbf\xbd\x0a\"""#;
    let expected = format!("parsing time {escaped} as \"{form}\": cannot parse {escaped} as \"2006\"");
    assert_eq!(parse("\u{fffd}\n\""), Err(expected));
    check("2020-01-01T00:00:00", "", "Z07:00");
    assert_eq!(
        parse("2020-13-01T00:00:00Z"),
        Err("parsing time \"2020-13-01T00:00:00Z\": month out of range".into())
    );
    for text in [
        "2020-00-01T00:00:00Z",
        "2021-02-29T00:00:00Z",
        "2020-01-01T24:00:00Z",
        "2020-01-01T00:60:00Z",
        "2020-01-01T00:00:60Z",
        "2020-01-00T00:00:00Z",
    ] {
        assert!(parse(text).unwrap_err().ends_with(" out of range"), "{text}");
    }
    assert!(parse("2020-01-01T00:00:00Zx").unwrap_err().ends_with("extra text: \"x\""));
}
