use super::*;

fn check(event: Event<'_>, domain: Option<&str>, subject: &str, fields: &str) {
    let advisory = Advisory {
        id: "6tVyqB9bqx8ZN1cABgiJyn",
        timestamp: Timestamp::from_nanos(1_000_000_000),
        event,
        domain,
    };
    assert_eq!(advisory.subject(), subject);
    let mut out = Vec::new();
    advisory.write(&mut out);
    let (name, rest) = fields.split_once(' ').unwrap();
    let expected = format!(
        "{{\"type\":\"io.nats.jetstream.advisory.v1.{name}\",\"id\":\"6tVyqB9bqx8ZN1cABgiJyn\",\
         \"timestamp\":\"1970-01-01T00:00:01Z\",{rest}}}"
    );
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

/// The fields were captured from the reference.
#[test]
fn events_have_the_subjects_and_fields_of_the_reference() {
    let (stream, consumer) = ("S", "c");
    let event = Event::Stream { stream, action: Action::Modify };
    check(
        event,
        Some("hub"),
        "$JS.EVENT.ADVISORY.STREAM.UPDATED.S",
        r#"stream_action "stream":"S","action":"modify","domain":"hub""#,
    );
    let event = Event::Consumer { stream, consumer, action: Action::Delete };
    check(
        event,
        None,
        "$JS.EVENT.ADVISORY.CONSUMER.DELETED.S.c",
        r#"consumer_action "stream":"S","consumer":"c","action":"delete""#,
    );
    let event = Event::Paused { stream, consumer, paused: false, pause_until: Timestamp::ZERO };
    check(
        event,
        None,
        "$JS.EVENT.ADVISORY.CONSUMER.PAUSE.S.c",
        r#"consumer_pause "stream":"S","consumer":"c","paused":false,"pause_until":"0001-01-01T00:00:00Z""#,
    );
    let event = Event::MaxDeliver { stream, consumer, stream_seq: 2, deliveries: 1 };
    check(
        event,
        None,
        "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.S.c",
        r#"max_deliver "stream":"S","consumer":"c","stream_seq":2,"deliveries":1"#,
    );
    let event = Event::Nak { stream, consumer, consumer_seq: 2, stream_seq: 3, deliveries: 1 };
    check(
        event,
        None,
        "$JS.EVENT.ADVISORY.CONSUMER.MSG_NAKED.S.c",
        r#"nak "stream":"S","consumer":"c","consumer_seq":2,"stream_seq":3,"deliveries":1"#,
    );
    let event =
        Event::Terminated { stream, consumer, consumer_seq: 1, stream_seq: 1, deliveries: 1, reason: "bad" };
    check(
        event,
        None,
        "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.S.c",
        r#"terminated "stream":"S","consumer":"c","consumer_seq":1,"stream_seq":1,"deliveries":1,"reason":"bad""#,
    );
}

/// The fields were captured from the reference.
#[test]
fn an_answered_request_is_told_with_the_client_that_asked() {
    let client = Client {
        start: Timestamp::from_nanos(2_000_000_000),
        host: "127.0.0.1",
        id: 7,
        acc: "A",
        user: "aa",
        name: "nm",
        lang: "go",
        ver: "1.2.3",
        rtt: 253_312_705,
        server: "n",
        kind: "Client",
        client_type: "nats",
    };
    let event = Event::Api {
        server: "n",
        client,
        subject: "$JS.API.STREAM.NAMES",
        request: "{}",
        response: "{\"a\":1}",
    };
    check(
        event,
        Some("hub"),
        "$JS.EVENT.ADVISORY.API",
        "api_audit \"server\":\"n\",\"client\":{\"start\":\"1970-01-01T00:00:02Z\",\"host\":\"127.0.0.1\",\"id\":7,\
         \"acc\":\"A\",\"user\":\"aa\",\"name\":\"nm\",\"lang\":\"go\",\"ver\":\"1.2.3\",\"rtt\":253312705,\"server\":\"n\",\
         \"kind\":\"Client\",\"client_type\":\"nats\"},\"subject\":\"$JS.API.STREAM.NAMES\",\"request\":\"{}\",\
         \"response\":\"{\\\"a\\\":1}\"",
    );
}
