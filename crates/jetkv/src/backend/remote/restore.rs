//! Putting a stream on a server as it was elsewhere, sequences and times included: `STREAM.RESTORE` (PROTOCOL 2.7).

use super::error::{RemoteError, explain, explain_settings};
use super::link::Repeat;
use super::{Remote, RemoteStream, settings};
use crate::backend::{Fault, Outcome};
use bytes::Bytes;
use jetkv_engine::{EngineError, StreamState};
use jetkv_jetstream::StreamSettings;
use jetkv_types::{Message, StreamName, Timestamp};
use jetkv_wire::api::{self, RestoreRequest, RestoreResponse, StreamCreateResponse};
use jetkv_wire::archive::{self, Entry};
use jetkv_wire::{json, s2};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A stream on its way. It is there when it is finished, all of it or nothing.
#[derive(Debug)]
pub(crate) struct Restore {
    place: Remote,
    name: StreamName,
    /// Where the chunks go.
    deliver: String,
    writer: s2::Writer,
    ready: Vec<u8>,
    chunk_bytes: usize,
}

impl Remote {
    /// Begins with a stream that is not there yet; `state` says what will come.
    pub(crate) async fn begin_restore(
        &self,
        settings: &StreamSettings,
        state: &StreamState,
    ) -> Outcome<Restore> {
        self.check(settings)?;
        // The chunks go to a subject that imports and domains do not carry.
        if !self.link.write_subject("").is_empty() {
            return Err(RemoteError::unsupported("a restore through a domain or an import").into());
        }
        // A cluster shows what has come of an interrupted restore for a while, and then leaves an empty stream behind.
        if self.link.client.server_info().cluster.is_some() {
            return Err(RemoteError::unsupported("a restore in a cluster").into());
        }
        let config = self.within_reach(settings::show(&settings.clone().normalized()));
        let state = shown(state);
        let head = json::to_vec(&state);
        let (link, name) = (Arc::clone(&self.link), settings.name.clone());
        let asking = self.runtime.run(async move {
            let body = Bytes::from(json::to_vec(&RestoreRequest { config, state }));
            let verb = format!("STREAM.RESTORE.{name}");
            match link.api::<RestoreResponse>(&verb, body, Repeat::Never).await? {
                // Also the name of a restore that was given up half-way and is not yet forgotten.
                Err(error) if error.err_code == 10130 => Err(EngineError::StreamExists { name }.into()),
                answer => answer.map_err(|error| explain_settings(error, &name)),
            }
        });
        let deliver = asking.await?.deliver_subject;
        let chunk_bytes = CHUNK_BYTES.min(self.link.client.max_payload() / 2).max(1);
        let mut restore = Restore {
            place: self.clone(),
            name: settings.name.clone(),
            deliver,
            writer: s2::Writer::default(),
            ready: Vec::new(),
            chunk_bytes,
        };
        let mut start = Vec::new();
        archive::write_start(&mut start);
        let (name, payload) = ("state.json".into(), head.into());
        let entry = Entry { name, time: 0, sequence: 0, headers: Bytes::new(), payload };
        archive::write_entry(&entry, &mut start);
        restore.write(&start).await?;
        Ok(restore)
    }
}

impl Remote {
    /// Lets some time pass, until something at the server may be over.
    pub(crate) async fn pause(&self, span: Duration) {
        let paused = self.runtime.run(async move {
            sleep(span).await;
            Ok(())
        });
        // A connection that is closed meanwhile shows itself in what is done next.
        paused.await.ok();
    }
}

impl Restore {
    /// Sends messages, in the order of their sequences.
    pub(crate) async fn push(&mut self, messages: Vec<Message>) -> Outcome<()> {
        for message in messages {
            let entry = Entry {
                name: message.subject.as_str().into(),
                time: nanos(message.time),
                sequence: message.sequence,
                headers: message.headers.as_block().to_vec().into(),
                payload: message.payload,
            };
            let mut bytes = Vec::new();
            archive::write_entry(&entry, &mut bytes);
            self.write(&bytes).await?;
        }
        Ok(())
    }

    /// Says that this was all, and waits until the stream is there.
    pub(crate) async fn finish(&mut self) -> Outcome<RemoteStream> {
        let mut end = Vec::new();
        archive::write_end(&mut end);
        self.write(&end).await?;
        let writer = std::mem::take(&mut self.writer);
        writer.finish(&mut self.ready);
        while !self.ready.is_empty() {
            let chunk = self.ready.split_off(self.chunk_bytes.min(self.ready.len()));
            let chunk = std::mem::replace(&mut self.ready, chunk);
            self.send(chunk, CHUNK_PATIENCE).await?;
        }
        let answer = self.send(Vec::new(), END_PATIENCE).await?;
        let answer: Result<StreamCreateResponse, _> = api::decode_response(&answer)
            .map_err(|fault| RemoteError::unexpected("STREAM.RESTORE", fault))?;
        let info = answer.map_err(|error| explain(error, &self.name))?.info;
        Ok(self.place.found(self.name.clone(), &info))
    }

    async fn write(&mut self, bytes: &[u8]) -> Outcome<()> {
        self.writer.write(bytes, &mut self.ready);
        while self.ready.len() >= self.chunk_bytes {
            let rest = self.ready.split_off(self.chunk_bytes);
            let chunk = std::mem::replace(&mut self.ready, rest);
            self.send(chunk, CHUNK_PATIENCE).await?;
        }
        Ok(())
    }

    /// Sends a chunk and waits until the server has taken it.
    async fn send(&self, chunk: Vec<u8>, patience: Duration) -> Result<Bytes, Fault> {
        let (link, deliver) = (Arc::clone(&self.place.link), self.deliver.clone());
        let patience = patience.max(link.timeout);
        let sending = self.place.runtime.run(async move {
            let until = Instant::now() + patience;
            link.ask_once(&deliver, None, chunk.into(), until).await.map(|answer| answer.payload)
        });
        sending.await
    }
}

fn shown(state: &StreamState) -> api::StreamState {
    api::StreamState {
        messages: state.messages,
        bytes: state.bytes,
        first_seq: state.first_sequence,
        first_ts: state.first_time,
        last_seq: state.last_sequence,
        last_ts: state.last_time,
        num_subjects: i64::try_from(state.subjects).unwrap_or(i64::MAX),
        ..api::StreamState::default()
    }
}

fn nanos(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

const CHUNK_BYTES: usize = 256 << 10;
const CHUNK_PATIENCE: Duration = Duration::from_secs(10);
/// The server checks and stores everything before it answers the end.
const END_PATIENCE: Duration = Duration::from_secs(120);
