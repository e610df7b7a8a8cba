//! Limits and slow clients (PROTOCOL 1.1, 1.13, 1.14).

use crate::harness::World;

#[test]
fn there_are_as_many_connections_as_allowed() {
    let world = World::new(|options| options.limits.max_connections = 2);
    let (_first, second) = (world.client(), world.client());
    world.raw().expect_end("-ERR 'maximum connections exceeded'\r\n");
    drop(second);
    while world.server().connections().len() > 1 {
        std::thread::yield_now();
    }
    world.client().check("", "");
}

#[test]
fn there_are_as_many_subscriptions_as_allowed() {
    let world = World::new(|options| options.limits.max_subscriptions = 2);
    let mut raw = world.client();
    raw.check("SUB a 1\r\nSUB b 2\r\nSUB c 3\r\n", "-ERR 'maximum subscriptions exceeded'\r\n");
    raw.check("UNSUB 1\r\nSUB c 3\r\nPUB c 0\r\n\r\n", "MSG c 3 0\r\n\r\n");
    // One that got its last message counts no more.
    raw.check("UNSUB 3 2\r\nPUB c 0\r\n\r\nSUB d 4\r\nPUB d 0\r\n\r\n", "MSG c 3 0\r\n\r\nMSG d 4 0\r\n\r\n");
}

#[test]
fn subjects_have_as_many_tokens_as_allowed() {
    let world = World::new(|options| options.limits.max_subscription_tokens = Some(3));
    world.client().check(
        "SUB c.d.e.f 4\r\nSUB c.d.e 5\r\nPUB c.d.e 0\r\n\r\n",
        "-ERR 'Permissions Violation for Subscription to \"c.d.e.f\", too many tokens'\r\nMSG c.d.e 5 0\r\n\r\n",
    );
}

#[test]
fn payloads_and_lines_are_as_long_as_allowed() {
    let world = World::new(|options| {
        options.limits.max_payload = 100;
        options.limits.max_control_line = 256;
    });
    let mut raw = world.client();
    raw.check(&format!("PUB foo 100\r\n{:100}\r\n", ""), "");
    raw.send("PUB foo 101\r\n");
    raw.expect_end("-ERR 'Maximum Payload Violation'\r\n");
    let mut raw = world.client();
    raw.send(&format!("PUB {} 0\r\n", "a".repeat(300)));
    raw.expect_end("-ERR 'maximum control line exceeded'\r\n");
}

#[test]
fn a_client_that_does_not_read_is_closed_and_others_go_on() {
    let world = World::new(|options| options.limits.max_pending = 2 << 20);
    let mut slow = world.client();
    slow.check("SUB big 1\r\n", "");
    let mut publisher = world.client();
    let message = format!("PUB big 1000000\r\n{}\r\n", " ".repeat(1_000_000));
    // What the sockets' own buffers take is not known, but it is less than 64 MiB.
    for _ in 0..64 {
        publisher.check(&message, "");
    }
    while world.server().connections().len() > 1 {
        std::thread::yield_now();
    }
    publisher.check("SUB big 2\r\nPUB big 0\r\n\r\n", "MSG big 2 0\r\n\r\n");
}

#[test]
fn all_connections_together_hold_a_bounded_backlog() {
    let world = World::new(|options| {
        options.limits.max_pending = 64 << 20;
        options.limits.max_pending_total = 4 << 20;
    });
    let mut slow: Vec<_> = (0..3).map(|_| world.client()).collect();
    slow.iter_mut().for_each(|each| each.check("SUB big 1\r\n", ""));
    let mut publisher = world.client();
    let message = format!("PUB big 1000000\r\n{}\r\n", " ".repeat(1_000_000));
    for _ in 0..64 {
        publisher.check(&message, "");
    }
    while world.server().connections().len() > 1 {
        publisher.check(&message, "");
    }
    publisher.check("", "");
}

#[test]
fn an_account_has_as_many_connections_and_subscriptions_as_allowed() {
    use crate::harness::{connect_line, user};
    use jetkv_server::options::AccountOptions;
    let world = World::new(|options| {
        options.auth.accounts = vec![AccountOptions {
            users: vec![user("a", "a")],
            max_connections: Some(1),
            max_subscriptions: Some(1),
            max_payload: Some(10),
            ..AccountOptions::new("A")
        }];
    });
    let credentials = "\"user\":\"a\",\"pass\":\"a\",";
    let mut first = world.client_with(credentials);
    let mut second = world.raw();
    second.send(&connect_line(credentials));
    second.expect_end("-ERR 'maximum account active connections exceeded'\r\n");
    first.check("SUB a 1\r\nSUB b 2\r\n", "-ERR 'maximum subscriptions exceeded'\r\n");
    first.send("PUB a 11\r\n");
    first.expect_end("-ERR 'Maximum Payload Violation'\r\n");
    while !world.server().connections().is_empty() {
        std::thread::yield_now();
    }
    world.client_with(credentials).check("SUB a 1\r\n", "");
}
