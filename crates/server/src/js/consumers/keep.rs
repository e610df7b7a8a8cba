//! Durable consumers in a stream of the server's own, so that they survive: one subject each, with JSON.

use super::convert::{config_of, read_config};
use crate::js::state::INTERNAL_PREFIX;
use jetkv_engine::{Append, EngineError, Purge, Store, Stream, StreamConfig};
use jetkv_jetstream::consumer::{ConsumerSnapshot, PendingAck, Position};
use jetkv_types::{Sequence, StreamName, Subject, SubjectFilter, Timestamp};
use jetkv_wire::api;
use jetkv_wire::json::{self, Strictness};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// Stores and finds durable consumers. Its stream is made when the first one is stored.
#[derive(Debug)]
pub(crate) struct Keeper {
    store: Store,
    stream: Mutex<Option<Stream>>,
}

/// The token before the name of a source.
const SOURCE: &str = "source";

/// Name of the stream that has them.
pub(crate) const NAME: &str = "$jetkv-consumers";

impl Keeper {
    pub(crate) fn new(store: Store) -> Self {
        debug_assert!(NAME.starts_with(INTERNAL_PREFIX), "clients must not see it");
        let found = StreamName::new(NAME).ok().and_then(|name| store.stream(&name).ok());
        Self { store, stream: Mutex::new(found) }
    }

    /// Returns a number for random choices.
    pub(crate) fn seed(&self) -> u64 {
        self.store.now().as_nanos()
    }

    /// Stores a consumer of `stream`; it is as durable as any message when this returns.
    pub(crate) fn store(&self, stream: &str, snapshot: &ConsumerSnapshot) -> Result<(), EngineError> {
        let Some(subject) = subject(stream, &snapshot.name) else { return Ok(()) };
        let kept = Kept::of(snapshot);
        let body = json::to_vec(&kept);
        self.open()?.append(&[Append::put(&subject, &body)]).wait().map(drop)
    }

    /// Forgets one consumer of `stream`, or all.
    pub(crate) fn forget(&self, stream: &str, consumer: Option<&str>) -> Result<(), EngineError> {
        let Some(kept) = self.stream.lock().clone() else { return Ok(()) };
        let filter = format!("{stream}.{}", consumer.unwrap_or(">"));
        let Ok(filter) = SubjectFilter::new(filter) else { return Ok(()) };
        kept.purge(&Purge { filter: Some(filter), ..Purge::default() }).map(drop)
    }

    /// Returns the consumers of all streams, each with the name of its stream.
    pub(crate) fn all(&self) -> Result<Vec<(String, ConsumerSnapshot)>, EngineError> {
        let Some(kept) = self.stream.lock().clone() else { return Ok(Vec::new()) };
        let (mut found, mut from) = (Vec::new(), 0);
        while let Some(message) = kept.first_matching(&[SubjectFilter::all()], from)? {
            from = message.sequence + 1;
            let mut tokens = message.subject.tokens();
            let stream = tokens.next().unwrap_or_default().to_owned();
            if tokens.nth(1).is_some() {
                // It is no consumer.
                continue;
            }
            // Another version may have stored what this one cannot read; it stays where it is.
            if let Ok(read) = json::decode::<Kept>(&message.payload, Strictness::Lenient) {
                found.push((stream, read.into_snapshot()));
            }
        }
        Ok(found)
    }

    /// Stores up to which sequence of its origin a source of `stream` has copied, for a stream in which the copies do not
    /// stay; it is as durable as any message when this returns.
    pub(crate) fn store_copied(&self, stream: &str, source: &str, upto: Sequence) -> Result<(), EngineError> {
        let Ok(subject) = Subject::new(format!("{stream}.{SOURCE}.{source}")) else { return Ok(()) };
        self.open()?.append(&[Append::put(&subject, upto.to_string().as_bytes())]).wait().map(drop)
    }

    /// Returns up to which sequence a source of `stream` has copied; 0 if it is not known.
    pub(crate) fn copied(&self, stream: &str, source: &str) -> Result<Sequence, EngineError> {
        let Some(kept) = self.stream.lock().clone() else { return Ok(0) };
        let Ok(subject) = Subject::new(format!("{stream}.{SOURCE}.{source}")) else { return Ok(0) };
        let message = kept.last(&subject)?;
        let text = message.as_ref().and_then(|message| std::str::from_utf8(&message.payload).ok());
        Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    fn open(&self) -> Result<Stream, EngineError> {
        let mut stream = self.stream.lock();
        if let Some(stream) = &*stream {
            return Ok(stream.clone());
        }
        let name = StreamName::new(NAME).map_err(|_| EngineError::Closed)?;
        let mut config = StreamConfig::new(name, vec![SubjectFilter::all()]);
        config.messages_per_subject_max = Some(1);
        Ok(stream.insert(self.store.create_stream(config)?).clone())
    }
}

fn subject(stream: &str, consumer: &str) -> Option<Subject> {
    Subject::new(format!("{stream}.{consumer}")).ok()
}

/// A consumer as it is stored.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    name: String,
    /// Nanoseconds since 1970, as all times here.
    created: u64,
    config: api::ConsumerConfig,
    delivered: KeptPosition,
    ack_floor: KeptPosition,
    pending: Vec<KeptAck>,
    given_up: Vec<Sequence>,
    filtered_since: Sequence,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default)]
struct KeptPosition {
    consumer_seq: u64,
    stream_seq: Sequence,
    /// 0 for none.
    last_active: u64,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default)]
struct KeptAck {
    stream_seq: Sequence,
    consumer_seq: u64,
    delivered: u64,
    redeliveries: u64,
}

impl Kept {
    fn of(snapshot: &ConsumerSnapshot) -> Self {
        let position = |position: &Position| KeptPosition {
            consumer_seq: position.consumer_seq,
            stream_seq: position.stream_seq,
            last_active: position.last_active.map_or(0, Timestamp::as_nanos),
        };
        let ack = |ack: &PendingAck| KeptAck {
            stream_seq: ack.stream_seq,
            consumer_seq: ack.consumer_seq,
            delivered: ack.delivered.as_nanos(),
            redeliveries: ack.redeliveries,
        };
        Self {
            name: snapshot.name.clone(),
            created: snapshot.created.as_nanos(),
            config: config_of(&snapshot.config),
            delivered: position(&snapshot.delivered),
            ack_floor: position(&snapshot.ack_floor),
            pending: snapshot.pending.iter().map(ack).collect(),
            given_up: snapshot.given_up.clone(),
            filtered_since: snapshot.filtered_since,
        }
    }

    fn into_snapshot(self) -> ConsumerSnapshot {
        let position = |position: KeptPosition| Position {
            consumer_seq: position.consumer_seq,
            stream_seq: position.stream_seq,
            last_active: (position.last_active > 0).then(|| Timestamp::from_nanos(position.last_active)),
        };
        let ack = |ack: &KeptAck| PendingAck {
            stream_seq: ack.stream_seq,
            consumer_seq: ack.consumer_seq,
            delivered: Timestamp::from_nanos(ack.delivered),
            redeliveries: ack.redeliveries,
        };
        ConsumerSnapshot {
            name: self.name,
            created: Timestamp::from_nanos(self.created),
            config: read_config(self.config),
            is_kept: true,
            delivered: position(self.delivered),
            ack_floor: position(self.ack_floor),
            pending: self.pending.iter().map(ack).collect(),
            given_up: self.given_up,
            filtered_since: self.filtered_since,
        }
    }
}
