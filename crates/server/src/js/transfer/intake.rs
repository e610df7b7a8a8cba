//! The bytes of a restore: an archive that is read piece by piece into a stream that nobody sees yet.

use crate::js::consumers::unarchived;
use crate::js::errors::{self, fixed};
use crate::js::handle::StreamHandle;
use crate::js::state::{JetStream, StreamProblem};
use jetkv_engine::{Draft, EngineError, Storage, StreamConfig};
use jetkv_jetstream::consumer::ConsumerSnapshot;
use jetkv_jetstream::{StreamSettings, operation_of, put_back};
use jetkv_types::limits::HEADER_BLOCK_BYTES_MAX;
use jetkv_types::{Headers, Message, Sequence, Subject, SubjectFilter, Timestamp};
use jetkv_wire::archive::{self, Entry};
use jetkv_wire::error::ApiError;
use jetkv_wire::json::{self, Strictness};
use jetkv_wire::{api, s2};
use std::sync::Arc;

/// A restore that has begun. Dropping it removes what came.
pub(super) struct Intake {
    jetstream: Arc<JetStream>,
    settings: StreamSettings,
    /// What the stream will have in the end.
    config: StreamConfig,
    compressed: s2::Reader,
    archive: archive::Reader,
    stage: Stage,
    state: api::StreamState,
    consumers: Vec<ConsumerSnapshot>,
    draft: Option<Draft>,
    /// Whether the draft takes subjects that the stream will not.
    widened: bool,
    batch: Vec<Message>,
    batch_bytes: usize,
    /// Of the last message.
    sequence: Sequence,
}

/// Which entries come next.
#[derive(Clone, Copy)]
enum Stage {
    State,
    /// So many consumers.
    Consumers(i64),
    Messages,
}

/// Why nothing is restored.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The words behind "restore failed".
    Text(String),
    /// An error of its own.
    Api(ApiError),
}

impl Refusal {
    pub(super) fn into_error(self) -> ApiError {
        match self {
            Self::Text(text) => {
                ApiError { code: 500, err_code: 10062, description: format!("restore failed: {text}").into() }
            }
            Self::Api(error) => error,
        }
    }
}

impl From<EngineError> for Refusal {
    fn from(error: EngineError) -> Self {
        Self::Text(errors::describe(&error))
    }
}

impl From<s2::S2Error> for Refusal {
    fn from(error: s2::S2Error) -> Self {
        Self::Text(error.to_string())
    }
}

impl From<archive::ArchiveError> for Refusal {
    fn from(error: archive::ArchiveError) -> Self {
        Self::Text(error.to_string())
    }
}

impl Intake {
    /// Prepares for the archive of a stream with these settings, which become `config` in the engine's words.
    pub(super) fn new(jetstream: Arc<JetStream>, settings: StreamSettings, config: StreamConfig) -> Self {
        Self {
            jetstream,
            settings,
            config,
            compressed: s2::Reader::default(),
            archive: archive::Reader::default(),
            stage: Stage::State,
            state: api::StreamState::default(),
            consumers: Vec::new(),
            draft: None,
            widened: false,
            batch: Vec::new(),
            batch_bytes: 0,
            sequence: 0,
        }
    }

    /// Takes a chunk; writes files.
    pub(super) fn take(&mut self, chunk: &[u8]) -> Result<(), Refusal> {
        // What follows the end mark is of no interest.
        if self.archive.has_ended() {
            return Ok(());
        }
        self.compressed.push(chunk);
        let mut bytes = Vec::new();
        while self.compressed.next_chunk(&mut bytes)? {
            self.archive.push(&bytes);
            bytes.clear();
            while let Some(entry) = self.archive.next_entry()? {
                self.entry(entry)?;
            }
            if self.archive.has_ended() {
                break;
            }
        }
        Ok(())
    }

    fn entry(&mut self, entry: Entry) -> Result<(), Refusal> {
        match self.stage {
            Stage::State => self.begin(&entry),
            Stage::Consumers(left) => {
                let found = || Refusal::Text(format!("expected consumer, found {:?}", entry.name));
                let name = entry.name.strip_prefix("consumers/").ok_or_else(found)?;
                self.stage = if left > 1 { Stage::Consumers(left - 1) } else { Stage::Messages };
                self.consumer(name, &entry.payload)
            }
            Stage::Messages => self.message(entry),
        }
    }

    fn begin(&mut self, entry: &Entry) -> Result<(), Refusal> {
        if entry.name != "state.json" {
            return Err(Refusal::Text("expected state.json first".into()));
        }
        let state = json::decode(&entry.payload, Strictness::Lenient);
        self.state = state.map_err(|fault| Refusal::Text(format!("error in state.json: {fault}")))?;
        self.stage = match self.state.consumer_count {
            ..=0 => Stage::Messages,
            count => Stage::Consumers(count),
        };
        // The limits come last: what was in the stream is in it again, whatever is put back first.
        self.draft = Some(self.jetstream.store.draft_stream(StreamConfig {
            messages_max: None,
            bytes_max: None,
            age_max: None,
            messages_per_subject_max: None,
            message_bytes_max: None,
            limit_marker: None,
            first_sequence: None,
            discard: jetkv_engine::Discard::Old,
            ..self.config.clone()
        })?);
        Ok(())
    }

