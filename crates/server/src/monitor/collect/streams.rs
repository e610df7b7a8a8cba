//! Takes snapshots of streams and consumers.

use crate::account::Account;
use crate::js::{self, JetStream, StreamHandle};
use crate::monitor::snapshot::{AccountStreams, Consumers, StreamFacts};
use jetkv_engine::Storage;
use serde_json::value::RawValue;
use std::sync::Arc;

/// Describes the streams of an account; `None` if it has none by configuration.
pub(super) fn of_account(account: &Arc<Account>, with_consumers: Consumers) -> Option<AccountStreams> {
    let jetstream = account.jetstream()?;
    let streams = jetstream.matching(None);
    let describe = |handle: &Arc<StreamHandle>| describe(jetstream, account, handle, with_consumers);
    Some(AccountStreams {
        name: account.name().to_owned(),
        api: jetstream.counts(),
        reserved: (jetstream.settings.memory_bytes_max, jetstream.settings.file_bytes_max),
        streams: streams.iter().map(describe).collect(),
    })
}

fn describe(
    jetstream: &JetStream,
    account: &Account,
    handle: &StreamHandle,
    with_consumers: Consumers,
) -> StreamFacts {
    let info = js::show_stream(jetstream, handle);
    let consumers = js::show_consumers(jetstream, account, handle);
    let details =
        if with_consumers == Consumers::InFull { consumers.iter().map(raw).collect() } else { Vec::new() };
    let facts = handle.facts();
    StreamFacts {
        name: handle.stream.name().as_str().to_owned(),
        created: handle.stream.created(),
        in_memory: facts.settings.storage == Storage::Memory,
        messages: info.state.messages,
        bytes: info.state.bytes,
        reserved: facts.settings.max_bytes.unwrap_or(0),
        damages: handle.stream.damages().iter().map(ToString::to_string).collect(),
        consumers: consumers.into_iter().map(|consumer| consumer.name).collect(),
        config: raw(&info.config),
        state: raw(&info.state),
        consumer_details: details,
    }
}

/// Writes a value as the JetStream API writes it.
fn raw<T: serde::Serialize>(value: &T) -> Box<RawValue> {
    let text = String::from_utf8(jetkv_wire::json::to_vec(value)).unwrap_or_default();
    RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
