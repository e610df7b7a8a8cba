//! Publish and subscribe without a stream.

use super::connection::{Connection, push_publish};
use crate::Outcome;
use crate::data::VALUE_BYTES;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Publishes `count` messages of 128 bytes from one connection to another and returns the time until all had come, in
/// order.
pub(super) fn publish_subscribe(address: SocketAddr, count: u64) -> Outcome<Duration> {
    let mut subscriber = Connection::open(address)?;
    write!(subscriber.output(), "SUB {SUBJECT} 1\r\n")?;
    subscriber.round_trip()?;
    let mut publisher = Connection::open(address)?;
    let received = &AtomicU64::new(0);
    let started = Instant::now();
    std::thread::scope(|scope| {
        let thread = scope.spawn(move || -> Outcome<()> {
            let result = subscribe(&mut subscriber, count, received);
            if result.is_err() {
                // The publisher must not wait for what nobody will receive.
                received.store(u64::MAX, Ordering::Release);
            }
            result
        });
        let published = publish(&mut publisher, count, received);
        published.and(thread.join().map_err(|_| "the subscriber panicked")?)
    })?;
    Ok(started.elapsed())
}

fn subscribe(connection: &mut Connection, count: u64, received: &AtomicU64) -> Outcome<()> {
    let mut next = 0_u64;
    while next < count {
        connection.exchange(|_, message, _| {
            if message.payload.len() != VALUE_BYTES || !message.payload.starts_with(&next.to_le_bytes()) {
                return Err(format!("message {next} is missing or changed").into());
            }
            next += 1;
            Ok(())
        })?;
        received.store(next, Ordering::Release);
    }
    Ok(())
}

fn publish(connection: &mut Connection, count: u64, received: &AtomicU64) -> Outcome<()> {
    let mut payload = [b'.'; VALUE_BYTES];
    let mut sent = 0_u64;
    while sent < count {
        // A server may cut off a subscriber for which it has to keep too much.
        while sent.saturating_sub(received.load(Ordering::Acquire)) > AHEAD_MAX {
            std::thread::sleep(Duration::from_micros(50));
        }
        let end = count.min(sent + MESSAGES_PER_WRITE);
        for number in sent..end {
            payload[..8].copy_from_slice(&number.to_le_bytes());
            push_publish(connection.output(), &[SUBJECT.as_bytes()], b"", b"", &payload);
        }
        connection.flush()?;
        sent = end;
    }
    connection.round_trip()
}

const SUBJECT: &str = "bench.core.messages";
const MESSAGES_PER_WRITE: u64 = 400;
const AHEAD_MAX: u64 = 100_000;
