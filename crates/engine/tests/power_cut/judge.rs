//! The judge: reads everything that a store holds and compares it with what it may hold.

use jetkv_engine::{EngineError, Select, Store, Stream, StreamConfig, StreamState};
use jetkv_types::{Message, StreamName, Subject, SubjectFilter};
use std::collections::BTreeSet;
use std::sync::Arc;
use testkit::Model;

/// A stream as a reader sees it.
pub(crate) struct Seen {
    stream: Stream,
    messages: Vec<Message>,
    state: StreamState,
    config: Arc<StreamConfig>,
}

impl Seen {
    /// Reads everything; `None` if there is no such stream.
    pub(crate) fn of(store: &Store, name: &StreamName) -> Result<Option<Self>, String> {
        let stream = match store.stream(name) {
            Ok(stream) => stream,
            Err(EngineError::StreamNotFound { .. }) => return Ok(None),
            Err(error) => return Err(format!("stream {name} cannot be opened: {error}")),
        };
        let fails = |error: EngineError| format!("stream {name} cannot be read: {error}");
        let selection = stream.select(&[SubjectFilter::all()], Select::All, 0).map_err(fails)?;
        let mut messages = Vec::new();
        for sequence in selection.sequences {
            let message = stream.get(sequence).map_err(fails)?;
            messages.push(message.ok_or_else(|| format!("{sequence} of {name} is selected and not there"))?);
        }
        let (state, config) = (stream.state(), stream.config());
        Ok(Some(Self { stream, messages, state, config }))
    }

    /// Returns the first difference to what is expected.
    pub(crate) fn difference(&self, expected: &Model) -> Option<String> {
        let mut wanted = expected.messages();
        for found in &self.messages {
            match wanted.next() {
                Some(wanted) if wanted == found => {}
                wanted => {
                    return Some(format!("expected {}, found {}", text(wanted), text(Some(found))));
                }
            }
        }
        if let Some(lost) = wanted.next() {
            return Some(format!("expected {}, found nothing", text(Some(lost))));
        }
        if *self.config != expected.config {
            return Some(format!("expected configuration {:?}, found {:?}", expected.config, self.config));
        }
        let state = &self.state;
        let found = (state.last_sequence, state.first_sequence, state.messages, state.bytes, state.subjects);
        let subjects = u64::try_from(expected.subjects().len()).unwrap();
        let wanted = (
            expected.last_sequence(),
            expected.first_sequence(),
            expected.count(),
            expected.bytes(),
            subjects,
        );
        (found != wanted)
            .then(|| format!("expected (last, first, messages, bytes, subjects) {wanted:?}, found {found:?}"))
    }

    /// Asks for each subject in every other way.
    pub(crate) fn check_subjects(&self, expected: &Model, keys: &[Subject]) -> Result<(), String> {
        let fails = |error: EngineError| format!("a read fails: {error}");
        let known: BTreeSet<_> = keys.iter().chain(expected.subjects()).collect();
        for subject in known {
            let (last, state) = (
                self.stream.last(subject).map_err(fails)?,
                self.stream.subject_state(subject).map_err(fails)?,
            );
            if last.as_ref() != expected.last(subject) {
                let wanted = text(expected.last(subject));
                return Err(format!("last of {subject}: expected {wanted}, found {}", text(last.as_ref())));
            }
            let (found, wanted) =
                (self.stream.revisions(subject).map_err(fails)?, expected.revisions(subject));
            if found != wanted {
                return Err(format!("revisions of {subject}: expected {wanted:?}, found {found:?}"));
            }
            let found = state.map(|state| (state.sequence, state.operation, state.messages));
            let wanted = expected
                .last(subject)
                .map(|last| (last.sequence, last.operation, u64::try_from(wanted.len()).unwrap()));
            if found != wanted {
                return Err(format!("state of {subject}: expected {wanted:?}, found {found:?}"));
            }
        }
        let count = self.stream.count_subjects(&SubjectFilter::all()).map_err(fails)?;
        let wanted = u64::try_from(expected.subjects().len()).unwrap();
        if count == wanted { Ok(()) } else { Err(format!("expected {wanted} subjects, counted {count}")) }
    }
}

/// Finds nothing that affects data, in what the store knows or, if it is to read everything, in what it finds.
pub(crate) fn check_damages(store: &Store, thoroughly: bool) -> Result<(), String> {
    let mut damages = store.damages();
    if thoroughly {
        damages.extend(store.check(&mut |_, _| {}).map_err(|error| format!("the check fails: {error}"))?);
    }
    match damages.iter().find(|damage| damage.kind.affects_data()) {
        Some(damage) => Err(format!("a damage is told: {damage}")),
        None => Ok(()),
    }
}

fn text(message: Option<&Message>) -> String {
    let Some(message) = message else { return "nothing".to_owned() };
    let start = String::from_utf8_lossy(&message.payload[..message.payload.len().min(12)]).into_owned();
    format!(
        "{}={} ({:?}, {} bytes {start:?}, {} bytes of headers, at {})",
        message.sequence,
        message.subject,
        message.operation,
        message.payload.len(),
        message.headers.as_block().len(),
        message.time.as_nanos() / 1_000_000_000,
    )
}