    fn consumer(&mut self, name: &str, json: &[u8]) -> Result<(), Refusal> {
        let archived = json::decode(json, Strictness::Lenient);
        let archived = archived
            .map_err(|fault| Refusal::Text(format!("failed to decode consumer {name:?} state: {fault}")))?;
        if self.consumers.len() >= CONSUMERS_MAX {
            return Err(Refusal::Text(format!("more than {CONSUMERS_MAX} consumers")));
        }
        self.consumers.push(unarchived(name, archived, self.jetstream.store.now()));
        Ok(())
    }

    fn message(&mut self, entry: Entry) -> Result<(), Refusal> {
        let sequence = entry.sequence;
        if sequence == 0 {
            return Err(Refusal::Text("expected message sequence".into()));
        }
        if sequence <= self.sequence {
            return Err(Refusal::Text(format!("message sequence {sequence} out of order")));
        }
        let malformed = |what| Refusal::Text(format!("malformed {what} of message sequence {sequence}"));
        let subject = Subject::new(entry.name).map_err(|_| malformed("subject"))?;
        if entry.headers.len() > HEADER_BLOCK_BYTES_MAX {
            return Err(malformed("header"));
        }
        let bytes = entry.headers.len() + entry.payload.len() + subject.as_bytes().len();
        let headers = Headers::from_block(entry.headers).map_err(|_| malformed("header"))?;
        let time = Timestamp::from_nanos(u64::try_from(entry.time).unwrap_or(0));
        let operation = operation_of(&headers);
        if !self.widened && !self.config.captures(subject.as_str()) {
            self.widen()?;
        }
        // Messages far apart do not go together.
        let first = self.batch.first().map_or(sequence, |message| message.sequence);
        if sequence - first > BATCH_REACH_MAX {
            self.flush()?;
        }
        self.sequence = sequence;
        self.batch.push(Message { subject, sequence, time, operation, headers, payload: entry.payload });
        self.batch_bytes += bytes;
        if self.batch.len() >= BATCH_MESSAGES_MAX || self.batch_bytes >= BATCH_BYTES_MAX {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Lets the draft take any subject: the stream may have had others before.
    fn widen(&mut self) -> Result<(), Refusal> {
        self.flush()?;
        self.widened = true;
        let draft = self.draft()?;
        let subjects = vec![SubjectFilter::all()];
        draft.configure(StreamConfig { subjects, ..(*draft.stream().config()).clone() })?;
        Ok(())
    }

    fn draft(&self) -> Result<&Draft, Refusal> {
        self.draft.as_ref().ok_or_else(|| Refusal::Text("expected state.json first".into()))
    }

    fn flush(&mut self) -> Result<(), Refusal> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let stream = self.draft()?.stream();
        put_back(stream, &self.batch).wait()?;
        let memory = self.config.storage == Storage::Memory;
        if self.jetstream.is_used_up_by(memory, stream.bytes()) {
            return Err(Refusal::Api(errors::of_stream(&StreamProblem::NoRoom { memory })));
        }
        self.batch.clear();
        self.batch_bytes = 0;
        Ok(())
    }

    /// Ends the restore: lets the stream be seen, which is durable then, with its consumers.
    pub(super) fn finish(mut self) -> Result<Arc<StreamHandle>, Refusal> {
        if !self.archive.has_ended() {
            std::mem::take(&mut self.compressed).finish()?;
        }
        std::mem::take(&mut self.archive).finish()?;
        self.flush()?;
        let Some(draft) = self.draft.take() else {
            return Err(Refusal::Text("expected state.json first".into()));
        };
        if !matches!(self.stage, Stage::Messages) {
            return Err(Refusal::Text("expected consumer, found the end".into()));
        }
        let next = self.state.last_seq.max(self.sequence).saturating_add(1);
        draft.stream().advance(next)?;
        draft.configure(self.config.clone())?;
        let consumers = self.jetstream.check_consumers(draft.stream(), &self.settings, &self.consumers);
        let consumers = consumers.map_err(|(name, error)| {
            Refusal::Text(format!("failed to add consumer {name:?}: {error} ({})", error.err_code()))
        })?;
        self.jetstream.adopt(draft, &self.settings, &consumers).map_err(|problem| match problem {
            StreamProblem::Exists => Refusal::Api(fixed::NAME_IN_USE),
            StreamProblem::NoRoom { .. } | StreamProblem::TooMany => {
                Refusal::Api(errors::of_stream(&problem))
            }
            problem => {
                let error = errors::of_stream(&problem);
                Refusal::Text(format!("error adding stream: {} ({})", error.description, error.err_code))
            }
        })
    }
}

/// What goes to the draft in one step, and how far apart its sequences may be.
const BATCH_MESSAGES_MAX: usize = 1_024;
const BATCH_BYTES_MAX: usize = 4 << 20;
const BATCH_REACH_MAX: u64 = 1 << 30;
/// Most consumers of one archive; all of them are in memory until it ends.
const CONSUMERS_MAX: usize = 100_000;

#[cfg(test)]
mod tests;
