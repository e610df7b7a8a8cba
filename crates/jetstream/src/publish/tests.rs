use super::{Checked, Publish, check};
use crate::{JetStreamError, MessageTtl, StreamSettings};
use jetkv_engine::{StreamConfig, Ttl};
use jetkv_types::{StreamName, Subject, SubjectFilter};
use std::time::Duration;

fn settings() -> StreamSettings {
    let mut settings =
        StreamSettings::new(StreamName::new("S").unwrap(), vec![SubjectFilter::new("s.>").unwrap()]);
    settings.allow_rollup = true;
    settings.allow_msg_ttl = true;
    settings.max_msgs_per_subject = Some(5);
    settings
}

fn config(settings: &StreamSettings) -> StreamConfig {
    settings.to_engine().unwrap()
}

fn subject() -> Subject {
    Subject::new("s.a").unwrap()
}

fn block(checked: &Checked) -> &str {
    std::str::from_utf8(checked.headers.as_block()).unwrap()
}

#[test]
fn plain_puts_have_no_header_block() {
    let checked = check(&config(&settings()), &Publish::put(subject(), b"1")).unwrap();
    assert_eq!((block(&checked), checked.ttl), ("", Ttl::Stream));
}

#[test]
fn deletes_and_purges_have_the_headers_of_the_official_clients() {
    let config = config(&settings());
    let delete = check(&config, &Publish::delete(subject())).unwrap();
    assert_eq!(block(&delete), "NATS/1.0\r\nKV-Operation: DEL\r\n\r\n");
    let purge = Publish { ttl: Some(MessageTtl::Seconds(7)), ..Publish::purge(subject()) };
    let purge = check(&config, &purge).unwrap();
    assert_eq!(block(&purge), "NATS/1.0\r\nKV-Operation: PURGE\r\nNats-Rollup: sub\r\nNats-TTL: 7\r\n\r\n");
    assert_eq!(purge.ttl, Ttl::After(Duration::from_secs(7)));
}

#[test]
fn given_headers_stand_before_the_ttl() {
    let headers = [("a".to_owned(), "1".to_owned()), ("b".to_owned(), String::new())];
    let put = Publish { headers: &headers, ttl: Some(MessageTtl::Never), ..Publish::put(subject(), b"") };
    let checked = check(&config(&settings()), &put).unwrap();
    assert_eq!(block(&checked), "NATS/1.0\r\na: 1\r\nb: \r\nNats-TTL: never\r\n\r\n");
    assert_eq!(checked.ttl, Ttl::Never);
}

#[test]
fn a_short_ttl_is_raised_to_the_marker_ttl_unless_the_history_is_one() {
    let mut settings = settings();
    settings.subject_delete_marker_ttl = Some(Duration::from_millis(3_500));
    for (history, seconds) in [(Some(5), 3), (None, 3), (Some(1), 1)] {
        settings.max_msgs_per_subject = history;
        let put = Publish { ttl: Some(MessageTtl::Seconds(1)), ..Publish::put(subject(), b"1") };
        let checked = check(&config(&settings), &put).unwrap();
        assert_eq!(checked.ttl, Ttl::After(Duration::from_secs(seconds)));
        assert_eq!(block(&checked), format!("NATS/1.0\r\nNats-TTL: {seconds}\r\n\r\n"));
    }
}

#[test]
fn streams_refuse_what_they_do_not_permit() {
    let mut settings = settings();
    settings.allow_msg_ttl = false;
    let put = Publish { ttl: Some(MessageTtl::Seconds(1)), ..Publish::put(subject(), b"1") };
    assert!(matches!(check(&config(&settings), &put), Err(JetStreamError::TtlDisabled { .. })));
    settings.allow_rollup = false;
    let refused = check(&config(&settings), &Publish::purge(subject()));
    assert!(matches!(refused, Err(JetStreamError::RollupNotPermitted { .. })));
}

#[test]
fn a_header_that_would_break_the_block_is_refused() {
    let headers = [("a".to_owned(), "1\r\nNats-TTL: 1".to_owned())];
    let put = Publish { headers: &headers, ..Publish::put(subject(), b"") };
    assert!(matches!(check(&config(&settings()), &put), Err(JetStreamError::Header(_))));
}
