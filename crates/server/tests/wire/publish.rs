//! PUB, HPUB and "no responders" (PROTOCOL 1.8 to 1.11).

use crate::harness::World;

#[test]
fn messages_with_headers_reach_each_client_as_it_understands_them() {
    let world = World::open();
    let mut modern = world.client();
    let mut old = world.raw();
    old.check("CONNECT {\"verbose\":false}\r\nSUB foo 5\r\n", "");
    modern.check(
        "SUB foo 1\r\nHPUB foo reply 22 24\r\nNATS/1.0\r\nA:b\r\nC: \r\n\r\nhi\r\nHPUB foo 0 1\r\nx\r\n",
        "HMSG foo 1 reply 22 24\r\nNATS/1.0\r\nA:b\r\nC: \r\n\r\nhi\r\nMSG foo 1 1\r\nx\r\n",
    );
    old.check("", "MSG foo 5 reply 2\r\nhi\r\nMSG foo 5 1\r\nx\r\n");
}

#[test]
fn garbage_headers_pass() {
    let world = World::open();
    world.client().check("SUB foo 1\r\nHPUB foo 4 5\r\n\x00\x01ab!\r\n", "HMSG foo 1 4 5\r\n\x00\x01ab!\r\n");
}

#[test]
fn wildcards_in_a_published_subject_are_letters() {
    let world = World::open();
    let mut raw = world.client();
    raw.send("SUB foo.bar 1\r\nSUB foo.* 2\r\n");
    raw.check("PUB foo.* 1\r\na\r\n", "MSG foo.* 2 1\r\na\r\n");
    raw.check("PUB .a 0\r\n\r\nPUB foo. 0\r\n\r\nPUB foo..bar 0\r\n\r\n", "");
}

#[test]
fn a_pedantic_client_is_told_of_subjects_that_are_not_literal() {
    let world = World::open();
    let mut raw = world.raw();
    raw.check(
        "CONNECT {\"verbose\":false,\"pedantic\":true}\r\nSUB foo.* 1\r\nPUB foo.* 1\r\na\r\nPUB foo..b 1\r\nc\r\n",
        "-ERR 'Invalid Publish Subject'\r\nMSG foo.* 1 1\r\na\r\n-ERR 'Invalid Publish Subject'\r\n",
    );
}

#[test]
fn reserved_reply_subjects_are_refused() {
    let world = World::open();
    world.client().check(
        "SUB foo 1\r\nPUB foo $JS.ACK.a 1\r\na\r\nPUB foo _R_.a 1\r\na\r\n",
        "-ERR 'Permissions Violation for Publish with Reply of \"$JS.ACK.a\"'\r\n\
         -ERR 'Permissions Violation for Publish with Reply of \"_R_.a\"'\r\n",
    );
}

#[test]
fn without_echo_a_client_does_not_hear_itself() {
    let world = World::open();
    let mut quiet = world.client_with("\"echo\":false,");
    let mut other = world.client();
    other.check("SUB foo 4\r\n", "");
    quiet.check("SUB foo 1\r\nPUB foo 1\r\na\r\n", "");
    other.check("PUB foo 1\r\nb\r\n", "MSG foo 4 1\r\na\r\nMSG foo 4 1\r\nb\r\n");
    quiet.check("", "MSG foo 1 1\r\nb\r\n");
}

#[test]
fn nobody_listens() {
    let world = World::open();
    let status = "HMSG inbox 1 35 35\r\nNATS/1.0 503\r\nNats-Subject: foo\r\n\r\n\r\n";
    let ask = "SUB inbox 1\r\nPUB foo inbox 2\r\nhi\r\n";
    world.client().check(ask, status);
    // Its own subscription does not count if it does not hear itself.
    world.client_with("\"echo\":false,").check(&format!("SUB foo 2\r\n{ask}"), status);
    // A message with headers, an invalid subject and one with wildcards are no different.
    world.client().check("SUB inbox 1\r\nHPUB foo inbox 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", status);
    world.client().check(
        "SUB inbox 1\r\nPUB foo..a inbox 2\r\nhi\r\n",
        "HMSG inbox 1 38 38\r\nNATS/1.0 503\r\nNats-Subject: foo..a\r\n\r\n\r\n",
    );
}

