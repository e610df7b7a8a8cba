//! Random operations on a world.

use crate::bucket::{Change, Wants};
use crate::world::{End, KEYS, World, same, seconds};
use jetkv::{KeyValueConfig, Operation, PurgeOptions, Timestamp, Write, WriteOptions};
use std::time::Duration;
use testkit::Rng;

impl World {
    /// Does one random operation that leaves the store open.
    pub(crate) fn step(&mut self) {
        match self.rng.below(100) {
            0..=54 => self.step_write(),
            55..=64 => self.step_batch(),
            65..=67 => self.step_purge_deletes(),
            68 => self.step_empty(),
            69..=76 => self.step_config(),
            77..=90 => self.step_time(),
            91..=94 => {
                self.note("compact".into());
                self.js.compact().unwrap();
            }
            _ => self.upkeep(),
        }
    }

    /// Ends the store in a random way and opens it again.
    pub(crate) fn step_reopen(&mut self) {
        let end = *self.rng.pick(&[End::Closed, End::Killed, End::PowerCut]);
        self.reopen(end);
    }

    fn step_write(&mut self) {
        let change = self.change(Ttls::OfPurgesToo);
        let write = change.clone();
        self.write(&[change], |kv| {
            let Change { key, value, .. } = &write;
            let purge = |expected| PurgeOptions { expected, ttl: write.ttl };
            let revision = match (write.operation, write.wants) {
                (Operation::Put, Wants::Nothing) if is_plain(&write) => kv.put(key, value),
                (Operation::Put, Wants::Nothing) => kv.put_with(key, value, options(&write)),
                (Operation::Put, Wants::NoValue) if is_plain(&write) => kv.create(key, value),
                (Operation::Put, Wants::NoValue) => kv.create_with(key, value, options(&write)),
                (Operation::Put, Wants::Revision(at)) if is_plain(&write) => kv.update(key, value, at),
                (Operation::Put, Wants::Revision(at)) => kv.update_with(key, value, at, options(&write)),
                (Operation::Delete, Wants::Revision(at)) => kv.delete_if(key, at),
                (Operation::Delete, _) => kv.delete(key),
                (Operation::Purge, Wants::Revision(at)) if is_plain(&write) => kv.purge_if(key, at),
                (Operation::Purge, Wants::Revision(at)) => kv.purge_with(key, purge(Some(at))),
                (Operation::Purge, _) if is_plain(&write) => kv.purge(key),
                (Operation::Purge, _) => kv.purge_with(key, purge(None)),
            };
            revision.map(|revision| vec![revision])
        });
    }

    fn step_batch(&mut self) {
        let count = self.rng.index(6);
        let changes: Vec<_> = (0..count).map(|_| self.change(Ttls::OfPutsOnly)).collect();
        let writes = changes.iter().map(|change| {
            let (key, value) = (change.key, change.value.clone());
            match (change.operation, change.wants) {
                (Operation::Put, Wants::Nothing) => Write::put(key, value).with_options(options(change)),
                (Operation::Put, Wants::NoValue) => Write::create(key, value).with_options(options(change)),
                (Operation::Put, Wants::Revision(at)) => {
                    Write::update(key, value, at).with_options(options(change))
                }
                (Operation::Delete, Wants::Revision(at)) => Write::delete_if(key, at),
                (Operation::Delete, _) => Write::delete(key),
                (Operation::Purge, Wants::Revision(at)) => Write::purge_if(key, at),
                (Operation::Purge, _) => Write::purge(key),
            }
        });
        let writes: Vec<_> = writes.collect();
        self.write(&changes, |kv| kv.batch(writes));
    }

    fn step_purge_deletes(&mut self) {
        let older_than = *self.rng.pick(&[Duration::ZERO, seconds(2), seconds(60)]);
        self.note(format!("purge_deletes {older_than:?}"));
        let removed = self.kv.purge_deletes(older_than).unwrap();
        same("purge_deletes", &removed, &self.model.purge_deletes(older_than, self.now()));
    }

