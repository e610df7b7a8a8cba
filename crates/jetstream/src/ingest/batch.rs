//! Atomic batches: messages that are stored together or not at all (PROTOCOL 3.6).

use super::dedupe::Remembered;
use super::known::Known;
use super::{Accepted, Incoming, Ingest, Prepared, PublishError, Rules, prepare};
use jetkv_engine::{Append, Expect, Priority, Rollup, Ttl};
use jetkv_types::{Headers, Operation, Sequence, Subject, SubjectFilter, Timestamp};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// The batches of a stream that are not complete.
#[derive(Debug, Default)]
pub(super) struct Batches {
    open: HashMap<Box<str>, Open>,
    bytes: usize,
}

#[derive(Debug)]
struct Open {
    messages: Vec<Staged>,
    bytes: usize,
    touched: Timestamp,
}

/// A message that waits for the rest of its batch.
#[derive(Debug)]
struct Staged {
    subject: Subject,
    headers: Headers,
    payload: Vec<u8>,
    operation: Operation,
    ttl: Ttl,
    rollup: Rollup,
    filter: Option<SubjectFilter>,
    of_subject: Option<Sequence>,
    of_stream: Option<Sequence>,
    id: Option<Box<str>>,
}

impl Batches {
    pub(super) fn expire(&mut self, now: Timestamp) -> Option<Timestamp> {
        let late: Vec<_> = self
            .open
            .iter()
            .filter(|(_, open)| now.since(open.touched) >= IDLE_MAX)
            .map(|(id, _)| id.clone())
            .collect();
        for id in late {
            self.take(&id);
        }
        self.open.values().map(|open| open.touched.saturating_add(IDLE_MAX)).min()
    }

    fn take(&mut self, id: &str) -> Option<Open> {
        let open = self.open.remove(id)?;
        self.bytes -= open.bytes;
        Some(open)
    }
}

impl Ingest {
    pub(super) fn publish_batched(
        &self,
        incoming: &Incoming<'_>,
        known: Known<'_>,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<Accepted, PublishError> {
        if !rules.batches {
            return Err(PublishError::BatchDisabled);
        }
        let id = known.batch_id.ok_or(PublishError::BatchIdInvalid)?;
        if id.len() > ID_BYTES_MAX {
            return Err(PublishError::BatchIdInvalid);
        }
        let mut batches = self.batches.lock();
        batches.expire(now);
        let outcome = self.stage(&mut batches, id, incoming, known, rules, now);
        if outcome.is_err() {
            // A batch with a message that is refused can never be complete.
            batches.take(id);
        }
        let ends = outcome?;
        if !ends {
            return Ok(Accepted::Staged);
        }
        let Some(open) = batches.take(id) else { return Err(PublishError::BatchIncomplete) };
        drop(batches);
        self.commit_batch(id, &open.messages, rules, now)
    }

    /// Takes a message into its batch; says whether that is complete now.
    fn stage(
        &self,
        batches: &mut Batches,
        id: &str,
        incoming: &Incoming<'_>,
        known: Known<'_>,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<bool, PublishError> {
        let place: usize = known
            .batch_sequence
            .and_then(|text| text.parse().ok())
            .filter(|place| *place > 0)
            .ok_or(PublishError::BatchSequenceMissing)?;
        let ends = match known.batch_commit {
            None => End::No,
            Some("1") => End::WithThis,
            Some("eob") => End::BeforeThis,
            Some(_) => return Err(PublishError::BatchCommitInvalid),
        };
        if known.expected_last_id.is_some() {
            return Err(PublishError::BatchHeader { header: "Nats-Expected-Last-Msg-Id" });
        }
        if place == 1 {
            batches.take(id);
            if batches.open.len() >= OPEN_MAX {
                return Err(PublishError::TooManyBatches);
            }
            let open = Open { messages: Vec::new(), bytes: 0, touched: now };
            batches.open.insert(id.into(), open);
        }
        let open = batches.open.get_mut(id).ok_or(PublishError::BatchIncomplete)?;
        if place != open.messages.len() + 1 {
            return Err(PublishError::BatchIncomplete);
        }
        open.touched = now;
        if ends == End::BeforeThis {
            return if open.messages.is_empty() { Err(PublishError::BatchIncomplete) } else { Ok(true) };
        }
        let bytes = incoming.headers.len() + incoming.payload.len() + incoming.subject.as_bytes().len();
        if place > MESSAGES_MAX || batches.bytes + bytes > STAGED_BYTES_MAX {
            return Err(PublishError::BatchTooLarge { most: MESSAGES_MAX });
        }
        self.check_before_expectations(incoming, &known, rules)?;
        let filter = known.expected_subject_filter()?;
        let number = |text: Option<&str>| text.map(|text| text.parse().unwrap_or(u64::MAX));
        let (of_subject, of_stream) = (number(known.expected_last_of_subject), number(known.expected_last));
        let prepared = prepare(incoming, known, filter, rules)?;
        open.messages.push(Staged::new(prepared, incoming, of_subject, of_stream));
        open.bytes += bytes;
        batches.bytes += bytes;
        Ok(ends == End::WithThis)
    }

