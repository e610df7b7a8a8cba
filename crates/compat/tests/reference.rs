//! The reference server is fetched, started, killed, started again and stopped.
//!
//! Ignored by default because the first run downloads the server.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use compat::{Launch, Peers, Program};
use std::io::{BufRead, BufReader};
use std::net::TcpStream;

#[test]
#[ignore = "downloads the reference server; run it with `--include-ignored`"]
fn the_reference_starts_restarts_and_stops() {
    let program = Program::reference(&Peers::in_target()).unwrap();
    let launch =
        Launch { arguments: vec!["-m".into(), "-1".into()], config: Some("max_payload: 2MB\n".to_owned()) };
    let mut server = program.launch(&launch).unwrap();
    assert!(server.monitor_address().is_some());
    assert!(greeting(&server).contains("\"max_payload\":2097152"));
    let address = server.address();
    server.kill_and_restart().unwrap();
    assert_eq!(server.address(), address);
    assert!(greeting(&server).starts_with("INFO {"));
    assert!(server.stop().unwrap().success());
}

fn greeting(server: &compat::Server) -> String {
    let mut line = String::new();
    BufReader::new(TcpStream::connect(server.address()).unwrap()).read_line(&mut line).unwrap();
    line
}
