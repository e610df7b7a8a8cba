//! The way of a message from the wire into a stream: what its headers ask for, in the reference's order (PROTOCOL 3.3).

mod batch;
mod dedupe;
mod error;
mod known;
mod ready;
#[cfg(test)]
mod tests;

pub use error::PublishError;
pub use ready::Ready;

use crate::settings::attributes;
use crate::{MessageTtl, operation_of_words};
use batch::Batches;
use bytes::Bytes;
use dedupe::{Ids, Remembered};
use jetkv_engine::{Append, Commit, Expect, Keeping, Priority, Purge, Rollup, Stream, StreamConfig, Ttl};
use jetkv_types::limits::{HEADER_BLOCK_BYTES_MAX, MESSAGE_BYTES_MAX};
use jetkv_types::{Headers, Operation, Sequence, Subject, SubjectFilter, Timestamp};
use known::Known;
use parking_lot::{Mutex, RwLock};
use std::time::Duration;

/// Takes messages off the wire for one stream, and remembers what that needs: message ids and unfinished batches.
#[derive(Debug)]
pub struct Ingest {
    stream: Stream,
    rules: RwLock<Rules>,
    ids: Mutex<Ids>,
    batches: Mutex<Batches>,
}

/// A message as it came.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// The subject, rewritten already if the stream asks for it; the stream must capture it.
    pub subject: &'a Subject,
    /// The raw header block, empty if there is none.
    pub headers: &'a [u8],
    /// The payload; may be empty.
    pub payload: &'a [u8],
}

/// What became of a message that was not refused.
#[derive(Debug)]
pub enum Accepted {
    /// It is on its way into the stream; the commit tells whether it got there.
    Stored {
        /// The append.
        commit: Commit,
        /// Its id, for [`Ingest::forget`] if the commit fails.
        id: Option<Box<str>>,
        /// Its subject holds wildcards and it replaces what is older: everything below it that matches goes as well.
        also_purge: Option<SubjectFilter>,
    },
    /// A message with the same id is stored already, or on its way.
    Duplicate {
        /// Its sequence.
        sequence: Sequence,
        /// Done when that message is.
        settled: Commit,
    },
    /// Nobody is interested in it: it gets its sequence and is not kept.
    Passed {
        /// The use of the sequence.
        commit: Commit,
        /// Its id, for [`Ingest::forget`] if the commit fails.
        id: Option<Box<str>>,
        /// What it replaces all the same, if it says so: everything before it that matches.
        replaces: Option<Purge>,
    },
    /// It waits for the rest of its batch.
    Staged,
    /// A batch is complete and on its way.
    BatchStored {
        /// The append of all its messages.
        commit: Commit,
        /// The id of the batch.
        id: Box<str>,
        /// How many messages are stored.
        count: usize,
        /// The ids of its messages, for [`Ingest::forget`] if the commit fails.
        ids: Vec<Box<str>>,
    },
}

/// What the configuration says about messages that come.
#[derive(Debug, Clone, Copy)]
struct Rules {
    sealed: bool,
    rollup: bool,
    message_ttl: bool,
    batches: bool,
    by_interest: bool,
    duplicate_window: Duration,
    /// A shorter time to live is raised to this many seconds.
    ttl_seconds_min: u64,
    message_bytes_max: usize,
}

/// A message whose own words were understood.
#[derive(Debug)]
pub(crate) struct Prepared<'a> {
    headers: Headers,
    operation: Operation,
    ttl: Ttl,
    rollup: Rollup,
    known: Known<'a>,
}

impl Ingest {
    /// Begins to take messages for a stream.
    #[must_use]
    pub fn new(stream: Stream) -> Self {
        let rules = RwLock::new(Rules::of(&stream.config()));
        Self { stream, rules, ids: Mutex::default(), batches: Mutex::default() }
    }

    /// Reads the configuration of the stream again, after it changed.
    pub fn refresh(&self) {
        *self.rules.write() = Rules::of(&self.stream.config());
    }

