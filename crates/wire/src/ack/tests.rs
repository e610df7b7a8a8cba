use super::*;

#[test]
fn an_ack_subject_of_the_captures_is_read_and_written() {
    let text = b"$JS.ACK.KV_pycap.yGnVspwj.1.5.1.1795416369290762586.0";
    let reply = AckReply::parse(text).unwrap();
    assert_eq!((reply.stream, reply.consumer, reply.domain), ("KV_pycap", "yGnVspwj", None));
    assert_eq!((reply.delivered, reply.stream_seq, reply.consumer_seq, reply.pending), (1, 5, 1, 0));
    assert_eq!(reply.timestamp, 1_795_416_369_290_762_586);
    let mut out = Vec::new();
    reply.write(&mut out);
    assert_eq!(out, text);
}

#[test]
fn the_longer_subjects_of_version_2_are_read() {
    let reply = AckReply::parse(b"$JS.ACK.hub.Hash.S.c.2.3.4.5.6").unwrap();
    assert_eq!((reply.domain, reply.account_hash), (Some("hub"), Some("Hash")));
    assert_eq!((reply.stream, reply.consumer, reply.delivered, reply.pending), ("S", "c", 2, 6));
    let reply = AckReply::parse(b"$JS.ACK._.Hash.S.c.2.3.4.5.6.random").unwrap();
    assert_eq!((reply.domain, reply.stream_seq), (None, 3));
}

#[test]
fn what_is_no_ack_subject_is_refused() {
    for text in [
        "$JS.ACK.S.c.1.2.3.4",
        "$JS.ACK.S.c.1.2.3.4.5.6",
        "$JS.ACK.S.c.1.2.3.4.x",
        "$JS.ACK.S.c.1.2.3.4.-5",
        "$JS.ACK.S.c.1.2.3.4.",
        "$JS.ACK.S..1.2.3.4.5",
        "$JS.ACK..c.1.2.3.4.5",
        "$JS.ACK.S.c.99999999999999999999.2.3.4.5",
        "$JS.ACK.hub.Hash.S.c.2.3.4.5.6.7.8",
        "$JS.ack.S.c.1.2.3.4.5",
        "",
    ] {
        assert_eq!(AckReply::parse(text.as_bytes()), None, "{text}");
    }
    assert_eq!(AckReply::parse(b"$JS.ACK.S\xff.c.1.2.3.4.5"), None);
}

#[test]
fn flow_control_subjects() {
    let flow = FlowControl { stream: "KV_b", consumer: "c", token: "aZ09" };
    let mut out = Vec::new();
    flow.write(&mut out);
    assert_eq!(out, b"$JS.FC.KV_b.c.aZ09");
    assert_eq!(FlowControl::parse(&out), Some(flow));
    for text in ["$JS.FC.KV_b.c", "$JS.FC.KV_b.c.d.e", "$JS.FC.KV_b.c.", "$JS.FC", "x"] {
        assert_eq!(FlowControl::parse(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn bodies_of_acks() {
    let check = |body: &str, expected: Option<Ack<'_>>| {
        assert_eq!(Ack::parse(body.as_bytes()), expected, "{body}");
    };
    for done in ["", "+ACK", "+OK"] {
        check(done, Some(Ack::Done));
    }
    check("+WPI", Some(Ack::Progress));
    check("-NAK", Some(Ack::Nak(NakDelay::None)));
    check("-NAK ", Some(Ack::Nak(NakDelay::None)));
    check("-NAK {\"delay\":5000000}", Some(Ack::Nak(NakDelay::Nanos(5_000_000))));
    check("-NAK {\"delay\": -1}", Some(Ack::Nak(NakDelay::Nanos(-1))));
    check("-NAK {\"delay\":\"x\"}", Some(Ack::Nak(NakDelay::None)));
    check("-NAK {", Some(Ack::Nak(NakDelay::None)));
    check("-NAK 1m30s", Some(Ack::Nak(NakDelay::Text("1m30s"))));
    check("+NXT", Some(Ack::Next(b"")));
    check("+NXT 5", Some(Ack::Next(b"5")));
    check("+NXT {\"batch\":2}", Some(Ack::Next(b"{\"batch\":2}")));
    check("+TERM", Some(Ack::Term(b"")));
    check("+TERM bad order ", Some(Ack::Term(b"bad order")));
    for nothing in ["+ack", "+ACKx", "x", "-NA", "+WPI "] {
        check(nothing, None);
    }
}
