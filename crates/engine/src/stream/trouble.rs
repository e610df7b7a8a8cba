//! What is wrong with a stream: damage that is known, writes that it refuses, and looking for damage that nobody has met.

use super::{Stream, StreamInner};
use crate::append::{Append, Expect};
use crate::damage::{Damage, DamageKind};
use crate::error::EngineError;
use crate::stream::read::Select;
use jetkv_types::{Sequence, SubjectFilter};
use std::sync::Arc;

/// A part of a stream that was read and compared with its checksums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Where to go on.
    pub next: Sequence,
    /// Bytes that were read.
    pub bytes: u64,
}

impl Stream {
    /// Returns everything known to be damaged in this stream; it reads nothing. A message that could not be read and was
    /// replaced or removed since is no longer among it.
    #[must_use]
    pub fn damages(&self) -> Vec<Damage> {
        let index = self.inner.index.read();
        let mut damages = self.inner.damages.lock().clone();
        damages.retain(|damage| match (damage.kind, damage.sequences) {
            (DamageKind::Record, Some((first, last))) if first == last => index.subject_of(first).is_some(),
            _ => true,
        });
        damages
    }

    /// Returns why the stream takes no writes until the store is opened again, if that is so.
    #[must_use]
    pub fn read_only(&self) -> Option<EngineError> {
        let stopped = self.inner.writer.lock().stopped.clone();
        stopped.filter(|error| matches!(error, EngineError::Poisoned { .. }))
    }

    /// Says whether [`Self::damages`] or [`Self::read_only`] may have something to tell. It costs next to nothing; a stream
    /// that is busy is looked at another time.
    #[must_use]
    pub fn has_troubles(&self) -> bool {
        let stopped = || self.inner.writer.try_lock().is_some_and(|writer| writer.stopped.is_some());
        !self.inner.damages.lock().is_empty() || stopped()
    }

    /// Returns a damage that keeps a selection of messages from `from` on from being complete: one of them that is known to
    /// be unreadable, or a stretch of lost ones. It reads nothing.
    #[must_use]
    pub fn damage_in(&self, filters: &[SubjectFilter], which: Select, from: Sequence) -> Option<Arc<Damage>> {
        let index = self.inner.index.read();
        if let Some(hole) = index.hole_after(from.checked_sub(1)) {
            return Some(Arc::clone(hole));
        }
        let damages = self.inner.damages.lock();
        let concerns = |damage: &&Damage| {
            let (DamageKind::Record, Some((sequence, _)), Some(subject)) =
                (damage.kind, damage.sequences, &damage.subject)
            else {
                return false;
            };
            let is_there = match which {
                Select::All => index.subject_of(sequence).is_some(),
                Select::LastPerSubject => {
                    index.last_of(subject.as_bytes()).is_some_and(|last| last.sequence == sequence)
                }
            };
            is_there && sequence >= from && filters.iter().any(|filter| filter.matches(subject.as_str()))
        };
        damages.iter().find(concerns).map(|damage| Arc::new(damage.clone()))
    }

    /// Reads the messages from `from` on, at most `count` of them and not many more than `bytes_max`, and notes those that
    /// cannot be read as they were written; returns `None` behind the last one. It keeps nothing and holds no lock while it
    /// reads, so that a whole stream can be verified at leisure.
    ///
    /// # Errors
    /// `Io` if the disk does not give a segment; `StreamDeleted`, `Closed`.
    pub fn verify_from(
        &self,
        from: Sequence,
        count: usize,
        bytes_max: u64,
    ) -> Result<Option<Verified>, EngineError> {
        self.inner.check_readable()?;
        let places: Vec<_> = {
            let index = self.inner.index.read();
            let live = index.live_from(from).map(|(sequence, _)| sequence).take(count);
            live.filter_map(|sequence| index.locate(sequence)).collect()
        };
        let mut verified = Verified { next: from, bytes: 0 };
        for place in &places {
            match self.inner.read_at(place) {
                Ok(_) | Err(EngineError::Damaged(_)) => {}
                Err(error) => return Err(error),
            }
            verified = Verified { next: place.sequence + 1, bytes: verified.bytes + u64::from(place.length) };
            if verified.bytes >= bytes_max {
                break;
            }
        }
        Ok((!places.is_empty()).then_some(verified))
    }
}

impl StreamInner {
    /// Remembers a damage, once.
    pub(super) fn note_damage(&self, damage: Damage) {
        let mut damages = self.damages.lock();
        if !damages.contains(&damage) {
            damages.push(damage);
        }
    }

    /// Returns the known damage of a message.
    pub(super) fn known_damage(&self, sequence: Sequence) -> Option<Arc<Damage>> {
        let damages = self.damages.lock();
        let hit = |damage: &&Damage| {
            damage.kind.affects_data()
                && damage.sequences.is_some_and(|(first, last)| (first..=last).contains(&sequence))
        };
        damages.iter().find(hit).map(|damage| Arc::new(damage.clone()))
    }

    /// Reads the messages that a batch builds on and that an earlier process wrote, so that damage is noticed before
    /// anything rests on it. Called without locks.
    pub(super) fn read_expected(&self, batch: &[Append<'_>]) {
        for append in batch {
            let expected = match append.expect {
                Expect::LastOfSubject(expected) | Expect::LastMatching(_, expected) => expected,
                Expect::Both { subject, .. } => subject,
                Expect::Nothing | Expect::LastOfStream(_) | Expect::NoValue => continue,
            };
            if expected == 0 || expected >= self.opened_at {
                continue;
            }
            let place = self.index.read().locate(expected);
            if let Some(place) = place {
                // What is wrong is noted, and the check finds it.
                let _ = self.read_at(&place);
            }
        }
    }
}