    /// Hands a message to the stream. A stream that keeps by interest asks `wants` whether any consumer is interested in a
    /// subject; what it says must hold until this returns.
    ///
    /// # Errors
    /// [`PublishError`] for what is wrong with the message; what the stream says comes out of the commit and becomes a
    /// [`PublishError`] by `From`.
    pub fn publish(
        &self,
        incoming: &Incoming<'_>,
        now: Timestamp,
        wants: &mut dyn FnMut(&Subject) -> bool,
    ) -> Result<Accepted, PublishError> {
        let rules = *self.rules.read();
        if incoming.headers.is_empty() {
            return self.publish_plain(incoming, &rules, wants);
        }
        let known = Known::of(incoming.headers);
        if let Some(id) = known.batch_id {
            return self.publish_batched(incoming, id, &known, &rules, now, wants);
        }
        self.check_before_expectations(incoming, &known, &rules)?;
        let expectation = known.expectation(incoming.subject)?;
        let is_watched = known.message_id.is_some() && !rules.duplicate_window.is_zero();
        let mut ids = is_watched.then(|| self.ids(now, &rules));
        let keeping = rules.keeping(incoming.subject, wants);
        match self.judge(incoming, known, &rules, ids.as_deref(), keeping) {
            Ok(Judged::Fresh(prepared)) => {
                let append = Append {
                    keeping,
                    ..prepared.append(incoming.subject, incoming.payload, expectation.expect())
                };
                let commit = self.stream.append(&[append]);
                let id = known.message_id.filter(|_| is_watched);
                if let (Some(ids), Some(id), Ok(committed)) = (&mut ids, id, commit.sequences()) {
                    ids.insert(Remembered { id: id.into(), sequence: committed.last, time: now });
                }
                let id = id.map(Box::from);
                Ok(match keeping {
                    Keeping::Kept => prepared.stored(commit, id, incoming.subject),
                    Keeping::Passed => {
                        Accepted::Passed { commit, id, replaces: prepared.replaces(incoming.subject) }
                    }
                })
            }
            // What is wrong with the message is told only if its expectations hold.
            Ok(Judged::Duplicate(sequence)) => {
                drop(ids);
                self.verify(incoming.subject, expectation.expect())?;
                Ok(self.duplicate(sequence))
            }
            Err(error) => {
                drop(ids);
                self.verify(incoming.subject, expectation.expect())?;
                Err(error)
            }
        }
    }

    /// Forgets message ids whose commit failed.
    pub fn forget(&self, ids: &[Box<str>]) {
        self.ids.lock().forget(ids);
    }

    /// Drops batches that nobody went on with; returns when to look again.
    pub fn expire_batches(&self, now: Timestamp) -> Option<Timestamp> {
        self.batches.lock().expire(now)
    }

    fn publish_plain(
        &self,
        incoming: &Incoming<'_>,
        rules: &Rules,
        wants: &mut dyn FnMut(&Subject) -> bool,
    ) -> Result<Accepted, PublishError> {
        check_size(incoming, rules)?;
        if rules.sealed {
            return Err(PublishError::Sealed);
        }
        let keeping = rules.keeping(incoming.subject, wants);
        let append = Append { keeping, ..Append::put(incoming.subject, incoming.payload) };
        let commit = self.stream.append(&[append]);
        Ok(match keeping {
            Keeping::Kept => Accepted::Stored { commit, id: None, also_purge: None },
            Keeping::Passed => Accepted::Passed { commit, id: None, replaces: None },
        })
    }

