//! A stream: its handle, and the state that the parts in this folder share.
//!
//! An append is checked and encoded by `append` and `writer`, written and made durable by `commit` through `log`, and
//! becomes visible when `commit` applies it to the index. `control` removes, `upkeep` expires, `compact` rewrites,
//! `recover` opens, `read` reads, `listen` tells watchers.

mod append;
mod check;
mod commit;
mod compact;
mod control;
mod create;
mod discard;
mod follow;
mod frozen;
mod gather;
mod listen;
mod listing;
mod log;
mod overlay;
mod peek;
mod query;
mod read;
mod read_many;
mod recover;
mod repair;
mod round;
mod scan;
mod size;
mod spin;
mod standing;
mod stats;
mod trouble;
mod turn;
mod upkeep;
mod writer;

pub use commit::Commit;
pub use follow::{Bounds, Census, Followed, Found};
pub use frozen::Frozen;
pub use listen::Listener;
pub use listing::{Listed, Listing};
pub use peek::Peeked;
pub use read::{Select, Selection, StreamState, SubjectState};
pub use stats::StreamStats;
pub use trouble::Verified;

pub(crate) use commit::commit_scheduled;
pub(crate) use create::{NewStream, check_config, directory_name};
pub(crate) use recover::open as open_stream;

use crate::append::{Append, Purge};
use crate::config::StreamConfig;
use crate::damage::Damage;
use crate::env::Env;
use crate::error::EngineError;
use crate::index::StreamIndex;
use crate::store::Shared;
use crate::wakes;
use gather::Gathering;
use jetkv_types::{Sequence, StreamName, SubjectFilter, Timestamp};
use listen::Listeners;
use log::Log;
use parking_lot::{Condvar, Mutex, RwLock};
use stats::StreamCounters;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use writer::Writer;

/// A stream, open. Clones share it.
#[derive(Debug, Clone)]
pub struct Stream {
    inner: Arc<StreamInner>,
}

/// What all handles of a stream share. Locks are taken in the order of the fields: log, writer, index, and the rest last.
#[derive(Debug)]
pub(crate) struct StreamInner {
    pub(crate) id: u64,
    pub(crate) name: StreamName,
    created: Timestamp,
    /// Its directory.
    dir: PathBuf,
    /// The doors that this stream uses: a memory stream has files in memory.
    env: Env,
    shared: Arc<Shared>,
    /// The back: the only one who writes files; the one lock that is held across file operations.
    log: Mutex<Log>,
    /// The front.
    writer: Mutex<Writer>,
    /// What reads see.
    index: RwLock<StreamIndex>,
    config: RwLock<Arc<StreamConfig>>,
    /// Whether a thread commits at this moment.
    committing: Mutex<Committing>,
    committed: Condvar,
    gathering: Gathering,
    /// Whether the stream is in line for a thread of the store, and none has begun with it.
    scheduled: AtomicBool,
    listeners: Arc<Listeners>,
    damages: Mutex<Vec<Damage>>,
    /// Everything before this sequence was written by an earlier process.
    opened_at: Sequence,
    next_segment_id: AtomicU64,
    /// Held by whoever rewrites segments; taken before all other locks.
    compacting: Mutex<()>,
    /// The oldest message that can expire by the stream's age limit, and when it was stored.
    oldest: Mutex<Option<(Sequence, Timestamp)>>,
    /// Why there is nothing to read any more.
    ended: OnceLock<EngineError>,
    /// When the files were last synced as a whole.
    synced_at: AtomicU64,
    counters: StreamCounters,
}

#[derive(Debug, Default)]
struct Committing {
    busy: bool,
}

impl Stream {
    pub(crate) fn new(inner: Arc<StreamInner>) -> Self {
        Self { inner }
    }