    fn step_empty(&mut self) {
        self.note("empty".into());
        let removed = self.kv.empty().unwrap();
        same("empty", &removed, &u64::try_from(self.model.live.len()).unwrap());
        self.model.live.clear();
    }

    fn step_config(&mut self) {
        let mut config = self.model.config.clone();
        let rng = &mut self.rng;
        match rng.below(5) {
            0 => config.history = *rng.pick(&[1, 2, 3, 5, 64]),
            1 => config.ttl = *rng.pick(&[None, Some(seconds(4)), Some(seconds(30))]),
            2 => config.limit_marker_ttl = *rng.pick(&[None, Some(seconds(1)), Some(seconds(5))]),
            3 => config.max_bytes = *rng.pick(&[None, None, Some(400), Some(2000)]),
            _ => config.max_value_size = *rng.pick(&[None, None, Some(30), Some(100)]),
        }
        self.note(format!("update {config:?}"));
        self.kv = self.js.update_key_value(config.clone()).unwrap();
        self.model.configure(config);
    }

    fn step_time(&mut self) {
        let span =
            *self.rng.pick(&[Duration::from_millis(1), Duration::from_millis(700), seconds(1), seconds(4)]);
        let now = self.now();
        if self.rng.chance(1, 6) {
            let nanos = u64::try_from(span.as_nanos()).unwrap();
            self.clock.set(Timestamp::from_nanos(now.as_nanos() - nanos));
        } else {
            self.clock.advance(span);
        }
        self.latest = self.latest.max(self.now());
        if self.rng.chance(2, 3) {
            self.upkeep();
        }
    }

    fn change(&mut self, ttls: Ttls) -> Change {
        let key = *self.rng.pick(&KEYS);
        let last = self.model.last_of(key).map_or(0, |stored| stored.entry.revision);
        let rng = &mut self.rng;
        let operation = *rng.pick(&[
            Operation::Put,
            Operation::Put,
            Operation::Put,
            Operation::Put,
            Operation::Delete,
            Operation::Purge,
        ]);
        let revision = match rng.below(8) {
            0 => rng.below(self.model.last + 2),
            1 => 0,
            _ => last,
        };
        let wants = match rng.below(4) {
            0 if operation == Operation::Put => Wants::NoValue,
            1 => Wants::Revision(revision),
            _ => Wants::Nothing,
        };
        let takes_ttl = match operation {
            Operation::Put => true,
            Operation::Delete => false,
            Operation::Purge => ttls == Ttls::OfPurgesToo,
        };
        let ttl = match rng.below(8) {
            0 | 1 if takes_ttl => Some(seconds(1 + rng.below(6))),
            2 if takes_ttl => Some(Duration::from_millis(*rng.pick(&[1, 999, 1999]))),
            _ => None,
        };
        let never = operation == Operation::Put && ttl.is_none() && rng.chance(1, 20);
        let value = match operation {
            Operation::Put => value(rng),
            _ => Vec::new(),
        };
        Change { key, value, operation, wants, ttl, never }
    }
}

/// Which changes may have a time to live of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ttls {
    OfPutsOnly,
    OfPurgesToo,
}

/// Draws the first configuration of a bucket.
pub(crate) fn first_config(rng: &mut Rng, history: u32) -> KeyValueConfig {
    let mut config = KeyValueConfig::new(crate::bucket::BUCKET).history(history);
    config.ttl = *rng.pick(&[None, Some(seconds(5))]);
    config.limit_marker_ttl = *rng.pick(&[None, Some(seconds(1)), Some(seconds(3))]);
    config.compression = rng.chance(1, 4);
    config
}

fn value(rng: &mut Rng) -> Vec<u8> {
    match rng.below(10) {
        0 => Vec::new(),
        1 => vec![b'x'; rng.index(700)],
        _ => {
            let count = rng.index(24);
            rng.bytes(count)
        }
    }
}

fn is_plain(change: &Change) -> bool {
    change.ttl.is_none() && !change.never
}

fn options(change: &Change) -> WriteOptions {
    match change.ttl {
        Some(ttl) => WriteOptions::new().ttl(ttl),
        None if change.never => WriteOptions::new().never_expires(),
        None => WriteOptions::new(),
    }
}
