//! New options for a running server (PROTOCOL 8.5).

use crate::harness::{World, options, user};
use jetkv_server::OptionsError;

#[test]
fn users_that_stay_as_they_are_keep_their_connections() {
    let both = |options: &mut jetkv_server::ServerOptions| {
        options.auth.users = vec![user("a", "a"), user("b", "b"), user("c", "c")];
    };
    let world = World::new(both);
    let mut stays = world.client_with("\"user\":\"a\",\"pass\":\"a\",");
    let mut goes = world.client_with("\"user\":\"b\",\"pass\":\"b\",");
    let mut changes = world.client_with("\"user\":\"c\",\"pass\":\"c\",");
    let new = options(|options| options.auth.users = vec![user("a", "a"), user("c", "new")]);
    world.server().reload(new).unwrap();
    goes.expect_end("-ERR 'Authorization Violation'\r\n");
    changes.expect_end("-ERR 'Authorization Violation'\r\n");
    stays.check("SUB foo 1\r\nPUB foo 0\r\n\r\n", "MSG foo 1 0\r\n\r\n");
    world.client_with("\"user\":\"c\",\"pass\":\"new\",").check("", "");
}

#[test]
fn an_open_server_that_gets_users_closes_everybody() {
    let world = World::open();
    let mut open = world.client();
    world.server().reload(options(|options| options.auth.users = vec![user("a", "a")])).unwrap();
    open.expect_end("-ERR 'Authorization Violation'\r\n");
}

#[test]
fn limits_hold_for_connections_that_are_there() {
    let world = World::open();
    let mut raw = world.client();
    world.server().reload(options(|options| options.limits.max_payload = 10)).unwrap();
    // The connection looks at the settings before what it reads next.
    raw.check("", "");
    raw.send("PUB foo 11\r\n");
    raw.expect_end("-ERR 'Maximum Payload Violation'\r\n");
}

#[test]
fn wrong_options_change_nothing() {
    let world = World::open();
    let mut raw = world.client();
    let wrong = options(|options| {
        options.auth.users = vec![user("a", "a"), user("a", "b")];
    });
    assert!(matches!(world.server().reload(wrong), Err(OptionsError::Auth(_))));
    let wrong = options(|options| options.limits.max_payload = 0);
    assert!(matches!(world.server().reload(wrong), Err(OptionsError::Zero { name: "max_payload" })));
    raw.check("SUB foo 1\r\nPUB foo 0\r\n\r\n", "MSG foo 1 0\r\n\r\n");
    world.client().check("", "");
}
