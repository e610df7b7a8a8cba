//! What watches are measured with: many of them behind a writer, and listings of what a bucket holds.

use super::bucket::Bucket;
use super::connection::{Connection, push_publish};
use super::load::{Done, Load};
use super::watch::{From, Part, Watch};
use super::wire::acked_sequence;
use crate::Outcome;
use crate::data::{Key, VALUE_BYTES};
use std::io::Write;
use std::time::{Duration, Instant};

/// Lets `count` watchers follow `load`, which puts every key of `bucket` once, and returns what the writers did and the time until every watcher had all of it.
pub(super) fn fan_out(bucket: &Bucket, count: u64, load: Load) -> Outcome<(Done, Duration)> {
    let mut control = Connection::open(bucket.address)?;
    let watches = followers(bucket, &mut control, count)?;
    let started = Instant::now();
    let (done, watches) = std::thread::scope(|scope| -> Outcome<(Done, Vec<Watch>)> {
        let threads: Vec<_> = watches
            .into_iter()
            .map(|mut watch| {
                scope.spawn(move || -> Outcome<Watch> {
                    let mut values = 0;
                    while values < bucket.keys {
                        watch.receive(|_, key, message, _| {
                            check_value(key, message.payload)?;
                            values += 1;
                            Ok(())
                        })?;
                    }
                    Ok(watch)
                })
            })
            .collect();
        let done = load.run(bucket)?;
        let watches = threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| "a watcher panicked")?)
            .collect::<Outcome<_>>()?;
        Ok((done, watches))
    })?;
    let wall = started.elapsed();
    watches.into_iter().try_for_each(|watch| watch.close(&mut control))?;
    Ok((done, wall))
}

/// Puts one value each `pause` while `count` watchers follow, and returns the sorted times from before each put to after
/// each read of it by a watcher.
pub(super) fn paced(bucket: &Bucket, count: u64, puts: u64, pause: Duration) -> Outcome<Vec<Duration>> {
    let mut control = Connection::open(bucket.address)?;
    let watches = followers(bucket, &mut control, count)?;
    let origin = Instant::now();
    let (mut times, watches) = std::thread::scope(|scope| -> Outcome<(Vec<Duration>, Vec<Watch>)> {
        let threads: Vec<_> = watches
            .into_iter()
            .map(|mut watch| {
                scope.spawn(move || -> Outcome<(Vec<Duration>, Watch)> {
                    let mut times = Vec::new();
                    while u64::try_from(times.len())? < puts {
                        watch.receive(|now, key, message, _| {
                            check_value(key, message.payload)?;
                            let sent = message.payload[TIME_AT..].first_chunk().ok_or("a short value")?;
                            times.push(
                                (now - origin)
                                    .saturating_sub(Duration::from_nanos(u64::from_le_bytes(*sent))),
                            );
                            Ok(())
                        })?;
                    }
                    Ok((times, watch))
                })
            })
            .collect();
        put_paced(bucket, puts, pause, origin)?;
        let (mut times, mut watches) = (Vec::new(), Vec::new());
        for thread in threads {
            let (own, watch) = thread.join().map_err(|_| "a watcher panicked")??;
            times.extend(own);
            watches.push(watch);
        }
        Ok((times, watches))
    })?;
    watches.into_iter().try_for_each(|watch| watch.close(&mut control))?;
    times.sort_unstable();
    Ok(times)
}

/// Reads the newest value, or its headers, of each of the `expected` keys that match `filter`; returns the time it took.
pub(super) fn list(
    bucket: &Bucket,
    name: &str,
    filter: &str,
    part: Part,
    expected: u64,
) -> Outcome<Duration> {
    let mut control = Connection::open(bucket.address)?;
    let started = Instant::now();
    let mut watch = Watch::open(bucket, &mut control, name, filter, From::Newest, part)?;
    let (mut count, mut last, mut pending) = (0, 0, expected);
    while pending > 0 {
        watch.receive(|_, key, message, delivery| {
            match part {
                Part::Whole => check_value(key, message.payload)?,
                Part::HeadersOnly => check_size(message.payload, message.header(b"Nats-Msg-Size"))?,
            }
            // A message of its own for each key: ascending positions cannot repeat.
            if delivery.sequence <= last {
                return Err(format!("{} was delivered after {last}", delivery.sequence).into());
            }
            count += 1;
            (last, pending) = (delivery.sequence, delivery.pending);
            Ok(())
        })?;
    }
    let wall = started.elapsed();
    if count != expected || watch.initial > expected {
        let initial = watch.initial;
        return Err(format!("{count} keys match {filter}, {initial} were announced, {expected} exist").into());
    }
    watch.close(&mut control)?;
    Ok(wall)
}

fn followers(bucket: &Bucket, control: &mut Connection, count: u64) -> Outcome<Vec<Watch>> {
    (0..count)
        .map(|number| Watch::open(bucket, control, &format!("w{number}"), ">", From::Now, Part::Whole))
        .collect()
}

fn put_paced(bucket: &Bucket, puts: u64, pause: Duration, origin: Instant) -> Outcome<()> {
    let mut connection = Connection::open(bucket.address)?;
    write!(connection.output(), "SUB _INBOX.benchPaced000000000000.* 1\r\n")?;
    connection.round_trip()?;
    for number in 0..puts {
        let due = origin + pause * u32::try_from(number)?;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let index = number % bucket.keys;
        let key = bucket.data.key(index);
        let mut value = key.value(number);
        let sent = u64::try_from(origin.elapsed().as_nanos())?;
        value[TIME_AT..TIME_AT + 8].copy_from_slice(&sent.to_le_bytes());
        let reply = format!("_INBOX.benchPaced000000000000.{number}");
        let subject = [bucket.prefix.as_bytes(), key.as_str().as_bytes()];
        push_publish(connection.output(), &subject, reply.as_bytes(), b"", &value);
        connection.flush()?;
        connection.exchange(|_, message, _| {
            bucket.acked(index, acked_sequence(message.payload, &bucket.stream)?)
        })?;
    }
    Ok(())
}

fn check_value(key: &[u8], value: &[u8]) -> Outcome<()> {
    match Key::from_bytes(key) {
        Some(key) if key.owns(value) => Ok(()),
        _ => Err("a watcher got a value that does not belong to its key".into()),
    }
}

fn check_size(payload: &[u8], size: Option<&[u8]>) -> Outcome<()> {
    let expected = VALUE_BYTES.to_string();
    if payload.is_empty() && size == Some(expected.as_bytes()) {
        return Ok(());
    }
    Err(format!("a listing got {} bytes of value, size {size:?}", payload.len()).into())
}

/// Where in a value the time stands at which it was sent.
const TIME_AT: usize = 8;