#[test]
fn no_status_comes_if_nobody_could_use_it() {
    let world = World::open();
    // Without the reply subscription, with one in a queue, and with one of another connection.
    world.client().check("PUB foo inbox 2\r\nhi\r\n", "");
    world.client().check("SUB inbox q 1\r\nPUB foo inbox 2\r\nhi\r\n", "");
    let mut other = world.client();
    other.check("SUB inbox2 1\r\n", "");
    world.client().check("PUB foo inbox2 2\r\nhi\r\n", "");
    other.check("", "");
    // Without `no_responders`, and with somebody who listens.
    let mut plain = world.raw();
    plain.check("CONNECT {\"verbose\":false}\r\nSUB inbox 1\r\nPUB foo inbox 2\r\nhi\r\n", "");
    let mut heard = world.client();
    other.check("SUB bar q 2\r\n", "");
    heard.check("SUB inbox 1\r\nPUB bar inbox 2\r\nhi\r\n", "");
    other.check("", "MSG bar 2 inbox 2\r\nhi\r\n");
}

#[test]
fn a_request_is_answered_before_the_next_pong() {
    let world = World::open();
    let mut service = world.client();
    service.check("SUB svc 1\r\n", "");
    let mut client = world.client();
    client.send("SUB _INBOX.a.* 1\r\n");
    for number in 0..100 {
        client.send(&format!("PUB svc _INBOX.a.{number} 0\r\n\r\n"));
        service.expect(&format!("MSG svc 1 _INBOX.a.{number} 0\r\n\r\n"));
        service.check(&format!("PUB _INBOX.a.{number} 2\r\nok\r\n"), "");
        client.check("", &format!("MSG _INBOX.a.{number} 1 2\r\nok\r\n"));
    }
}

#[test]
fn messages_of_one_publisher_stay_in_order() {
    let world = World::open();
    let mut subscriber = world.client();
    subscriber.check("SUB n.> 1\r\n", "");
    let mut publisher = world.client();
    let (mut sent, mut expected) = (String::new(), String::new());
    for number in 0..20_000 {
        sent.push_str(&format!("PUB n.{} 5\r\n{number:05}\r\n", number % 7));
        expected.push_str(&format!("MSG n.{} 1 5\r\n{number:05}\r\n", number % 7));
    }
    publisher.check(&sent, "");
    subscriber.expect(&expected);
}

#[test]
fn the_server_knows_the_user() {
    let world = World::new(|options| options.server_name = Some("n1".to_owned()));
    let mut raw = world.client();
    raw.send("SUB in 1\r\nPUB $SYS.REQ.USER.INFO in 0\r\n\r\n");
    assert!(raw.line().starts_with("MSG in 1 "));
    let answer: serde_json::Value = serde_json::from_str(&raw.line()).unwrap();
    assert_eq!(answer["server"]["name"], "n1");
    assert_eq!(answer["server"]["id"], world.server().id());
    assert_eq!(answer["data"], serde_json::json!({"user": "", "account": "$G", "account_name": "$G"}));
    raw.check(
        "PUB $SYS.REQ.SERVER.PING in 0\r\n\r\n",
        "HMSG in 1 52 52\r\nNATS/1.0 503\r\nNats-Subject: $SYS.REQ.SERVER.PING\r\n\r\n\r\n",
    );
}

#[test]
fn without_jetstream_its_requests_have_no_responders() {
    let world = World::open();
    world.client().check(
        "SUB in 1\r\nPUB $JS.API.INFO in 0\r\n\r\n",
        "HMSG in 1 44 44\r\nNATS/1.0 503\r\nNats-Subject: $JS.API.INFO\r\n\r\n\r\n",
    );
}

#[test]
fn a_batch_that_goes_to_many_is_delivered_whole() {
    let world = World::open();
    let mut subscriber = world.client();
    let subscribe: String = (0..64).map(|sid| format!("SUB n {sid}\r\n")).collect();
    subscriber.check(&subscribe, "");
    let publish: String = (0..1_000).map(|number| format!("PUB n 4\r\n{number:04}\r\n")).collect();
    world.client().check(&publish, "");
    let mut next = [0; 64];
    for _ in 0..64_000 {
        let sid: usize = subscriber.line().split(' ').nth(2).unwrap().parse().unwrap();
        assert_eq!(subscriber.line(), format!("{:04}", next[sid]));
        next[sid] += 1;
    }
    subscriber.check("", "");
}