    /// Checks 1 to 5.
    fn check_before_expectations(
        &self,
        incoming: &Incoming<'_>,
        known: &Known<'_>,
        rules: &Rules,
    ) -> Result<(), PublishError> {
        check_size(incoming, rules)?;
        if rules.sealed {
            return Err(PublishError::Sealed);
        }
        if let Some(increment) = known.increment {
            return Err(if known::is_integer(increment) {
                PublishError::CountersDisabled
            } else {
                PublishError::InvalidIncrement
            });
        }
        if known.expected_stream.is_some_and(|name| name != self.stream.name().as_str()) {
            return Err(PublishError::WrongStream);
        }
        if !rules.message_ttl && known.ttl.is_some_and(|text| MessageTtl::clamped(text).is_ok()) {
            return Err(PublishError::TtlDisabled);
        }
        Ok(())
    }

    fn verify(&self, subject: &Subject, expect: Expect<'_>) -> Result<(), PublishError> {
        match expect {
            Expect::Nothing => Ok(()),
            expect => Ok(self.stream.verify(subject, expect)?),
        }
    }

    fn duplicate(&self, sequence: Sequence) -> Accepted {
        // An append of nothing is done when everything queued before it is.
        Accepted::Duplicate { sequence, settled: self.stream.append(&[]) }
    }

    fn ids(&self, now: Timestamp, rules: &Rules) -> parking_lot::MutexGuard<'_, Ids> {
        let mut ids = self.ids.lock();
        ids.prepare(&self.stream, now, rules.duplicate_window);
        ids
    }

    /// Checks 8 to 17, one after the other.
    fn judge<'a>(
        &self,
        incoming: &Incoming<'_>,
        known: Known<'a>,
        rules: &Rules,
        ids: Option<&Ids>,
        keeping: Keeping,
    ) -> Result<Judged<'a>, PublishError> {
        if known.has_schedule {
            return Err(PublishError::SchedulesDisabled);
        }
        if known.has_scheduler {
            return Err(PublishError::SchedulerHeader);
        }
        if known.has_stream_source {
            return Err(PublishError::SourceHeader);
        }
        if let (Some(ids), Some(id)) = (ids, known.message_id)
            && let Some(sequence) = ids.find(id)
        {
            return Ok(Judged::Duplicate(sequence));
        }
        if let Some(expected) = known.expected_last_id {
            self.check_last_id(expected, ids, rules)?;
        }
        prepare(incoming, known, rules, keeping).map(Judged::Fresh)
    }

    /// Check 11. It has to know the last message, whatever is queued before it.
    fn check_last_id(&self, expected: &str, ids: Option<&Ids>, rules: &Rules) -> Result<(), PublishError> {
        self.stream.append(&[]).wait()?;
        let last = self.stream.last_sequence();
        let found = match ids {
            Some(ids) => ids.id_of(last),
            None => self.ids.lock().id_of(last),
        };
        // What is not remembered, because no id was looked for yet or none is remembered at all, is read.
        let found = match found.filter(|_| !rules.duplicate_window.is_zero()) {
            Some(id) => id,
            None => {
                let last = self.stream.get(last)?;
                last.as_ref().and_then(|last| last.headers.get(known::MESSAGE_ID)).unwrap_or_default().into()
            }
        };
        if *found == *expected { Ok(()) } else { Err(PublishError::WrongLastId { found }) }
    }
}

/// What becomes of a message whose expectations hold.
#[expect(clippy::large_enum_variant, reason = "it lives for one call, and most messages are fresh")]
enum Judged<'a> {
    Fresh(Prepared<'a>),
    /// It is the message with this sequence.
    Duplicate(Sequence),
}

fn check_size(incoming: &Incoming<'_>, rules: &Rules) -> Result<(), PublishError> {
    let bytes = incoming.headers.len() + incoming.payload.len();
    if bytes > rules.message_bytes_max {
        return Err(PublishError::TooLarge);
    }
    if bytes > MESSAGE_BYTES_MAX {
        return Err(PublishError::TooLargeForStore);
    }
    Ok(())
}

