//! A bucket on a server: how it is made, what it holds, and which revisions its keys have.

use super::connection::Connection;
use super::wire::json_number;
use crate::Outcome;
use crate::data::Data;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

/// A bucket that only this program writes to.
#[derive(Debug)]
pub(super) struct Bucket {
    /// Where its server listens.
    pub(super) address: SocketAddr,
    /// `KV_` and the name.
    pub(super) stream: String,
    /// `$KV.`, the name, and a dot.
    pub(super) prefix: String,
    /// Its keys.
    pub(super) data: Data,
    /// How many keys there are.
    pub(super) keys: u64,
    history: u64,
    revisions: Vec<AtomicU64>,
}

impl Bucket {
    /// Creates the bucket `name`, which is to hold `keys` keys, in file storage.
    pub(super) fn create(address: SocketAddr, name: &str, keys: u64, history: u64) -> Outcome<Self> {
        let stream = format!("KV_{name}");
        // The limit on consumers is there because the reference allows 1,000 for each stream unless it is told.
        let config = format!(
            "{{\"name\":\"{stream}\",\"subjects\":[\"$KV.{name}.>\"],\"retention\":\"limits\",\"max_consumers\":{CONSUMERS_MAX},\
            \"max_msgs\":-1,\"max_bytes\":-1,\"max_age\":0,\"max_msgs_per_subject\":{history},\"max_msg_size\":-1,\
            \"discard\":\"new\",\"storage\":\"file\",\"num_replicas\":1,\"duplicate_window\":120000000000,\
            \"allow_rollup_hdrs\":true,\"deny_delete\":true,\"allow_direct\":true}}"
        );
        Connection::open(address)?.request(&format!("$JS.API.STREAM.CREATE.{stream}"), &config)?;
        Ok(Self::created(address, name, keys, history))
    }

    /// Takes a bucket that exists and is empty.
    pub(super) fn created(address: SocketAddr, name: &str, keys: u64, history: u64) -> Self {
        Self {
            address,
            stream: format!("KV_{name}"),
            prefix: format!("$KV.{name}."),
            data: Data::new(keys),
            keys,
            history,
            revisions: (0..keys).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Returns the newest revision of a key that was acknowledged; 0 if there is none.
    pub(super) fn revision(&self, index: u64) -> Outcome<u64> {
        Ok(self.slot(index)?.load(Ordering::Acquire))
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
        let info = connection.request(&format!("$JS.API.STREAM.INFO.{}", self.stream), "")?;
        let (last, messages) = (json_number(&info, "last_seq")?, json_number(&info, "messages")?);
        let newest = self.revisions.iter().map(|revision| revision.load(Ordering::Acquire)).max();
        if last != writes || newest != Some(last) {
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
