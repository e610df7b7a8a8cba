//! What has to be done from time to time: expiry, interval syncs, compaction.

use super::StreamInner;
use super::compact::Room;
use super::control::plan_removal;
use super::log::Log;
use super::writer::Writer;
use crate::append::{Append, Expect, Keeping, Priority, Rollup, Ttl};
use crate::config::{LimitMarker, StreamConfig, Sync};
use crate::damage::DamageKind;
use crate::error::EngineError;
use crate::index::StreamIndex;
use jetkv_types::{MarkerReason, Operation, Sequence, Timestamp};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

impl StreamInner {
    /// Does everything that is due.
    pub(crate) fn run_upkeep(&self) -> Result<(), EngineError> {
        if self.writer.lock().stopped.is_some() {
            return Ok(());
        }
        self.sync_due()?;
        self.expire_due()?;
        let mut room = Room::default();
        while self.compact_due(&mut room)? {}
        Ok(())
    }

    /// Removes every message whose time has come.
    pub(crate) fn expire_due(&self) -> Result<(), EngineError> {
        while self.expire_some()? {}
        Ok(())
    }

    /// Syncs everything now.
    pub(crate) fn sync(&self) -> Result<(), EngineError> {
        self.exclusively(|log, writer| self.sync_locked(log, writer))
    }

    /// Syncs everything that is committed, with back and front locked by the caller.
    pub(crate) fn sync_locked(&self, log: &mut Log, writer: &mut Writer) -> Result<(), EngineError> {
        let outcome = log.sync();
        self.synced_at.store(self.env.clock.now().as_nanos(), Ordering::Relaxed);
        if let Err(error) = &outcome {
            // After a failed sync nothing is known about what is durable.
            let reason = error.to_string().into();
            writer.stopped = Some(EngineError::Poisoned { stream: self.name.clone(), reason });
        } else if let Some(open) = &log.open
            && open.file.info.id == writer.segment.id
        {
            writer.synced_end = open.synced_end;
        }
        outcome
    }

    fn sync_due(&self) -> Result<(), EngineError> {
        let Sync::Every(interval) = self.shared.options.sync else { return Ok(()) };
        let synced_at = Timestamp::from_nanos(self.synced_at.load(Ordering::Relaxed));
        let now = self.env.clock.now();
        // A clock that went back must not put the next sync off.
        if now >= synced_at && now.since(synced_at) < interval { Ok(()) } else { self.sync() }
    }

    /// Removes some of the messages whose time has come; says whether there may be more.
    fn expire_some(&self) -> Result<bool, EngineError> {
        let now = self.env.clock.now();
        let config = self.config();
        if !self.has_due(&config, now)? {
            return Ok(false);
        }
        let due = self.due_messages(&config, now)?;
        if due.is_empty() {
            return Ok(false);
        }
        self.exclusively(|_, writer| {
            let mut silent = Vec::new();
            for sequence in &due {
                match config.limit_marker.as_ref().filter(|_| self.leaves_marker(*sequence, &due)) {
                    Some(marker) => {
                        if self.queue_marker(writer, &config, *sequence, marker).is_err() {
                            silent.push(*sequence);
                        }
                    }
                    None => silent.push(*sequence),
                }
            }
            // Markers hide what is older of their subject; they go first, so that a crash cannot come between.
            let index = self.index.read();
            let controls = plan_removal(&index, &silent);
            drop(index);
            self.queue_controls(writer, &controls);
            Ok(())
        })?;
        Ok(due.len() >= EXPIRED_PER_ROUND)
    }

    fn has_due(&self, config: &StreamConfig, now: Timestamp) -> Result<bool, EngineError> {
        let by_deadline = self.index.read().deadlines.earliest().is_some_and(|at| at <= now.as_nanos());
        if by_deadline {
            return Ok(true);
        }
        let Some(age_max) = config.age_max else { return Ok(false) };
        Ok(self.oldest_message()?.is_some_and(|(_, time)| time.saturating_add(age_max) <= now))
    }

