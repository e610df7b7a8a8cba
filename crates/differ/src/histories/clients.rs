//! One client of a history: reads, conditional and plain writes, and what it was told.

use super::check::{Call, Effect};
use crate::kills::sequence;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use testkit::Rng;
use testkit::nats::{self, DEFAULT_CONNECT, Message, Request};

pub(super) struct Client<'a> {
    number: u64,
    address: &'a str,
    bucket: &'a str,
    clock: &'a AtomicU64,
    is_up: &'a AtomicBool,
    rng: Rng,
    connection: Option<nats::Client>,
    writes: u64,
}

impl<'a> Client<'a> {
    pub(super) fn new(
        number: u64,
        address: &'a str,
        bucket: &'a str,
        clock: &'a AtomicU64,
        is_up: &'a AtomicBool,
        seed: u64,
    ) -> Self {
        Self { number, address, bucket, clock, is_up, rng: Rng::new(seed), connection: None, writes: 0 }
    }

    /// Makes this many calls, over as many connections as it takes.
    pub(super) fn calls(mut self, count: usize) -> Vec<Call> {
        let mut calls = Vec::new();
        let mut last_read = 0;
        while calls.len() < count {
            if !self.connect() {
                break;
            }
            let key = (*self.rng.pick(KEYS)).to_owned();
            let call = match self.rng.below(10) {
                0..4 => {
                    let read = self.read(key.clone());
                    if let Effect::Read(seq) = read.effect {
                        last_read = seq;
                    }
                    read
                }
                4..8 => {
                    let current = self.read(key.clone());
                    let expected = match current.effect {
                        Effect::Read(seq) if self.rng.chance(9, 10) => seq,
                        _ => last_read,
                    };
                    calls.push(current);
                    if !self.connect() {
                        break;
                    }
                    self.write(key, Some(expected))
                }
                8 => self.write(key, Some(0)),
                _ => self.write(key, None),
            };
            calls.push(call);
        }
        calls
    }

    /// Connects if there is no connection; returns whether there is one.
    fn connect(&mut self) -> bool {
        for _ in 0..TRIES {
            if self.connection.is_some() {
                return true;
            }
            // A server that comes up again is not asked before it is ready.
            if self.is_up.load(Ordering::SeqCst) {
                self.connection = nats::Client::connect(self.address, DEFAULT_CONNECT).ok();
            }
            if self.connection.is_none() {
                std::thread::sleep(PAUSE);
            }
        }
        false
    }

    fn read(&mut self, key: String) -> Call {
        let subject = format!("$JS.API.DIRECT.GET.KV_{0}.$KV.{0}.{key}", self.bucket);
        let (from, answer, to) = self.ask(&subject, Request::default());
        let effect = match answer {
            Some(answer) if answer.status().is_some_and(|status| status.starts_with("404")) => {
                Effect::Read(0)
            }
            Some(answer) => {
                let seq = answer.header("Nats-Sequence").and_then(|seq| seq.parse().ok());
                seq.map_or(Effect::Unknown, Effect::Read)
            }
            None => Effect::Unknown,
        };
        Call { from, to, key, write: None, expected: None, effect }
    }

    fn write(&mut self, key: String, expected: Option<u64>) -> Call {
        self.writes += 1;
        let id = format!("{}-{}", self.number, self.writes);
        let is_delete = self.rng.chance(1, 6);
        let mut headers = format!("NATS/1.0\r\nX-Id: {id}\r\n");
        if let Some(expected) = expected {
            headers.push_str(&format!("Nats-Expected-Last-Subject-Sequence: {expected}\r\n"));
        }
        if is_delete {
            headers.push_str("KV-Operation: DEL\r\n");
        }
        headers.push_str("\r\n");
        let payload = if is_delete { "" } else { &id };
        let request = Request { headers: headers.as_bytes(), payload: payload.as_bytes() };
        let (from, answer, to) = self.ask(&format!("$KV.{}.{key}", self.bucket), request);
        let effect = answer.map_or(Effect::Unknown, |answer| told(&answer));
        Call { from, to, key, write: Some(id), expected, effect }
    }

    fn ask(&mut self, subject: &str, request: Request<'_>) -> (u64, Option<Message>, u64) {
        let from = self.clock.fetch_add(1, Ordering::SeqCst);
        let answer =
            self.connection.as_mut().and_then(|connection| connection.request(subject, request).ok());
        let to = self.clock.fetch_add(1, Ordering::SeqCst);
        if answer.is_none() {
            self.connection = None;
        }
        (from, answer, to)
    }
}

/// Returns what the answer to a write says.
fn told(answer: &Message) -> Effect {
    if let Some(seq) = sequence(&answer.payload) {
        return Effect::Wrote(seq);
    }
    let text = String::from_utf8_lossy(&answer.payload);
    let found = text.split_once("wrong last sequence: ").and_then(|(_, rest)| rest.split_once('"'));
    match found.and_then(|(number, _)| number.parse().ok()) {
        Some(found) => Effect::Refused(found),
        // A server that has no stream yet, or is overloaded, may have done anything.
        None => Effect::Unknown,
    }
}

const KEYS: &[&str] = &["a", "b", "c.d"];
const TRIES: usize = 2000;
const PAUSE: Duration = Duration::from_millis(5);