/// Checks 12 and 15 to 17, and works out what is stored.
fn prepare<'a>(
    incoming: &Incoming<'_>,
    known: Known<'a>,
    rules: &Rules,
    keeping: Keeping,
) -> Result<Prepared<'a>, PublishError> {
    let rollup = match known.rollup {
        None => Rollup::None,
        Some(_) if !rules.rollup => return Err(PublishError::RollupNotPermitted),
        Some(word) if word.eq_ignore_ascii_case("sub") => Rollup::Subject,
        Some(word) if word.eq_ignore_ascii_case("all") => Rollup::Stream,
        Some(word) => return Err(PublishError::InvalidRollup { value: word.into() }),
    };
    if incoming.headers.len() > HEADER_BLOCK_BYTES_MAX {
        return Err(PublishError::HeadersTooLarge);
    }
    // As long as a message that is not kept lives is nobody's concern, in the reference neither.
    let ttl = known.ttl.filter(|_| keeping == Keeping::Kept);
    let ttl = ttl.map(MessageTtl::clamped).transpose().map_err(|_| PublishError::InvalidTtl)?;
    let raised = ttl.map(|ttl| ttl.raised_to(rules.ttl_seconds_min));
    let block = match raised {
        Some(ttl) if Some(ttl) != known.ttl.and_then(|text| MessageTtl::clamped(text).ok()) => {
            known::with_ttl(incoming.headers, &ttl.header_value())
        }
        _ => known::without_status(incoming.headers),
    };
    let headers = Headers::from_block(Bytes::from(block)).ok().filter(Headers::is_clean);
    let headers = headers.ok_or(PublishError::MalformedHeaders)?;
    Ok(Prepared {
        headers,
        operation: operation_of_words(known.operation, known.marker_reason),
        ttl: raised.map_or(Ttl::Stream, Ttl::from),
        rollup,
        known,
    })
}

impl Prepared<'_> {
    fn append<'b>(&'b self, subject: &'b Subject, payload: &'b [u8], expect: Expect<'b>) -> Append<'b> {
        Append {
            subject,
            headers: &self.headers,
            payload,
            operation: self.operation,
            ttl: self.ttl,
            expect,
            rollup: self.rollup,
            origin: None,
            priority: if self.operation == Operation::Put { Priority::Normal } else { Priority::Reclaim },
            keeping: Keeping::Kept,
        }
    }

    fn replaces(&self, subject: &Subject) -> Option<Purge> {
        let filter = match self.rollup {
            Rollup::None => return None,
            Rollup::Stream => None,
            Rollup::Subject => Some(SubjectFilter::new(subject.as_str()).ok()?),
        };
        Some(Purge { filter, ..Purge::default() })
    }

    fn stored(&self, commit: Commit, id: Option<Box<str>>, subject: &Subject) -> Accepted {
        let also_purge = (self.rollup == Rollup::Subject && known::has_wildcards(subject))
            .then(|| SubjectFilter::new(subject.as_str()).ok())
            .flatten();
        Accepted::Stored { commit, id, also_purge }
    }
}

impl Rules {
    /// Says whether a message is kept.
    fn keeping(&self, subject: &Subject, wants: &mut dyn FnMut(&Subject) -> bool) -> Keeping {
        if self.by_interest && !wants(subject) { Keeping::Passed } else { Keeping::Kept }
    }

    fn of(config: &StreamConfig) -> Self {
        let ttl_seconds_min = match &config.limit_marker {
            Some(marker) if config.messages_per_subject_max != Some(1) => marker.ttl.as_secs(),
            _ => 0,
        };
        Self {
            sealed: attributes::is_sealed(config),
            rollup: attributes::permits_rollup(config),
            message_ttl: attributes::permits_message_ttl(config),
            batches: attributes::permits_batches(config),
            by_interest: attributes::keeps_by_interest(config),
            duplicate_window: attributes::duplicate_window(config),
            ttl_seconds_min,
            message_bytes_max: config
                .message_bytes_max
                .and_then(|bytes| usize::try_from(bytes).ok())
                .unwrap_or(usize::MAX),
        }
    }
}
