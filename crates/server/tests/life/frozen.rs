//! A client that is there and says nothing any more (RELIABILITY row 22).

use crate::world::{PATIENCE, World};
use jetkv_server::options::KeepAlive;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use testkit::nats::DEFAULT_CONNECT;

#[test]
fn a_frozen_client_is_cut_after_two_ping_intervals() {
    let usual = KeepAlive::default();
    assert_eq!((usual.ping_interval, usual.ping_max), (Duration::from_secs(30), 1));
    let interval = Duration::from_secs(2);
    let world = World::new(|options| {
        options.keep_alive.ping_interval = interval;
        options.keep_alive.first_ping = Duration::from_millis(100);
    });
    let stream = TcpStream::connect(world.server().local_addr()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (mut writer, mut lines) = (stream.try_clone().unwrap(), BufReader::new(stream).lines());
    writer.write_all(format!("CONNECT {DEFAULT_CONNECT}\r\n").as_bytes()).unwrap();
    let mut next = |wanted: &str| while lines.next().unwrap().unwrap() != wanted {};
    next("PING");
    // Its last word comes right after a look at it, which is the worst moment.
    writer.write_all(b"PONG\r\n").unwrap();
    let begun = Instant::now();
    next("PING");
    assert!(begun.elapsed() >= interval - Duration::from_millis(50));
    next("-ERR 'Stale Connection'");
    let elapsed = begun.elapsed();
    assert!(elapsed >= interval * 2 - Duration::from_millis(50) && elapsed < interval * 5 / 2, "{elapsed:?}");
}
