//! What monitoring can read (PROTOCOL 8.7).

use crate::harness::{World, user};
use jetkv_server::options::AccountOptions;

#[test]
fn the_server_counts_what_goes_through() {
    let world = World::open();
    let mut raw = world.client_with("\"name\":\"me\",\"lang\":\"rust\",\"version\":\"1.2.3\",");
    raw.check(
        "SUB foo.* 7\r\nSUB bar q 8\r\nUNSUB 7 5\r\nPUB foo.a 3\r\nabc\r\n",
        "MSG foo.a 7 3\r\nabc\r\n",
    );
    // The message is counted when it is taken for writing, the PONG behind it was read: both are done.
    let server = world.server().snapshot();
    assert_eq!((server.connections, server.total_connections), (1, 1));
    assert_eq!((server.totals.in_messages, server.totals.in_bytes), (1, 3));
    assert_eq!((server.totals.out_messages, server.totals.out_bytes), (1, 3));
    assert_eq!((server.routers.subscriptions, server.routers.inserts, server.routers.removes), (2, 2, 0));
    assert_eq!((server.id.as_str(), server.is_lame_duck), (world.server().id(), false));

    let [connection] = <[_; 1]>::try_from(world.server().connections()).unwrap();
    assert_eq!(
        (connection.id, connection.subscriptions, connection.in_messages, connection.in_bytes),
        (1, 2, 1, 3)
    );
    assert_eq!((connection.out.messages, connection.out.bytes), (1, 3));
    assert_eq!(connection.peer, raw.stream.local_addr().unwrap());
    let about = &connection.about;
    assert_eq!((&*about.name, &*about.lang, &*about.version, &*about.account), ("me", "rust", "1.2.3", "$G"));
    assert_eq!((&about.user, &about.tls, connection.stopped), (&None, &None, None));

    let mut subscriptions = world.server().subscriptions(Some(1), 10);
    subscriptions.sort_by(|left, right| left.sid.cmp(&right.sid));
    let [foo, bar] = <[_; 2]>::try_from(subscriptions).unwrap();
    assert_eq!(
        (foo.subject.as_str(), foo.queue, foo.delivered, foo.delivered_max),
        ("foo.*", None, 1, Some(5))
    );
    assert_eq!((bar.subject.as_str(), bar.queue.as_deref(), bar.sid.as_str()), ("bar", Some("q"), "8"));
    assert_eq!(world.server().subscriptions(None, 1).len(), 1);
    assert!(world.server().subscriptions(Some(2), 10).is_empty());
}

#[test]
fn connections_that_ended_are_remembered_with_the_reason() {
    let world = World::open();
    let mut raw = world.client();
    raw.send("FOO\r\n");
    raw.expect_end("-ERR 'Unknown Protocol Operation'\r\n");
    drop(raw);
    drop(world.client());
    while world.server().closed_connections().len() < 2 {
        std::thread::yield_now();
    }
    let reasons: Vec<_> =
        world.server().closed_connections().iter().map(|each| each.stopped.unwrap().1).collect();
    assert_eq!(reasons, ["Protocol Violation", "Client Closed"]);
    assert_eq!(world.server().snapshot().connections, 0);
}

#[test]
fn accounts_are_counted_apart() {
    let world = World::new(|options| {
        options.auth.accounts =
            vec![AccountOptions { users: vec![user("a", "a")], ..AccountOptions::new("A") }];
    });
    let mut raw = world.client_with("\"user\":\"a\",\"pass\":\"a\",");
    raw.check("SUB foo 1\r\nPUB foo 2\r\nab\r\n", "MSG foo 1 2\r\nab\r\n");
    let accounts = world.server().accounts();
    let names: Vec<_> = accounts.iter().map(|account| account.name.as_str()).collect();
    assert_eq!(names, ["$G", "$SYS", "A"]);
    let [global, _, a] = <[_; 3]>::try_from(accounts).unwrap();
    assert_eq!((a.connections, a.total_connections, a.router.subscriptions), (1, 1, 1));
    assert_eq!((a.totals.in_messages, a.totals.out_bytes), (1, 2));
    assert_eq!((global.connections, global.totals), (0, jetkv_server::snapshot::Totals::default()));
    assert_eq!(world.server().connections()[0].about.user.as_deref(), Some("a"));
}
