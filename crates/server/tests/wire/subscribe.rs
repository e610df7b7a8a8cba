//! SUB, UNSUB and queue groups (PROTOCOL 1.7).

use crate::harness::World;

#[test]
fn subjects_match_by_tokens() {
    let world = World::open();
    let cases = [
        ("foo", "foo", true),
        ("foo", "foo.bar", false),
        ("foo.>", "foo", false),
        ("foo.>", "foo.bar.baz", true),
        ("foo.*", "foo.bar.baz", false),
        ("*.bar", "foo.bar", true),
        ("*", "foo.bar", false),
        (">", "foo.bar", true),
        ("foo.b*", "foo.bar", false),
        ("foo.b*", "foo.b*", true),
        ("a.*.c.>", "a.b.c.d.e", true),
        ("a.*.c.>", "a.b.c", false),
        ("FOO", "foo", false),
        ("ä.$/=\\-", "ä.$/=\\-", true),
    ];
    for (pattern, subject, matches) in cases {
        let expected = if matches { format!("MSG {subject} 1 1\r\nx\r\n") } else { String::new() };
        world.client().check(&format!("SUB {pattern} 1\r\nPUB {subject} 1\r\nx\r\n"), &expected);
    }
}

#[test]
fn invalid_subjects_are_refused() {
    let world = World::open();
    for subject in ["foo..a", ".foo", "foo.", "foo.>.b", ">.a"] {
        world.client().check(&format!("SUB {subject} 1\r\n"), "-ERR 'Invalid Subject'\r\n");
    }
    world.client_with("").check(
        "SUB foo _sys_ 1\r\nPUB foo 0\r\n\r\n",
        "-ERR 'Permissions Violation for Subscription to \"foo\" using queue \"_sys_\"'\r\n",
    );
    // A refused subscription is not acknowledged.
    let mut verbose = world.raw();
    verbose.check("SUB foo..a 1\r\nUNSUB 9\r\n", "-ERR 'Invalid Subject'\r\n+OK\r\n");
}

#[test]
fn a_sid_that_is_in_use_stays_as_it_is() {
    let world = World::open();
    let mut raw = world.client();
    raw.check("SUB foo 1\r\nSUB bar 1\r\nPUB foo 1\r\na\r\nPUB bar 1\r\nb\r\n", "MSG foo 1 1\r\na\r\n");
    raw.check("UNSUB 1\r\nSUB bar 1\r\nPUB foo 1\r\na\r\nPUB bar 1\r\nb\r\n", "MSG bar 1 1\r\nb\r\n");
    // The subject of another SUB is not looked at, whether the client may have it is.
    raw.check("SUB foo..a 1\r\nPUB bar 1\r\nb\r\n", "MSG bar 1 1\r\nb\r\n");
    raw.check(
        "SUB foo _sys_ 1\r\n",
        "-ERR 'Permissions Violation for Subscription to \"foo\" using queue \"_sys_\"'\r\n",
    );
    // After its last message the sid is free.
    raw.check(
        "UNSUB 1 3\r\nPUB bar 1\r\nb\r\nSUB foo..a 1\r\n",
        "MSG bar 1 1\r\nb\r\n-ERR 'Invalid Subject'\r\n",
    );
}

#[test]
fn sids_are_any_text() {
    let world = World::open();
    world.client().check(
        "SUB foo 0\r\nSUB foo a-b\r\nUNSUB 0\r\nUNSUB unknown\r\nPUB foo 0\r\n\r\n",
        "MSG foo a-b 0\r\n\r\n",
    );
}