    fn commit_batch(
        &self,
        id: &str,
        messages: &[Staged],
        rules: &Rules,
        now: Timestamp,
    ) -> Result<Accepted, PublishError> {
        let mut ids = self.ids(now, rules);
        let mut seen = HashSet::new();
        for message_id in messages.iter().filter_map(|message| message.id.as_deref()) {
            if !seen.insert(message_id) || ids.find(message_id).is_some() {
                return Err(PublishError::BatchDuplicateId);
            }
        }
        let appends: Vec<_> = messages.iter().map(Staged::append).collect();
        let commit = self.stream.append(&appends);
        let mut stored_ids = Vec::new();
        if let Ok(committed) = commit.sequences() {
            for (message, sequence) in messages.iter().zip(committed.first..) {
                if let Some(id) = &message.id {
                    ids.insert(Remembered { id: id.clone(), sequence, time: now });
                    stored_ids.push(id.clone());
                }
            }
        }
        Ok(Accepted::BatchStored { commit, id: id.into(), count: messages.len(), ids: stored_ids })
    }
}

impl Staged {
    fn new(
        prepared: Prepared<'_>,
        incoming: &Incoming<'_>,
        of_subject: Option<Sequence>,
        of_stream: Option<Sequence>,
    ) -> Self {
        Self {
            subject: incoming.subject.clone(),
            payload: incoming.payload.to_vec(),
            operation: prepared.operation,
            ttl: prepared.ttl,
            rollup: prepared.rollup,
            filter: prepared.filter,
            of_subject,
            of_stream,
            id: prepared.known.message_id.map(Box::from),
            headers: prepared.headers,
        }
    }

    fn append(&self) -> Append<'_> {
        let filter = self.filter.as_ref();
        let expect = match (self.of_subject, filter, self.of_stream) {
            (None, _, None) => Expect::Nothing,
            (None, _, Some(stream)) => Expect::LastOfStream(stream),
            (Some(sequence), None, None) => Expect::LastOfSubject(sequence),
            (Some(sequence), Some(filter), None) => Expect::LastMatching(filter, sequence),
            (Some(subject), filter, Some(stream)) => Expect::Both { subject, filter, stream },
        };
        Append {
            subject: &self.subject,
            headers: &self.headers,
            payload: &self.payload,
            operation: self.operation,
            ttl: self.ttl,
            expect,
            rollup: self.rollup,
            origin: None,
            priority: if self.operation == Operation::Put { Priority::Normal } else { Priority::Reclaim },
        }
    }
}

/// How a message ends its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    No,
    WithThis,
    BeforeThis,
}

const ID_BYTES_MAX: usize = 64;
const MESSAGES_MAX: usize = 1_000;
const OPEN_MAX: usize = 50;
const IDLE_MAX: Duration = Duration::from_secs(10);
/// Most bytes that the open batches of a stream may hold.
const STAGED_BYTES_MAX: usize = 64 << 20;
