//! The log as JSON.

use super::running::connect;
use crate::program::Place;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

#[test]
fn each_line_is_an_object_that_says_what_the_text_would() {
    let place = Place::empty();
    place.write("c.conf", "port: -1\nlog_format: text\n");
    let args = ["serve", "--config", "c.conf", "--log-format", "json", "--debug"];
    let mut child = place.command(&args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut next = || {
        let mut line = String::new();
        log.read_line(&mut line).unwrap();
        serde_json::from_str::<Value>(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
    };
    let mut address = None;
    loop {
        let line = next();
        assert_eq!(line["pid"], child.id());
        assert!(line["time"].as_str().unwrap().ends_with('Z') && line["level"].is_string(), "{line}");
        let message = line["message"].as_str().unwrap();
        if let Some(at) = message.strip_prefix("Listening for client connections on ") {
            address = Some(at.parse().unwrap());
        }
        if message == "Server is ready" {
            break;
        }
    }
    let mut client = connect(address.unwrap());
    let local = client.get_ref().local_addr().unwrap().to_string();
    client.get_mut().write_all(b"NONSENSE\r\n").unwrap();
    let created = loop {
        let line = next();
        if line["client"] == local.as_str() {
            break line;
        }
    };
    assert_eq!(
        (&created["message"], &created["level"]),
        (&"Client connection created".into(), &"debug".into())
    );
    assert!(created["cid"].is_u64(), "{created}");
    child.kill().unwrap();
    child.wait().unwrap();
}
