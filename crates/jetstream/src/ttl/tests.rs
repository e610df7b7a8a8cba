use super::MessageTtl;
use crate::JetStreamError;
use std::time::Duration;

#[test]
fn seconds_durations_and_never_are_read() {
    for (text, expected) in [
        ("1", MessageTtl::Seconds(1)),
        ("90", MessageTtl::Seconds(90)),
        ("90s", MessageTtl::Seconds(90)),
        ("1h30m", MessageTtl::Seconds(5400)),
        ("1h0m0s", MessageTtl::Seconds(3600)),
        ("1500ms", MessageTtl::Seconds(1)),
        ("never", MessageTtl::Never),
    ] {
        assert_eq!(MessageTtl::parse(text).unwrap(), expected, "{text}");
    }
}

#[test]
fn texts_below_a_second_and_nonsense_are_refused() {
    for text in ["", "0", "00", "0s", "999ms", "-1", "-5s", "soon", "1,5", "99999999999999999999"] {
        let error = MessageTtl::parse(text).unwrap_err();
        assert!(matches!(&error, JetStreamError::InvalidTtl { text: named, .. } if named == text), "{error}");
    }
}

#[test]
fn spans_are_cut_to_whole_seconds() {
    assert_eq!(MessageTtl::from_span(Duration::from_millis(2999)).unwrap(), MessageTtl::Seconds(2));
    assert!(MessageTtl::from_span(Duration::from_millis(999)).is_err());
    assert!(MessageTtl::from_span(Duration::MAX).is_err());
}

#[test]
fn raising_never_shortens() {
    assert_eq!(MessageTtl::Seconds(1).raised_to(3), MessageTtl::Seconds(3));
    assert_eq!(MessageTtl::Seconds(5).raised_to(3), MessageTtl::Seconds(5));
    assert_eq!(MessageTtl::Never.raised_to(3), MessageTtl::Never);
}

#[test]
fn more_seconds_than_there_can_be_are_the_most_that_there_can_be() {
    let most = MessageTtl::Seconds(9_223_372_036);
    for (text, expected) in [
        ("99999999999999999999", Some(most)),
        ("9223372037", Some(most)),
        ("+15", None),
        ("+15s", Some(MessageTtl::Seconds(15))),
        ("01", Some(MessageTtl::Seconds(1))),
        ("00", None),
        ("9999999999999h", None),
        ("-5", None),
    ] {
        assert_eq!(MessageTtl::clamped(text).ok(), expected, "{text}");
    }
}
