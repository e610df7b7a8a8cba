//! Requests to the HTTP port, spelled out.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Sends one request on a connection of its own; `head` is the request line without its version, then lines of headers.
pub(crate) fn ask(address: SocketAddr, head: &str, body: &str) -> Answer {
    let mut stream = send(address, head, body);
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    Answer { status: status(head), head: head.to_owned(), body: body.to_owned() }
}

/// Opens a watch, and returns its events line by line once it has begun.
pub(crate) fn watch(address: SocketAddr, head: &str) -> BufReader<TcpStream> {
    let mut events = BufReader::new(send(address, head, ""));
    let mut line = String::new();
    events.read_line(&mut line).unwrap();
    assert_eq!(status(&line), 200, "{line}");
    events
}

/// Reads a watch up to the line that begins with `text`, and returns the rest of that line; `None` if it ends before.
pub(crate) fn next(events: &mut impl BufRead, text: &str) -> Option<String> {
    loop {
        let mut line = String::new();
        if events.read_line(&mut line).unwrap() == 0 {
            return None;
        }
        if let Some(rest) = line.trim_end().strip_prefix(text) {
            return Some(rest.to_owned());
        }
    }
}

fn send(address: SocketAddr, head: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (first, rest) = head.split_once("\r\n").unwrap_or((head, ""));
    let mut request = format!("{first} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    if !rest.to_lowercase().contains("host:") {
        request.push_str("Host: localhost\r\n");
    }
    if !rest.is_empty() {
        request.push_str(rest);
        request.push_str("\r\n");
    }
    stream.write_all(format!("{request}\r\n{body}").as_bytes()).unwrap();
    stream
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

/// After this nothing comes any more.
const PATIENCE: Duration = Duration::from_secs(30);
