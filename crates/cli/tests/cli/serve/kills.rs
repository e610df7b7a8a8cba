//! `kill -9` under sixteen connections that write (RELIABILITY, row 7): what was acknowledged is there after the restart.
//!
//! `JETKV_KILLS=100` kills more often.

use super::running::{Running, connect};
use crate::program::Place;
use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};

/// The round in which a value was written, and its number among those of its writer.
type Version = (u64, u64);

#[test]
fn nothing_that_was_acknowledged_is_lost_when_the_server_is_killed_under_load() {
    let kills = std::env::var("JETKV_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(20);
    let place = Place::empty();
    let mut acked: BTreeMap<String, Version> = BTreeMap::new();
    let mut total = 0;
    for round in 0..=kills {
        let server = Running::start(&place, &["serve", "--port", "0"]);
        let address = server.address();
        let mut client = connect(address);
        client.get_mut().write_all(b"SUB r 1\r\n").unwrap();
        if round == 0 {
            let config =
                r#"{"name":"KV_b","subjects":["$KV.b.>"],"max_msgs_per_subject":1,"allow_direct":true}"#;
            ask(&mut client, "$JS.API.STREAM.CREATE.KV_b", config);
        }
        for (key, version) in &acked {
            let found = ask(&mut client, &format!("$JS.API.DIRECT.GET.KV_b.$KV.b.{key}"), "");
            // What was under way may be there as well.
            assert!(version_of(&found) >= Some(*version), "round {round}: {key} is {found}, not {version:?}");
        }
        if round == kills {
            break;
        }
        let count = AtomicU64::new(0);
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..16)
                .map(|writer| {
                    let count = &count;
                    scope.spawn(move || write(address, writer, round, count))
                })
                .collect();
            while count.load(Ordering::SeqCst) < 1_000 {
                std::thread::yield_now();
            }
            // Dropping it kills it.
            drop(server);
            for writer in writers {
                acked.extend(writer.join().unwrap());
            }
        });
        total += count.load(Ordering::SeqCst);
    }
    assert!(total >= kills * 1_000);
}

/// Writes values with eight under way until the connection ends; returns for each key what was acknowledged last.
fn write(address: SocketAddr, writer: u64, round: u64, count: &AtomicU64) -> BTreeMap<String, Version> {
    let mut acked = BTreeMap::new();
    let mut client = connect(address);
    // Everybody hears every answer to a subject, so each has its own.
    client.get_mut().write_all(format!("SUB r.{writer} 1\r\n").as_bytes()).unwrap();
    let mut waiting = VecDeque::new();
    let mut note = |client: &mut BufReader<TcpStream>, waiting: &mut VecDeque<(String, Version)>| {
        let acknowledged =
            next_answer(client).is_some_and(|ack| ack.starts_with("{\"stream\":\"KV_b\",\"seq\":"));
        match waiting.pop_front().filter(|_| acknowledged) {
            Some((key, version)) => {
                count.fetch_add(1, Ordering::SeqCst);
                acked.insert(key, version);
                true
            }
            None => false,
        }
    };
    for number in 0.. {
        let (key, value) = (format!("w{writer}.k{}", number % 20), format!("{round}-{number}"));
        let put = format!("PUB $KV.b.{key} r.{writer} {}\r\n{value}\r\n", value.len());
        if client.get_mut().write_all(put.as_bytes()).is_err() {
            break;
        }
        waiting.push_back((key, (round, number)));
        if waiting.len() == 8 && !note(&mut client, &mut waiting) {
            break;
        }
    }
    // Acknowledgements that were on their way count too.
    while note(&mut client, &mut waiting) {}
    acked
}

fn version_of(value: &str) -> Option<Version> {
    let (round, number) = value.split_once('-')?;
    Some((round.parse().ok()?, number.parse().ok()?))
}

fn ask(client: &mut BufReader<TcpStream>, subject: &str, body: &str) -> String {
    let request = format!("PUB {subject} r {}\r\n{body}\r\n", body.len());
    client.get_mut().write_all(request.as_bytes()).unwrap();
    next_answer(client).unwrap()
}

/// Returns the payload of the next message, which is one line; none at the end of the connection.
fn next_answer(client: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    // Messages without headers: this client did not ask for any.
    while !line.starts_with("MSG ") {
        line.clear();
        if client.read_line(&mut line).ok()? == 0 {
            return None;
        }
    }
    line.clear();
    (client.read_line(&mut line).ok()? > 0 && line.ends_with("\r\n")).then(|| line.trim_end().to_owned())
}