    pub(crate) fn inner(&self) -> &Arc<StreamInner> {
        &self.inner
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &StreamName {
        &self.inner.name
    }

    /// Returns the configuration as it is now.
    #[must_use]
    pub fn config(&self) -> Arc<StreamConfig> {
        self.inner.config()
    }

    /// Returns when the stream was created.
    #[must_use]
    pub fn created(&self) -> Timestamp {
        self.inner.created
    }

    /// Appends all of `batch` in order, or nothing.
    ///
    /// All checks run before this returns; the commit is done when the batch is as durable as [`crate::Sync`] asks, and
    /// visible. A refusal comes out of the commit as well, once what it rests on is durable.
    ///
    /// # Errors
    /// Out of the commit: `SubjectNotCaptured`, `MessageTooLarge`, `WrongLastSequence`, `HasValue`, `LimitReached`,
    /// `StorageFull` and `Damaged` if nothing was written; `Poisoned` and `Io` if it is unknown what a later opening of
    /// the store will find; `StreamDeleted` and `Closed`.
    pub fn append(&self, batch: &[Append<'_>]) -> Commit {
        self.inner.append(batch)
    }

    /// Appends messages in order, each as if it were appended alone, which costs less than one call for each.
    ///
    /// Returns the commits in the same order: one for all those in a row that were accepted and are done together, which
    /// has a sequence for each of them, and one for each message that was refused.
    #[must_use = "an append is done when its commit is"]
    pub fn append_each(&self, messages: &[Append<'_>]) -> Vec<Commit> {
        self.inner.append_each(messages)
    }

    /// Removes messages; returns how many. They are durably gone when it returns.
    ///
    /// # Errors
    /// `StorageFull`, `Poisoned`, `Io`, `StreamDeleted`, `Closed`.
    pub fn purge(&self, purge: &Purge) -> Result<u64, EngineError> {
        self.inner.purge(purge)
    }

    /// Removes one message; says whether there was one. It is durably gone when this returns.
    ///
    /// # Errors
    /// As [`Self::purge`].
    pub fn remove(&self, sequence: Sequence) -> Result<bool, EngineError> {
        self.inner.remove(sequence)
    }

    /// Leaves out all sequences before `next`, so that the next message gets it or a higher one; for copies of streams whose
    /// last messages are gone. It is durable when this returns.
    ///
    /// # Errors
    /// `SequenceOutOfRange`, and as [`Self::purge`].
    pub fn advance(&self, next: Sequence) -> Result<(), EngineError> {
        self.inner.advance(next)
    }

    /// Returns a listener that tells when messages that match any of `filters` become visible.
    #[must_use]
    pub fn listen(&self, filters: &[SubjectFilter]) -> Listener {
        let index = self.inner.index.read();
        self.inner.listeners.listen(filters, index.next)
    }
}

impl StreamInner {
    pub(crate) fn config(&self) -> Arc<StreamConfig> {
        Arc::clone(&self.config.read())
    }

    /// Refuses reads of a stream that was deleted or closed.
    fn check_readable(&self) -> Result<(), EngineError> {
        self.ended.get().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Refuses all writes from now on; reads go on.
    pub(crate) fn poison(&self, cause: &EngineError) {
        let reason = commit::describe(cause).into();
        self.poison_with(&EngineError::Poisoned { stream: self.name.clone(), reason });
    }

    fn poison_with(&self, poisoned: &EngineError) {
        let _wakes = wakes::hold();
        let rounds = {
            let mut writer = self.writer.lock();
            writer.stopped.get_or_insert_with(|| poisoned.clone());
            writer.abandon()
        };
        for round in rounds {
            round.finish(Err(poisoned.clone()));
        }
        self.wake_waiters();
    }

    /// Ends the stream: writes are refused with `error`, watchers are told.
    pub(crate) fn stop(&self, error: &EngineError) {
        let _wakes = wakes::hold();
        let rounds = {
            let mut writer = self.writer.lock();
            writer.stopped = Some(error.clone());
            writer.abandon()
        };
        for round in rounds {
            round.finish(Err(error.clone()));
        }
        // Only the first reason counts.
        let _ = self.ended.set(error.clone());
        self.listeners.end(error);
        self.wake_waiters();
    }
}

impl StreamInner {
    pub(crate) fn dir(&self) -> &std::path::Path {
        &self.dir
    }

    /// Has the queue committed by a thread of the store, if that does not stand out already.
    pub(crate) fn schedule_commit(self: &Arc<Self>) {
        if !self.scheduled.swap(true, Ordering::AcqRel) {
            self.shared.committers.schedule(Arc::clone(self));
        }
    }

    /// Says whether something waits to be committed.
    pub(crate) fn has_queued(&self) -> bool {
        !self.writer.lock().is_idle()
    }

    /// Commits what is queued, leaves the mark of a clean stop, and ends the stream.
    pub(crate) fn close(&self) -> Result<(), EngineError> {
        let _wakes = wakes::hold();
        // Whoever rewrites segments now gets done first; whoever comes later finds the stream stopped.
        let _turn = self.compacting.lock();
        let outcome = self.exclusively(|log, _| {
            self.describe_state(log);
            log.close()
        });
        let already = matches!(
            self.writer.lock().stopped,
            Some(EngineError::Closed | EngineError::StreamDeleted { .. })
        );
        if already {
            return Ok(());
        }
        self.stop(&EngineError::Closed);
        outcome
    }
}
