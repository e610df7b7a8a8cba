use super::*;

#[test]
fn text_has_no_trailing_zeros_and_reads_back() {
    for (nanos, text) in [
        (0, "0001-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.000000001Z"),
        (951_827_696_000_000_000, "2000-02-29T12:34:56Z"),
        (951_827_696_900_000_000, "2000-02-29T12:34:56.9Z"),
        (946_684_799_999_999_999, "1999-12-31T23:59:59.999999999Z"),
        (946_684_800_010_203_040, "2000-01-01T00:00:00.01020304Z"),
        (1_795_416_369_290_762_586, "2026-11-23T06:46:09.290762586Z"),
        (1_795_416_369_500_000_000, "2026-11-23T06:46:09.5Z"),
    ] {
        assert_eq!(Timestamp::from_nanos(nanos).to_string(), text);
        assert_eq!(text.parse::<Timestamp>().unwrap().as_nanos(), nanos);
    }
}

#[test]
fn offsets_are_taken_into_account() {
    let utc: Timestamp = "2026-11-23T06:46:09Z".parse().unwrap();
    assert_eq!("2026-11-23T08:46:09+02:00".parse(), Ok(utc));
    assert_eq!("2026-11-23T01:16:09-05:30".parse(), Ok(utc));
}

#[test]
fn what_is_no_time_is_refused() {
    for bad in [
        "",
        "now",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-11-23",
        "2026-11-23T06:46:09",
        "2026-11-23T06:46:09.Z",
        "1969-12-31T23:59:59Z",
        "2026-11-23T06:46:09é",
    ] {
        assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
    }
}

#[test]
fn every_day_of_four_centuries_survives_the_calendar() {
    for day in 0..146_097 {
        let (y, m, d) = civil_from_days(day);
        assert_eq!(days_from_civil(y, m, d), day);
    }
}
