//! What users may do (PROTOCOL 1.15).

use crate::harness::{World, user};
use jetkv_server::options::{PermissionOptions, ResponsePermission, SubjectPermission, UserOptions};
use std::time::Duration;

fn lists(allow: &[&str], deny: &[&str]) -> Option<SubjectPermission> {
    let own = |list: &[&str]| list.iter().map(|&each| each.to_owned()).collect::<Vec<_>>();
    Some(SubjectPermission { allow: (!allow.is_empty()).then(|| own(allow)), deny: own(deny) })
}

fn with(name: &str, permissions: PermissionOptions) -> UserOptions {
    UserOptions { permissions: Some(permissions), ..user(name, "p") }
}

fn world() -> World {
    World::new(|options| {
        options.auth.users = vec![
            with(
                "a",
                PermissionOptions {
                    publish: lists(&["foo", "bar.>", "$JS.API.>"], &["bar.x"]),
                    subscribe: lists(
                        &["foo", "bar.>", "q v1", "q *.dev", "two", "two g"],
                        &["bar.secret", "two bad"],
                    ),
                    allow_responses: None,
                },
            ),
            with(
                "b",
                PermissionOptions { subscribe: lists(&[], &["s.>", "z q1"]), ..PermissionOptions::default() },
            ),
            with(
                "r",
                PermissionOptions {
                    publish: lists(&["none"], &[]),
                    allow_responses: Some(ResponsePermission::default()),
                    ..PermissionOptions::default()
                },
            ),
            with(
                "r2",
                PermissionOptions {
                    allow_responses: Some(ResponsePermission { max: Some(2), expires: None }),
                    ..PermissionOptions::default()
                },
            ),
            with(
                "r3",
                PermissionOptions {
                    allow_responses: Some(ResponsePermission { max: None, expires: Some(Duration::ZERO) }),
                    ..PermissionOptions::default()
                },
            ),
            user("full", "p"),
        ];
    })
}

fn client(world: &World, name: &str) -> crate::harness::Raw {
    world.client_with(&format!("\"user\":\"{name}\",\"pass\":\"p\","))
}

fn no_publish(subject: &str) -> String {
    format!("-ERR 'Permissions Violation for Publish to \"{subject}\"'\r\n")
}

fn no_subscribe(subject: &str) -> String {
    format!("-ERR 'Permissions Violation for Subscription to \"{subject}\"'\r\n")
}

fn no_queue(subject: &str, queue: &str) -> String {
    format!("-ERR 'Permissions Violation for Subscription to \"{subject}\" using queue \"{queue}\"'\r\n")
}

#[test]
fn publishing_needs_an_allow_and_no_deny() {
    let world = world();
    let mut all = client(&world, "full");
    all.check("SUB > 1\r\n", "");
    let mut a = client(&world, "a");
    a.check("PUB foo 0\r\n\r\nPUB bar.y 0\r\n\r\n", "");
    a.check("PUB baz 0\r\n\r\nPUB bar.x 0\r\n\r\n", &(no_publish("baz") + &no_publish("bar.x")));
    // The second time the answer is remembered.
    a.check("PUB baz 0\r\n\r\nPUB foo 0\r\n\r\n", &no_publish("baz"));
    all.check("", "MSG foo 1 0\r\n\r\nMSG bar.y 1 0\r\n\r\nMSG foo 1 0\r\n\r\n");
    let mut verbose = world.raw();
    verbose.send(
        "CONNECT {\"user\":\"a\",\"pass\":\"p\"}\r\nPUB foo 0\r\n\r\nPUB baz 0\r\n\r\nSUB nope 3\r\nPING\r\n",
    );
    verbose.expect(&format!("+OK\r\n+OK\r\n{}{}PONG\r\n", no_publish("baz"), no_subscribe("nope")));
}

#[test]
fn subscribing_needs_an_allow_for_all_of_the_pattern() {
    let world = world();
    let mut a = client(&world, "a");
    for refused in ["nope", ">", "*", "bar", "bar.secret"] {
        a.check(&format!("SUB {refused} 1\r\n"), &no_subscribe(refused));
    }
    a.check("SUB foo 1\r\nSUB foo anyqueue 2\r\nSUB bar.* 3\r\n", "");
    // What is denied inside of a pattern is filtered.
    client(&world, "full").check("PUB bar.secret 0\r\n\r\nPUB bar.ok 0\r\n\r\n", "");
    a.check("", "MSG bar.ok 3 0\r\n\r\n");
}

#[test]
fn entries_with_queues_are_for_queues() {
    let world = world();
    let mut a = client(&world, "a");
    a.check("SUB q 1\r\n", &no_subscribe("q"));
    a.check("SUB q v2 1\r\nSUB q x.y.dev 1\r\n", &(no_queue("q", "v2") + &no_queue("q", "x.y.dev")));
    a.check("SUB q v1 1\r\nSUB q x.dev 2\r\n", "");
    a.check("SUB two 3\r\nSUB two g 4\r\n", "");
    a.check("SUB two h 5\r\nSUB two bad 5\r\n", &(no_queue("two", "h") + &no_queue("two", "bad")));
    let mut b = client(&world, "b");
    b.check("SUB z q1 6\r\n", &no_queue("z", "q1"));
    b.check("SUB z q2 7\r\nSUB z 8\r\n", "");
}

#[test]
fn a_deny_covers_subpatterns_and_filters_larger_ones() {
    let world = world();
    let mut b = client(&world, "b");
    b.check("SUB s.a 1\r\nSUB s.* 2\r\n", &(no_subscribe("s.a") + &no_subscribe("s.*")));
    b.check("SUB s.a q 3\r\n", &no_queue("s.a", "q"));
    b.check("SUB > 4\r\n", "");
    client(&world, "full").check("PUB s.a 0\r\n\r\nPUB s 0\r\n\r\n", "");
    b.check("PUB anything 0\r\n\r\n", "MSG s 4 0\r\n\r\nMSG anything 4 0\r\n\r\n");
}

#[test]
fn a_received_reply_subject_may_be_answered() {
    let world = world();
    let ask = |responder: &mut crate::harness::Raw, subject: &str| {
        client(&world, "full").check(&format!("PUB foo {subject} 0\r\n\r\n"), "");
        responder.expect(&format!("MSG foo 1 {subject} 0\r\n\r\n"));
    };
    let answer = |subject: &str| format!("PUB {subject} 0\r\n\r\n");

    let mut asker = client(&world, "full");
    asker.check("SUB in.* 9\r\n", "");
    let mut once = client(&world, "r");
    once.check("SUB foo 1\r\n", "");
    ask(&mut once, "in.1");
    once.check(&answer("in.1").repeat(2), &no_publish("in.1"));
    once.check(&(answer("in.7") + &answer("none")), &no_publish("in.7"));
    drop(once);

    let mut twice = client(&world, "r2");
    twice.check("SUB foo 1\r\n", "");
    ask(&mut twice, "in.2");
    twice.check(&answer("in.2").repeat(3), &no_publish("in.2"));
    twice.check(&answer("other"), &no_publish("other"));
    drop(twice);

    let mut late = client(&world, "r3");
    late.check("SUB foo 1\r\n", "");
    ask(&mut late, "in.3");
    late.check(&answer("in.3"), &no_publish("in.3"));
    let got = |subject: &str| format!("MSG {subject} 9 0\r\n\r\n");
    asker.check("", &(got("in.1") + &got("in.2") + &got("in.2")));
}