    /// Returns the oldest message that the age limit concerns and that can be read.
    fn oldest_message(&self) -> Result<Option<(Sequence, Timestamp)>, EngineError> {
        let mut damaged = self.unreadable_messages();
        loop {
            let index = self.index.read();
            let mut live = aging(&index, &damaged);
            let Some(sequence) = live.next() else { return Ok(None) };
            drop(live);
            let known = *self.oldest.lock();
            if let Some(known) = known.filter(|(known, _)| *known == sequence) {
                return Ok(Some(known));
            }
            let Some(place) = index.locate(sequence) else { return Ok(None) };
            drop(index);
            match self.read_at(&place) {
                Ok(message) => {
                    let oldest = (sequence, message.time);
                    *self.oldest.lock() = Some(oldest);
                    return Ok(Some(oldest));
                }
                // A damaged message does not expire: it stays damaged until somebody decides. Those behind it do.
                Err(EngineError::Damaged(_)) => damaged.insert(sequence),
                Err(error) => return Err(error),
            };
        }
    }

    /// Returns the messages that are known to be damaged.
    fn unreadable_messages(&self) -> BTreeSet<Sequence> {
        let damages = self.damages.lock();
        let records = damages.iter().filter(|damage| damage.kind == DamageKind::Record);
        records.filter_map(|damage| Some(damage.sequences?.0)).collect()
    }

    fn due_messages(&self, config: &StreamConfig, now: Timestamp) -> Result<Vec<Sequence>, EngineError> {
        let damaged = self.unreadable_messages();
        let index = self.index.read();
        let mut due: Vec<Sequence> = index.deadlines.due(now.as_nanos()).take(EXPIRED_PER_ROUND).collect();
        let aging: Vec<_> = match config.age_max {
            Some(_) => {
                let live = aging(&index, &damaged).take(EXPIRED_PER_ROUND);
                live.filter_map(|sequence| index.locate(sequence)).collect()
            }
            None => Vec::new(),
        };
        drop(index);
        let age_max = config.age_max.unwrap_or(Duration::MAX);
        for place in aging {
            match self.read_at(&place) {
                // Messages are stored in the order of their times.
                Ok(message) if message.time.saturating_add(age_max) > now => break,
                Ok(_) => due.push(place.sequence),
                Err(EngineError::Damaged(_)) => {}
                Err(error) => return Err(error),
            }
        }
        due.sort_unstable();
        due.dedup();
        Ok(due)
    }

    /// Says whether the stream notes that this message is gone: it was the last of its subject and no marker itself.
    fn leaves_marker(&self, sequence: Sequence, due: &[Sequence]) -> bool {
        let index = self.index.read();
        let Some(id) = index.subject_of(sequence) else { return false };
        let last = index.last_of_id(id);
        last.sequence == sequence
            && !matches!(last.operation, Operation::Purge | Operation::Marker(_))
            && index.revisions(id).all(|found| due.binary_search(&found).is_ok())
    }

    fn queue_marker(
        &self,
        writer: &mut Writer,
        config: &StreamConfig,
        sequence: Sequence,
        marker: &LimitMarker,
    ) -> Result<(), EngineError> {
        let index = self.index.read();
        let Some(subject) = index.subject_of(sequence).and_then(|id| index.subject(id)) else {
            return Ok(());
        };
        let append = Append {
            subject: &subject,
            headers: &marker.headers,
            payload: &[],
            operation: Operation::Marker(MarkerReason::MaxAge),
            ttl: Ttl::After(marker.ttl),
            expect: Expect::Nothing,
            rollup: Rollup::Subject,
            origin: None,
            priority: Priority::Reclaim,
            keeping: Keeping::Kept,
        };
        self.queue_server_message(writer, &index, config, &append)
    }
}

/// Returns the messages that the age limit concerns, oldest first, without those that cannot be read.
fn aging<'a>(index: &'a StreamIndex, damaged: &'a BTreeSet<Sequence>) -> impl Iterator<Item = Sequence> + 'a {
    let live = index.live_from(index.first()).map(|(sequence, _)| sequence);
    live.filter(|sequence| !index.deadlines.never_expires(*sequence) && !damaged.contains(sequence))
}

/// Messages that expire in one commit.
const EXPIRED_PER_ROUND: usize = 1000;
