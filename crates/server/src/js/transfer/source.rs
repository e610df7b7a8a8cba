//! The bytes of a backup, made while they are sent.

use crate::js::consumers::archived;
use jetkv_engine::{EngineError, Frozen};
use jetkv_jetstream::consumer::ConsumerSnapshot;
use jetkv_types::{Message, Timestamp};
use jetkv_wire::archive::{self, Entry};
use jetkv_wire::{api, json, s2};
use std::vec::IntoIter;

/// An archive of a stream that is compressed piece by piece.
pub(super) struct Source {
    frozen: Frozen,
    consumers: IntoIter<ConsumerSnapshot>,
    now: Timestamp,
    /// None when the end is written.
    writer: Option<s2::Writer>,
    /// Ready to be sent.
    ready: Vec<u8>,
}

impl Source {
    /// Begins the archive; `state` is what it says of the stream.
    pub(super) fn new(
        frozen: Frozen,
        consumers: Vec<ConsumerSnapshot>,
        state: &api::StreamState,
        now: Timestamp,
    ) -> Self {
        let consumers = consumers.into_iter();
        let mut source =
            Self { frozen, consumers, now, writer: Some(s2::Writer::default()), ready: Vec::new() };
        let mut start = Vec::new();
        archive::write_start(&mut start);
        source.write(&start);
        source.write_json("state.json".into(), json::to_vec(state));
        source
    }

    /// Says whether a chunk of so many bytes, or the last one, can be taken.
    pub(super) fn has(&self, bytes: usize) -> bool {
        self.ready.len() >= bytes || self.writer.is_none()
    }

    /// Goes on until so many bytes are ready, or all are. It reads files.
    ///
    /// # Errors
    /// That a message cannot be read; there is no archive without it.
    pub(super) fn fill(&mut self, bytes: usize) -> Result<(), EngineError> {
        while !self.has(bytes) {
            if let Some(consumer) = self.consumers.next() {
                let name = format!("consumers/{}", consumer.name);
                self.write_json(name, json::to_vec(&archived(&consumer)));
                continue;
            }
            match self.frozen.next_message()? {
                Some(message) => self.write_entry(&entry_of(message)),
                None => {
                    let mut end = Vec::new();
                    archive::write_end(&mut end);
                    self.write(&end);
                    if let Some(writer) = self.writer.take() {
                        writer.finish(&mut self.ready);
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes a chunk of so many bytes; a shorter one, perhaps an empty one, is the last.
    pub(super) fn take(&mut self, bytes: usize) -> Vec<u8> {
        let rest = self.ready.split_off(self.ready.len().min(bytes));
        std::mem::replace(&mut self.ready, rest)
    }

    fn write_json(&mut self, name: String, json: Vec<u8>) {
        let time = nanos(self.now);
        self.write_entry(&Entry {
            name,
            time,
            sequence: 0,
            headers: Default::default(),
            payload: json.into(),
        });
    }

    fn write_entry(&mut self, entry: &Entry) {
        let mut bytes = Vec::new();
        archive::write_entry(entry, &mut bytes);
        self.write(&bytes);
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(writer) = &mut self.writer {
            writer.write(bytes, &mut self.ready);
        }
    }
}

fn entry_of(message: Message) -> Entry {
    Entry {
        name: message.subject.as_str().into(),
        time: nanos(message.time),
        sequence: message.sequence,
        headers: message.headers.as_block().to_vec().into(),
        payload: message.payload,
    }
}

fn nanos(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}
