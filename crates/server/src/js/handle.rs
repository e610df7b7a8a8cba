//! A stream as the server knows it.

use super::copier::{Copier, Plan, Progress};
use super::state::JetStream;
use jetkv_engine::Stream;
use jetkv_jetstream::{Ingest, JetStreamError, Place, Source, StreamSettings, SubjectMapping};
use jetkv_types::{Sequence, Subject};
use parking_lot::{Mutex, RwLock};
use std::collections::HashMap;
use std::sync::Arc;

/// A stream, what it says about itself, and what takes its messages in.
#[derive(Debug)]
pub(crate) struct StreamHandle {
    pub(crate) stream: Stream,
    pub(crate) ingest: Ingest,
    facts: RwLock<Arc<Facts>>,
    /// The last sequences of subjects that are published again, as far as they are not visible yet.
    latest: Mutex<HashMap<Subject, Sequence>>,
    /// What copies into this stream, the mirror or the sources in their order.
    copiers: Mutex<Vec<Copier>>,
}

/// What the settings of a stream mean, worked out once.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) settings: StreamSettings,
    /// How subjects are rewritten on their way in.
    pub(crate) transform: Option<SubjectMapping>,
    /// How stored messages are published again.
    pub(crate) republish: Option<SubjectMapping>,
}

impl StreamHandle {
    /// Takes over a stream of the engine.
    pub(crate) fn new(stream: Stream) -> Result<Self, JetStreamError> {
        let facts = Facts::of(&stream)?;
        Ok(Self {
            ingest: Ingest::new(stream.clone()),
            facts: RwLock::new(Arc::new(facts)),
            latest: Mutex::default(),
            copiers: Mutex::default(),
            stream,
        })
    }

    pub(crate) fn facts(&self) -> Arc<Facts> {
        Arc::clone(&self.facts.read())
    }

    /// Returns the sequence of the message of `subject` before the one with `sequence`, which was queued a moment ago.
    pub(crate) fn previous(&self, subject: &Subject, sequence: Sequence) -> Sequence {
        let mut latest = self.latest.lock();
        let visible = self.stream.last_sequence();
        latest.retain(|_, queued| *queued > visible);
        latest.insert(subject.clone(), sequence).unwrap_or_else(|| {
            let known = self.stream.subject_state(subject).ok().flatten();
            known.map_or(0, |state| state.sequence)
        })
    }

    /// Begins to copy from what the settings name; what copied before ends.
    pub(crate) fn start_copiers(self: &Arc<Self>, jetstream: &Arc<JetStream>) {
        let facts = self.facts();
        let mirror = facts.settings.mirror.iter().map(|mirror| Plan::new(mirror, Place::Kept));
        let sources = facts.settings.sources.iter().map(|source| Plan::new(source, Place::New));
        let mut copiers = self.copiers.lock();
        copiers.clear();
        copiers.extend(mirror.chain(sources).map(|plan| Copier::start(jetstream, self, plan)));
    }

    /// Ends all copying.
    pub(crate) fn stop_copiers(&self) {
        self.copiers.lock().clear();
    }

    /// Returns what is copied from, and how far that has come.
    pub(crate) fn origins(&self) -> Vec<(Source, Progress)> {
        self.copiers.lock().iter().map(|copier| (copier.source().clone(), copier.progress())).collect()
    }

    /// Says whether messages may be read without a consumer.
    pub(crate) fn answers_directly(&self) -> bool {
        let facts = self.facts.read();
        facts.settings.allow_direct || facts.settings.mirror_direct
    }

    /// Returns how many consumers there are.
    pub(crate) fn consumer_count(&self) -> usize {
        0
    }

    /// Reads the settings again after they changed.
    pub(crate) fn refresh(&self) -> Result<(), JetStreamError> {
        let facts = Arc::new(Facts::of(&self.stream)?);
        *self.facts.write() = facts;
        self.ingest.refresh();
        Ok(())
    }
}

impl Facts {
    fn of(stream: &Stream) -> Result<Self, JetStreamError> {
        let settings = StreamSettings::from_engine(&stream.config())?;
        // Both were checked when they came.
        let transform = settings
            .subject_transform
            .as_ref()
            .and_then(|rule| SubjectMapping::new(&rule.source, &rule.destination).ok());
        let republish = settings
            .republish
            .as_ref()
            .and_then(|rule| SubjectMapping::new(&rule.source, &rule.destination).ok());
        Ok(Self { settings, transform, republish })
    }
}
