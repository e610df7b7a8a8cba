//! What a replica keeps: the bucket in a store of its own, and how far it has come.

use crate::backend::{Backend, Embedded, EmbeddedStream, Fault, StreamHandle};
use crate::config::explain;
use crate::names::BucketNames;
use crate::{KeyValue, KvError, Revision};
use jetkv_engine::{EngineError, Purge, Select, Stream};
use jetkv_jetstream::{JetStreamError, Place, StreamSettings, copy};
use jetkv_types::{Message, Sequence, SubjectFilter, Timestamp};

/// The store of a replica.
#[derive(Debug)]
pub(super) struct Keep {
    store: Embedded,
    names: BucketNames,
    filters: Vec<SubjectFilter>,
    content: Option<Content>,
}

/// The bucket in it.
#[derive(Debug)]
pub(super) struct Content {
    bucket: KeyValue,
    stream: Stream,
    settings: StreamSettings,
}

/// What was to be kept does not continue what is there.
#[derive(Debug)]
pub(super) struct OutOfStep;

impl Keep {
    /// Takes what is there from an earlier time, if it was kept with the same filters.
    pub(super) fn open(
        store: Embedded,
        names: BucketNames,
        filters: Vec<SubjectFilter>,
    ) -> Result<Self, KvError> {
        let mut keep = Self { store, names, filters, content: None };
        match keep.store.stream(&keep.names.stream) {
            Ok(found) => keep.take(found)?,
            Err(Fault::Stream(JetStreamError::Engine(EngineError::StreamNotFound { .. }))) => {}
            Err(fault) => return Err(keep.explain(fault)),
        }
        Ok(keep)
    }

    fn take(&mut self, found: EmbeddedStream) -> Result<(), KvError> {
        let settings = StreamSettings::from_engine(&found.0.config());
        let settings = settings.map_err(|error| self.explain(error))?;
        if !settings.metadata.contains_key(ORIGIN) {
            return Err(KvError::BucketExists { bucket: self.names.bucket.as_ref().into() });
        }
        let has_same_filters = settings.metadata.get(FILTERS) == Some(&self.filter_words());
        self.content = Some(self.content_of(found, settings));
        // What is damaged is fetched again with everything else.
        if !has_same_filters
            || self.content.as_ref().is_some_and(|content| !content.stream.damages().is_empty())
        {
            self.forget()?;
        }
        Ok(())
    }

    pub(super) fn content(&self) -> Option<&Content> {
        self.content.as_ref()
    }

    pub(super) fn names(&self) -> &BucketNames {
        &self.names
    }

    pub(super) fn filters(&self) -> &[SubjectFilter] {
        &self.filters
    }

    /// Says whether all keys are wanted.
    pub(super) fn has_all(&self) -> bool {
        self.filters.contains(&self.names.all)
    }

    /// Begins with nothing, as a replica of the stream `origin`, whose settings are `source`.
    pub(super) fn begin(&mut self, origin: String, source: &StreamSettings) -> Result<(), KvError> {
        let mut settings = StreamSettings::new(self.names.stream.clone(), vec![self.names.all.clone()]);
        settings.allow_rollup = true;
        settings.allow_direct = true;
        settings.allow_msg_ttl = true;
        settings.compression = source.compression;
        settings.metadata.insert(ORIGIN.into(), origin);
        settings.metadata.insert(FILTERS.into(), self.filter_words());
        let settings = following(settings, source);
        let created = self.store.create_stream(&settings).map_err(|fault| self.explain(fault))?;
        self.content = Some(self.content_of(created, settings));
        Ok(())
    }

    /// Follows a change of the source's settings.
    pub(super) fn configure(&mut self, source: &StreamSettings) -> Result<(), KvError> {
        self.update(|settings| following(settings, source))
    }

    /// Notes that it has been complete.
    pub(super) fn complete(&mut self) -> Result<(), KvError> {
        self.update(|mut settings| {
            settings.metadata.insert(COMPLETE.into(), "yes".into());
            settings
        })
    }

    /// Removes everything.
    pub(super) fn forget(&mut self) -> Result<(), KvError> {
        self.content = None;
        match self.store.store().delete_stream(&self.names.stream) {
            Ok(()) | Err(EngineError::StreamNotFound { .. }) => Ok(()),
            Err(error) => Err(self.explain(error)),
        }
    }

    pub(super) fn close(&self) -> Result<(), KvError> {
        self.store.store().close().map_err(KvError::from_store)
    }

