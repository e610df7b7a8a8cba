//! A bucket on a server: how it is made, what it holds, and which revisions its keys have.

use super::connection::Connection;
use super::wire::json_number;
use crate::Outcome;
use crate::data::{Data, VALUE_BYTES};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

/// How a bucket is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// How many keys it is to hold.
    pub(super) keys: u64,
    /// Revisions of each.
    pub(super) history: u64,
    /// Length of their values.
    pub(super) value_bytes: usize,
    /// Over how many buckets they are spread, which are then used as one.
    pub(super) buckets: u64,
}

impl Shape {
    /// One bucket with a history of 1 and values of the usual length.
    pub(super) fn of(keys: u64) -> Self {
        Self { keys, history: 1, value_bytes: VALUE_BYTES, buckets: 1 }
    }
}

/// Where keys are.
#[derive(Debug)]
pub(super) struct Place {
    /// `KV_` and the name.
    pub(super) stream: String,
    /// `$KV.`, the name, and a dot.
    pub(super) prefix: String,
}

/// A bucket that only this program writes to.
#[derive(Debug)]
pub(super) struct Bucket {
    /// Where its server listens.
    pub(super) address: SocketAddr,
    /// The stream of its first place, or of its only one.
    pub(super) stream: String,
    /// The prefix of that place.
    pub(super) prefix: String,
    /// Its keys.
    pub(super) data: Data,
    /// How many keys there are.
    pub(super) keys: u64,
    /// Length of each value.
    pub(super) value_bytes: usize,
    history: u64,
    places: Vec<Place>,
    revisions: Vec<AtomicU64>,
}

impl Bucket {
    /// Creates the bucket `name`, or as many as `shape` says whose names begin with it, in file storage.
    pub(super) fn create(address: SocketAddr, name: &str, shape: Shape) -> Outcome<Self> {
        let bucket = Self::created(address, name, shape);
        let mut connection = Connection::open(address)?;
        for place in &bucket.places {
            let subject = format!("$JS.API.STREAM.CREATE.{}", place.stream);
            connection.request(&subject, &bucket.config(place))?;
        }
        Ok(bucket)
    }

    fn config(&self, Place { stream, prefix }: &Place) -> String {
        let history = self.history;
        // The limit on consumers is there because the reference allows 1,000 for each stream unless it is told.
        format!(
            "{{\"name\":\"{stream}\",\"subjects\":[\"{prefix}>\"],\"retention\":\"limits\",\"max_consumers\":{CONSUMERS_MAX},\
            \"max_msgs\":-1,\"max_bytes\":-1,\"max_age\":0,\"max_msgs_per_subject\":{history},\"max_msg_size\":-1,\
            \"discard\":\"new\",\"storage\":\"file\",\"num_replicas\":1,\"duplicate_window\":120000000000,\
            \"allow_rollup_hdrs\":true,\"deny_delete\":true,\"allow_direct\":true}}"
        )
    }

    /// Takes a bucket that exists and is empty.
    pub(super) fn created(address: SocketAddr, name: &str, shape: Shape) -> Self {
        let Shape { keys, history, value_bytes, buckets } = shape;
        let place = |name: String| Place { stream: format!("KV_{name}"), prefix: format!("$KV.{name}.") };
        let places: Vec<Place> = match buckets {
            0 | 1 => vec![place(name.to_owned())],
            many => (0..many).map(|number| place(format!("{name}{number}"))).collect(),
        };
        Self {
            address,
            stream: places[0].stream.clone(),
            prefix: places[0].prefix.clone(),
            data: Data::new(keys),
            keys,
            value_bytes,
            history,
            places,
            revisions: (0..keys).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Returns the newest revision of a key that was acknowledged; 0 if there is none.
    pub(super) fn revision(&self, index: u64) -> Outcome<u64> {
        Ok(self.slot(index)?.load(Ordering::Acquire))
    }

    /// Returns where the key of this number is: keys that follow each other are in different places, if there are several.
    pub(super) fn place(&self, index: u64) -> &Place {
        let count = self.places.len();
        let number = index % u64::try_from(count).unwrap_or(1);
        &self.places[usize::try_from(number).unwrap_or_default()]
    }

    /// Takes note of an acknowledged revision. One writer at a time has a key.
    pub(super) fn acked(&self, index: u64, revision: u64) -> Outcome<()> {
        let before = self.slot(index)?.swap(revision, Ordering::AcqRel);
        if before >= revision {
            return Err(format!("revision {revision} was given out after {before}").into());
        }
        Ok(())
    }

    /// Fails unless the server says that the bucket holds what was acknowledged: after `writes` puts since it was made,
    /// with every key written `per_key` times at least.
    pub(super) fn check(&self, writes: u64, per_key: u64) -> Outcome<()> {
        let mut connection = Connection::open(self.address)?;
        let (mut last, mut messages) = (0, 0);
        for place in &self.places {
            let info = connection.request(&format!("$JS.API.STREAM.INFO.{}", place.stream), "")?;
            last += json_number(&info, "last_seq")?;
            messages += json_number(&info, "messages")?;
        }
        let newest = self.revisions.iter().map(|revision| revision.load(Ordering::Acquire)).max();
        if last != writes || (self.places.len() == 1 && newest != Some(last)) {
            return Err(format!("after {writes} puts up to {newest:?} the last sequence is {last}").into());
        }
        let least = self.keys * per_key.min(self.history);
        if messages < least || messages > self.keys * self.history {
            return Err(format!("{} holds {messages} messages, not {least}", self.stream).into());
        }
        Ok(())
    }

    fn slot(&self, index: u64) -> Outcome<&AtomicU64> {
        Ok(self.revisions.get(usize::try_from(index)?).ok_or("no such key")?)
    }
}

const CONSUMERS_MAX: u64 = 100_000;