#[test]
fn a_subscription_ends_after_its_maximum_since_the_beginning() {
    let world = World::open();
    let publish =
        |text: &str| text.chars().map(|each| format!("PUB foo 1\r\n{each}\r\n")).collect::<String>();
    let got = |text: &str| text.chars().map(|each| format!("MSG foo 1 1\r\n{each}\r\n")).collect::<String>();
    let mut raw = world.client();
    raw.check(&format!("SUB foo 1\r\nUNSUB 1 2\r\n{}", publish("abc")), &got("ab"));
    // The sid is free again.
    raw.check(&format!("SUB foo 1\r\n{}", publish("d")), &got("d"));
    raw.check(&format!("UNSUB 1 1\r\n{}", publish("e")), "");
    raw.check(&format!("SUB foo 1\r\n{}UNSUB 1 2\r\n{}", publish("f"), publish("gh")), &got("fg"));
    // A later maximum takes the place of an earlier one.
    raw.check(&format!("SUB foo 1\r\nUNSUB 1 1\r\nUNSUB 1 2\r\n{}", publish("ijk")), &got("ij"));
    raw.check(&format!("SUB foo 1\r\nUNSUB 1 5\r\nUNSUB 1\r\n{}", publish("l")), "");
}

#[test]
fn a_maximum_is_counted_over_all_publishers() {
    let world = World::open();
    let mut subscriber = world.client();
    subscriber.check("SUB foo 1\r\nUNSUB 1 3\r\n", "");
    for _ in 0..5 {
        world.client().check("PUB foo 0\r\n\r\n", "");
    }
    subscriber.check("", &"MSG foo 1 0\r\n\r\n".repeat(3));
}

#[test]
fn every_matching_subscription_gets_its_copy() {
    let world = World::open();
    let mut raw = world.client();
    raw.send("SUB foo 1\r\nSUB foo 2\r\nPUB foo 0\r\n\r\n");
    let mut lines = [raw.line(), raw.line(), raw.line(), raw.line()];
    lines.sort_unstable();
    assert_eq!(lines, ["", "", "MSG foo 1 0", "MSG foo 2 0"]);
}

#[test]
fn one_member_of_each_queue_group_gets_a_message() {
    let world = World::open();
    let mut members: Vec<_> = (0..4).map(|_| world.client()).collect();
    members[0].check("SUB q.a g 1\r\n", "");
    // Another pattern, but the same group for subjects that match both.
    members[1].check("SUB q.* g 1\r\n", "");
    members[2].check("SUB q.> h 1\r\n", "");
    members[3].check("SUB q.a 1\r\n", "");
    let publish: String = (0..200).map(|number| format!("PUB q.a 3\r\n{number:03}\r\n")).collect();
    world.client().check(&publish, "");
    let mut counts = Vec::new();
    for member in &mut members {
        member.send("PING\r\n");
        let mut count = 0;
        while member.line() != "PONG" {
            member.line();
            count += 1;
        }
        counts.push(count);
    }
    assert_eq!(counts[0] + counts[1], 200);
    assert!(counts[0] > 20 && counts[1] > 20, "the choice is not fair: {counts:?}");
    assert_eq!(counts[2..], [200, 200]);
}

#[test]
fn a_queue_member_without_echo_leaves_its_own_messages_to_others() {
    let world = World::open();
    let mut own = world.client_with("\"echo\":false,");
    own.check("SUB foo g 1\r\n", "");
    let mut other = world.client();
    other.check("SUB foo g 2\r\n", "");
    own.check(&"PUB foo 0\r\n\r\n".repeat(20), "");
    other.check("", &"MSG foo 2 0\r\n\r\n".repeat(20));
}

#[test]
fn subscriptions_end_with_their_connection() {
    let world = World::open();
    let mut gone = world.client();
    gone.check("SUB foo 1\r\n", "");
    let mut raw = world.client();
    raw.check("SUB in 2\r\nPUB foo in 0\r\n\r\n", "");
    gone.expect("MSG foo 1 in 0\r\n\r\n");
    drop(gone);
    let status = "HMSG in 2 35 35\r\nNATS/1.0 503\r\nNats-Subject: foo\r\n\r\n\r\n";
    while world.server().connections().len() > 1 {
        std::thread::yield_now();
    }
    raw.check("PUB foo in 0\r\n\r\n", status);
}