    /// Returns the time by which entries expire here.
    pub(super) fn now(&self) -> Timestamp {
        self.store.store().now()
    }

    pub(super) fn explain(&self, fault: impl Into<Fault>) -> KvError {
        explain(&self.names.bucket, "embedded", fault.into())
    }

    fn update(&mut self, change: impl FnOnce(StreamSettings) -> StreamSettings) -> Result<(), KvError> {
        let Some(content) = &mut self.content else { return Ok(()) };
        let settings = change(content.settings.clone());
        if settings != content.settings {
            let updated = self.store.update_stream(settings.clone());
            updated.map_err(|fault| explain(&self.names.bucket, "embedded", fault))?;
            content.settings = settings;
        }
        Ok(())
    }

    fn content_of(&self, stream: EmbeddedStream, settings: StreamSettings) -> Content {
        let engine = stream.0.clone();
        let backend = Backend::Embedded(self.store.clone());
        let bucket = KeyValue::new(backend, StreamHandle::Embedded(stream), self.names.clone());
        Content { bucket, stream: engine, settings }
    }

    fn filter_words(&self) -> String {
        let mut filters: Vec<_> = self.filters.iter().map(SubjectFilter::as_str).collect();
        filters.sort_unstable();
        filters.join(" ")
    }
}

impl Content {
    pub(super) fn bucket(&self) -> &KeyValue {
        &self.bucket
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Returns what the source is called, and when it was created.
    pub(super) fn origin(&self) -> &str {
        self.settings.metadata.get(ORIGIN).map_or("", String::as_str)
    }

    pub(super) fn is_complete(&self) -> bool {
        self.settings.metadata.contains_key(COMPLETE)
    }

    /// Returns the last revision that was kept.
    pub(super) fn position(&self) -> Revision {
        self.stream.last_sequence()
    }

    /// Returns how many messages are kept.
    pub(super) fn entries(&self) -> usize {
        usize::try_from(self.stream.state().messages).unwrap_or(usize::MAX)
    }

    /// Keeps messages of the source, all or none.
    pub(super) fn apply(&self, messages: &[Message]) -> Result<Result<(), OutOfStep>, EngineError> {
        let (Some(first), Some(last)) = (messages.first(), messages.last()) else { return Ok(Ok(())) };
        // A copy that cannot keep its place would get another one.
        if first.sequence <= self.position() {
            return Ok(Err(OutOfStep));
        }
        let kept = copy(&self.stream, messages, Place::Kept, &mut |_| true).wait()?;
        Ok(if kept.last == last.sequence { Ok(()) } else { Err(OutOfStep) })
    }

    /// Returns the sequences of all that is kept, up to `last`.
    pub(super) fn sequences(&self, last: Sequence) -> Result<Vec<Sequence>, EngineError> {
        let mut sequences = self.stream.select(&[SubjectFilter::all()], Select::All, 1)?.sequences;
        sequences.retain(|sequence| *sequence <= last);
        Ok(sequences)
    }

    /// Removes messages, which are sorted; what is before `kept` is removed at once.
    pub(super) fn remove(&self, gone: &[Sequence], kept: Option<Sequence>) -> Result<(), EngineError> {
        let before = gone.partition_point(|&sequence| kept.is_none_or(|kept| sequence < kept));
        if let Some(last) = gone[..before].last() {
            self.stream.purge(&Purge { below: Some(last.saturating_add(1)), ..Purge::default() })?;
        }
        gone[before..].iter().try_for_each(|&sequence| self.stream.remove(sequence).map(drop))
    }
}

/// Returns how many entries a bucket in this process has.
pub(super) fn entries(bucket: &KeyValue) -> u64 {
    match bucket.stream() {
        StreamHandle::Embedded(stream) => stream.0.state().messages,
        #[cfg(feature = "remote")]
        StreamHandle::Remote(_) => 0,
    }
}

/// Takes over what decides how long entries stay. Markers of expired keys are not made here: they come from the source.
fn following(settings: StreamSettings, source: &StreamSettings) -> StreamSettings {
    StreamSettings {
        max_age: source.max_age,
        max_msgs_per_subject: source.max_msgs_per_subject,
        duplicate_window: None,
        ..settings
    }
    .normalized()
}

/// In the metadata of a replica: the bucket that it is one of, and when that was created.
const ORIGIN: &str = "jetkv.replica-of";
/// The filters of subjects that it was kept with.
const FILTERS: &str = "jetkv.replica-filters";
/// It has been complete.
const COMPLETE: &str = "jetkv.replica-complete";
