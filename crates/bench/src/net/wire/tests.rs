//! Bytes of real servers, whole and cut.

use super::*;

fn parsed(input: &[u8]) -> (Op<'_>, usize) {
    parse(input).unwrap().unwrap()
}

#[test]
fn every_operation_is_told_apart() {
    let cases: [(&[u8], Op<'_>); 6] = [
        (b"INFO {\"server_id\":\"N\"} \r\n", Op::Info),
        (b"PING\r\n", Op::Ping),
        (b"PONG\r\n", Op::Pong),
        (b"+OK\r\n", Op::Ok),
        (b"-ERR 'Unknown Protocol Operation'\r\n", Op::Err(b"'Unknown Protocol Operation'")),
        (b"PING\n", Op::Ping),
    ];
    for (input, op) in cases {
        assert_eq!(parsed(input), (op, input.len()));
    }
    assert!(parse(b"HELLO\r\n").is_err());
    assert!(parse(&[b'x'; LINE_BYTES_MAX + 1]).is_err());
}

#[test]
fn messages_have_their_parts_in_place() {
    let put = b"MSG _IN.b 1 29\r\n{\"stream\":\"KV_pycap\",\"seq\":1}\r\nPING\r\n";
    let (op, length) = parsed(put);
    let Op::Message(message) = op else { panic!("{op:?}") };
    assert_eq!((message.subject, message.sid, message.reply), (&b"_IN.b"[..], 1, &b""[..]));
    assert_eq!(acked_sequence(message.payload, "KV_pycap").unwrap(), 1);
    assert_eq!(&put[length..], b"PING\r\n");

    let watched = b"HMSG $KV.demo.a 18 $JS.ACK.KV_demo.w1.1.3.1.1795416597804197489.2 22 24\r\nNATS/1.0\r\nFoo: bar\r\n\r\nv3\r\n";
    let (op, length) = parsed(watched);
    let Op::Message(message) = op else { panic!("{op:?}") };
    assert_eq!(length, watched.len());
    assert_eq!((message.subject, message.sid, message.payload), (&b"$KV.demo.a"[..], 18, &b"v3"[..]));
    assert_eq!(message.header(b"Foo"), Some(&b"bar"[..]));
    assert_eq!((message.header(b"Fo"), message.status()), (None, None));
    let delivery = Delivery { sequence: 3, consumer_sequence: 1, pending: 2 };
    assert_eq!(Delivery::parse(message.reply).unwrap(), delivery);

    let heartbeat = b"HMSG dlv.1 18 75 75\r\nNATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: 3\r\nNats-Last-Stream: 5\r\n\r\n\r\n";
    let (Op::Message(message), _) = parsed(heartbeat) else { panic!("a heartbeat is a message") };
    assert_eq!(message.status(), Some(&b"100 Idle Heartbeat"[..]));
    assert_eq!(message.header(b"Nats-Last-Consumer"), Some(&b"3"[..]));
    assert_eq!(message.payload, b"");
}

#[test]
fn a_cut_anywhere_asks_for_more() {
    let whole = b"HMSG a 1 r 12 14\r\nNATS/1.0\r\n\r\nhi\r\n";
    for end in 0..whole.len() {
        assert_eq!(parse(&whole[..end]).unwrap(), None, "cut at {end}");
    }
    assert!(parse(whole).unwrap().is_some());
}

#[test]
fn lengths_that_lie_are_refused() {
    for wrong in [
        &b"MSG a 1 1\r\nxyz"[..],
        b"MSG a 1\r\n",
        b"MSG a 1 r 5 5 5\r\n",
        b"MSG a 1 -1\r\n",
        b"HMSG a 1 5 4\r\n",
        b"MSG a 1 99999999999\r\n",
        b"MSG a 1 99999999999999999999999\r\n",
    ] {
        assert!(parse(wrong).is_err(), "{}", text(wrong));
    }
}

#[test]
fn the_last_header_of_a_name_counts() {
    let message = Message {
        subject: b"a",
        sid: 1,
        reply: b"",
        headers: b"NATS/1.0\r\nNats-Sequence: 1\r\nNats-Sequence:2\r\n\r\n",
        payload: b"",
    };
    assert_eq!(message.header(b"Nats-Sequence"), Some(&b"2"[..]));
}

#[test]
fn error_replies_are_errors() {
    let refused = br#"{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 2"},"stream":"KV_b1","seq":0}"#;
    let error = acked_sequence(refused, "KV_b1").unwrap_err().to_string();
    assert!(error.contains("10071"), "{error}");
    assert!(acked_sequence(br#"{"stream":"KV_b1","seq":7,"duplicate": true}"#, "KV_b1").is_err());
    assert!(acked_sequence(br#"{"stream":"KV_other","seq":7}"#, "KV_b1").is_err());
    for wrong in [&b"_INBOX.x"[..], b"$JS.ACK.1.2", b"$JS.ACK.s.c.1.x.1.1.0"] {
        assert!(Delivery::parse(wrong).is_err());
    }
}

#[test]
fn numbers_go_both_ways() {
    for value in [0, 7, 10, 1_234_567_890, u64::MAX] {
        let mut out = Vec::new();
        push_number(&mut out, value);
        assert_eq!(out, value.to_string().as_bytes());
        assert_eq!(number(&out).unwrap(), value);
    }
    assert_eq!(json_number(br#"{"a":{"num_pending":12,"x":1}}"#, "num_pending").unwrap(), 12);
    assert_eq!(json_number(br#"{"last_seq":3}"#, "last_seq").unwrap(), 3);
    assert!(json_number(b"{}", "last_seq").is_err());
}
