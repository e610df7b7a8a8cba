use super::*;

fn message(reply: &str, headers: Option<&str>, payload: &str) -> Frame {
    Frame::Message(Message {
        subject: "a".into(),
        sid: "s1".into(),
        reply: (!reply.is_empty()).then(|| reply.into()),
        headers: headers.map(Into::into),
        payload: payload.into(),
    })
}

#[test]
fn masked_json_keeps_everything_else() {
    for (text, expected) in [
        (r#"{"created":"2026-11-23T06:46:08.92Z","a":1}"#, r#"{"created":<time>,"a":1}"#),
        (r#"{"created":"2026-11-23T06:46:08.920Z"}"#, r#"{"created":"2026-11-23T06:46:08.920Z"}"#),
        (r#"{"first_ts":"0001-01-01T00:00:00Z"}"#, r#"{"first_ts":"0001-01-01T00:00:00Z"}"#),
        (r#"{"api":{"level":5,"x":[{"y":"}"}]},"b": 2}"#, r#"{"api":<masked>,"b": 2}"#),
        (r#"{"a":"\"created\":\"","created":"x"}"#, r#"{"a":"\"created\":\"","created":"x"}"#),
        (
            r#"{"deliver_subject":"$JS.SNAPSHOT.RESTORE.S.x"}"#,
            r#"{"deliver_subject":"$JS.SNAPSHOT.RESTORE.S.<token>"}"#,
        ),
        (r#"{"deliver_subject":"a.b"}"#, r#"{"deliver_subject":"a.b"}"#),
        (r#"{"active":-1}"#, r#"{"active":<masked>}"#),
        (r#"{"hdrs":"TkFUUy8xLjANCg0K"}"#, r#"{"hdrs":"NATS/1.0\r\n\r\n"}"#),
        (r#"{"hdrs":"TkFUUy8xLjANCg=="}"#, r#"{"hdrs":"NATS/1.0\r\n"}"#),
        (r#"{"hdrs":"TkFUUy8xLjANCh=="}"#, r#"{"hdrs":"TkFUUy8xLjANCh=="}"#),
        (r#"{"hdrs":"?"}"#, r#"{"hdrs":"?"}"#),
        (r#"{"active""#, r#"{"active""#),
        (r#"{"active":"#, r#"{"active":<masked>"#),
    ] {
        assert_eq!(json::masked(text), expected);
    }
}

#[test]
fn replies_headers_and_names_are_masked() {
    let mut names = Names::default();
    names.add("kX3abcde", "<consumer of s4>".to_owned());
    let text = |frame: &Frame| masked(frame, &names);
    assert_eq!(
        text(&message("$JS.ACK.S.kX3abcde.1.5.3.1795416599420317824.0", None, "v")),
        "MSG a s1 reply=$JS.ACK.S.<consumer of s4>.1.5.3.<time>.0 \"v\""
    );
    assert_eq!(text(&message("$JS.FC.S.c.aB3d", None, "")), "MSG a s1 reply=$JS.FC.S.c.<token> \"\"");
    let block = "NATS/1.0\r\nA: b\r\nNats-Time-Stamp: 2026-11-23T06:49:57.8Z\r\n\r\n";
    assert_eq!(
        text(&message("", Some(block), "")),
        r#"HMSG a s1 headers="NATS/1.0\r\nA: b\r\nNats-Time-Stamp: <time>\r\n\r\n" """#
    );
}

#[test]
fn headers_that_a_server_makes_up_are_masked() {
    let text = |block: &str| masked(&message("", Some(block), ""), &Names::default());
    for (block, expected) in [
        ("NATS/1.0\r\nNats-Pin-Id: abc\r\n\r\n", r"NATS/1.0\r\nNats-Pin-Id: <masked>\r\n\r\n"),
        (
            "NATS/1.0\r\nNats-Stream-Source: S 1 > > a xY\r\n\r\n",
            r"NATS/1.0\r\nNats-Stream-Source: S 1 > > a <masked>\r\n\r\n",
        ),
        (
            "NATS/1.0 503\r\nNats-Subject: $JS.ACK.S.c.1.1.1.17.0\r\n\r\n",
            r"NATS/1.0 503\r\nNats-Subject: $JS.ACK.S.c.1.1.1.<time>.0\r\n\r\n",
        ),
        ("NATS/1.0\r\nNats-Subject: a.b\r\n\r\n", r"NATS/1.0\r\nNats-Subject: a.b\r\n\r\n"),
    ] {
        assert_eq!(text(block), format!("HMSG a s1 headers=\"{expected}\" \"\""));
    }
}

#[test]
fn the_info_line_is_compared_by_content() {
    let one = Frame::Info(br#"{"server_id":"N1","go":"go1","max_payload":5} "#.to_vec());
    let two = Frame::Info(br#"{"max_payload":5,"server_id":"N2"} "#.to_vec());
    let three = Frame::Info(br#"{"max_payload":5,"server_id":"N2"}"#.to_vec());
    let text = |frame: &Frame| masked(frame, &Names::default());
    assert_eq!(text(&one), text(&two));
    assert_ne!(text(&one), text(&three));
}
