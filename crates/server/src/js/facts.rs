//! What monitoring shows of streams and consumers.

use super::consumers::{Details, info_of};
use super::convert::{self, Words};
use super::handle::StreamHandle;
use super::state::JetStream;
use super::trouble::{self, Trouble};
use crate::account::Account;
use crate::monitor::{AccountStreams, Consumers, StreamFacts, StreamFigures};
use crate::router::{Origin, Publisher};
use jetkv_engine::{Storage, Stream};
use jetkv_wire::json;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// Describes the streams of an account.
pub(crate) fn facts(account: &Account, jetstream: &JetStream, consumers: Consumers) -> AccountStreams {
    let settings = &jetstream.settings;
    // It sends nothing; looking at consumers asks for one.
    let mut publisher = Publisher::new(Origin::Server, 1);
    let streams = jetstream.matching(None);
    let troubles = trouble::known(jetstream);
    let costly = || troubles.iter().filter(|trouble| trouble.damage.kind.affects_data());
    let keys: BTreeSet<_> = costly()
        .filter_map(|trouble| Some((trouble.stream.as_ref()?, trouble.damage.subject.as_ref()?)))
        .collect();
    let read_only = jetstream.store.streams().iter().filter_map(trouble::read_only).collect::<Vec<_>>();
    let damages = costly().map(|Trouble { stream, damage }| match stream {
        Some(stream) => format!("stream {stream:?}: {damage}"),
        None => damage.to_string(),
    });
    AccountStreams {
        name: account.name().to_owned(),
        api: jetstream.counts(),
        limits: settings.own_limits,
        damages: damages.chain(read_only.iter().map(ToString::to_string)).take(DAMAGES_MAX).collect(),
        corrupt_records: costly().count(),
        damaged_keys: keys.len(),
        read_only: read_only.len(),
        full: jetstream.store.is_full().then(|| trouble::full(account.name(), jetstream)),
        broken: jetstream
            .store
            .broken()
            .into_iter()
            .map(|(name, damage)| (name, damage.to_string()))
            .collect(),
        store: jetstream.store.stats(),
        sync_times: jetstream.store.sync_times(),
        scrub: *jetstream.scrub.lock(),
        streams: streams
            .iter()
            .map(|handle| stream(account, jetstream, handle, consumers, &mut publisher))
            .collect(),
    }
}

fn stream(
    account: &Account,
    jetstream: &JetStream,
    handle: &StreamHandle,
    consumers: Consumers,
    publisher: &mut Publisher,
) -> StreamFacts {
    let facts = handle.facts();
    let state = convert::state(handle);
    let now = jetstream.store.now();
    let name = handle.stream.name().as_str();
    let (names, details) = handle.consumers.look(publisher, handle.place(jetstream, account), |set, out| {
        let names: Vec<String> = set.names(None).map(|(name, _)| name.to_owned()).collect();
        let wanted: &[String] = if consumers == Consumers::InFull { &names } else { &[] };
        let infos = wanted.iter().filter_map(|each| set.info(set.find(each)?, now, out).ok());
        let shown = infos.map(|info| raw(&info_of(&info, name, now, Details::Listed)));
        let details: Vec<Box<RawValue>> = shown.collect();
        (names, details)
    });
    let (gets, refused) = handle.counts();
    let figures = StreamFigures {
        subjects: u64::try_from(state.num_subjects).unwrap_or(0),
        last_sequence: state.last_seq,
        gets,
        refused,
        deliveries: handle.consumers.deliveries(),
        store: handle.stream.stats(),
    };
    StreamFacts {
        figures,
        name: name.to_owned(),
        created: handle.stream.created(),
        in_memory: facts.settings.storage == Storage::Memory,
        messages: state.messages,
        bytes: state.bytes,
        reserved: facts.settings.max_bytes.unwrap_or(0),
        damages: texts_of(&handle.stream),
        consumers: names,
        config: raw(&convert::config(&facts.settings, Words::Stored)),
        state: raw(&state),
        consumer_details: details,
    }
}

/// Tells the damages that cost data, and why nothing can be written; what is known from elsewhere makes nobody ill.
fn texts_of(stream: &Stream) -> Vec<String> {
    let damages = stream.damages();
    let costly = damages.iter().filter(|damage| damage.kind.affects_data()).map(ToString::to_string);
    costly.chain(trouble::read_only(stream).map(|error| error.to_string())).take(DAMAGES_MAX).collect()
}

fn raw(value: &impl Serialize) -> Box<RawValue> {
    // What the wire crate writes is always JSON.
    let text = String::from_utf8(json::to_vec(value)).ok();
    text.and_then(|text| RawValue::from_string(text).ok()).unwrap_or_else(|| RawValue::NULL.to_owned())
}

/// Most damages that are told of a stream or account.
const DAMAGES_MAX: usize = 100;
