//! What the server tells its operator.

use crate::harness::{Lines, World, user};
use jetkv_server::{LogLevel, LogSink};
use std::sync::Arc;

#[test]
fn operations_are_traced_without_secrets() {
    let lines = Lines::new(LogLevel::Trace);
    let log: Arc<dyn LogSink> = Arc::<Lines>::clone(&lines);
    let world = World::with_log(log, |_| {});
    let mut raw = world.raw();
    raw.check(
        "CONNECT {\"verbose\":false,\"headers\":true,\"pass\":\"hush\"}\r\nSUB a.* q 1\r\nUNSUB 1 5\r\n\
         PUB b reply 4\r\nhush\r\nHPUB c\u{1b} 12 16\r\nNATS/1.0\r\n\r\nhush\r\nPONG\r\n",
        "",
    );
    let expected = [
        "[CONNECT {…}]",
        "[SUB a.* q 1]",
        "[UNSUB 1 5]",
        "[PUB b reply 4]",
        "[HPUB c\\u{1b} 16]",
        "[PONG]",
        "[PING]",
    ];
    assert_eq!(lines.behind("cid:1 - <<- "), expected);
    assert!(lines.behind("hush").is_empty());
}

#[test]
fn failures_to_authenticate_are_errors() {
    let lines = Lines::new(LogLevel::Info);
    let log: Arc<dyn LogSink> = Arc::<Lines>::clone(&lines);
    let world = World::with_log(log, |options| options.auth.users = vec![user("a", "a")]);
    let mut raw = world.raw();
    raw.send("CONNECT {\"user\":\"forged\\nline\",\"pass\":\"hush\"}\r\n");
    raw.expect_end("-ERR 'Authorization Violation'\r\n");
    assert_eq!(lines.behind("cid:1 - authentication error - "), ["User \"forged\\nline\""]);
    assert!(lines.behind("hush").is_empty());
    assert_eq!(
        lines.behind("Listening for client connections on "),
        [world.server().local_addr().to_string()]
    );
}
