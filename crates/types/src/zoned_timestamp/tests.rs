use super::*;

#[test]
fn times_are_written_in_the_zone_in_which_they_were_read() {
    for (text, written) in [
        ("2026-01-01T00:00:00+02:00", "2026-01-01T00:00:00+02:00"),
        ("2026-01-01T00:00:00.120-05:30", "2026-01-01T00:00:00.12-05:30"),
        ("2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ] {
        let zoned: ZonedTimestamp = text.parse().unwrap();
        assert_eq!(zoned.to_string(), written);
        assert_eq!(Ok(zoned.time), text.parse());
    }
}

#[test]
fn equal_points_in_other_zones_are_not_equal() {
    let there: ZonedTimestamp = "2026-01-01T00:00:00+02:00".parse().unwrap();
    let here: ZonedTimestamp = "2025-12-31T22:00:00Z".parse().unwrap();
    assert_eq!(there.time, here.time);
    assert_ne!(there, here);
}
