//! `/jsz`: streams and consumers.

use super::spans::nanos;
use crate::monitor::facts::{AccountStreams, Consumers, JetStreamFacts, ServerFacts, StreamFacts};
use crate::monitor::query::{BadQuery, Query};
use crate::monitor::route::Answer;
use crate::version;
use jetkv_engine::Sync;
use serde::Serialize;
use serde_json::value::RawValue;
use std::time::Duration;

/// Figures over all streams.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::monitor) struct Totals {
    pub(super) memory: u64,
    pub(super) storage: u64,
    pub(super) reserved_memory: u64,
    pub(super) reserved_storage: u64,
    pub(super) streams: u64,
    pub(super) consumers: u64,
    pub(super) messages: u64,
    pub(super) bytes: u64,
}

impl Totals {
    pub(super) fn of(facts: &JetStreamFacts) -> Self {
        let mut totals = Self::default();
        for account in &facts.accounts {
            totals.add(account);
        }
        totals
    }

    fn add(&mut self, account: &AccountStreams) {
        for stream in &account.streams {
            let (used, reserved) = if stream.in_memory {
                (&mut self.memory, &mut self.reserved_memory)
            } else {
                (&mut self.storage, &mut self.reserved_storage)
            };
            *used += stream.bytes;
            *reserved += stream.reserved;
            self.streams += 1;
            self.consumers += u64::try_from(stream.consumers.len()).unwrap_or(u64::MAX);
            self.messages += stream.messages;
            self.bytes += stream.bytes;
        }
    }
}

/// What the operator said of streams.
#[derive(Serialize)]
pub(super) struct Config<'a> {
    max_memory: u64,
    max_storage: u64,
    store_dir: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sync_interval: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    sync_always: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
    strict: bool,
}

impl<'a> Config<'a> {
    pub(super) fn of(server: &'a ServerFacts) -> Self {
        let options = server.options.jetstream.as_ref();
        let sync = options.map(|options| options.sync);
        Self {
            max_memory: options.and_then(|options| options.max_memory).unwrap_or(NO_LIMIT),
            max_storage: options.and_then(|options| options.max_file).unwrap_or(NO_LIMIT),
            store_dir: options.map(|each| each.store_dir.display().to_string()).unwrap_or_default(),
            sync_interval: match sync {
                Some(Sync::Every(span)) => Some(nanos(span)),
                // The reference shows its default beside `sync_always`.
                Some(Sync::Always) => Some(nanos(SYNC_INTERVAL)),
                _ => None,
            },
            sync_always: sync == Some(Sync::Always),
            domain: options.and_then(|options| options.domain.as_deref()),
            strict: options.is_some_and(|options| options.strict),
        }
    }
}

/// Requests to the JetStream API.
#[derive(Serialize)]
pub(super) struct Api {
    level: u64,
    total: u64,
    errors: u64,
}

impl Api {
    pub(super) fn of_server(facts: &JetStreamFacts) -> Self {
        let sum = |of: fn(&AccountStreams) -> u64| facts.accounts.iter().map(of).sum();
        Self { level: version::API_LEVEL, total: sum(|each| each.api.0), errors: sum(|each| each.api.1) }
    }
}

/// Limits of streams and consumers.
#[derive(Serialize)]
pub(super) struct Limits {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_ack_pending: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_request_batch: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate_window: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_max_consumers: Option<u32>,
}

impl Limits {
    pub(super) fn of(server: &ServerFacts) -> Self {
        let limits = server.options.jetstream.as_ref().map(|options| &options.limits);
        Self {
            max_ack_pending: limits.and_then(|limits| limits.max_ack_pending),
            max_request_batch: limits.and_then(|limits| limits.max_request_batch),
            duplicate_window: limits.and_then(|limits| limits.duplicate_window).map(nanos),
            default_max_consumers: limits.and_then(|limits| limits.default_max_consumers),
        }
    }
}

#[derive(Serialize)]
struct Jsz<'a> {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    disabled: bool,
    memory: u64,
    storage: u64,
    reserved_memory: u64,
    reserved_storage: u64,
    accounts: usize,
    ha_assets: u32,
    api: Api,
    server_id: &'a str,
    now: String,
    config: Config<'a>,
    limits: Limits,
    streams: u64,
    consumers: u64,
    messages: u64,
    bytes: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    account_details: Vec<Account<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    total: usize,
}

#[derive(Serialize)]
struct Account<'a> {
    name: &'a str,
    id: &'a str,
    memory: u64,
    storage: u64,
    reserved_memory: u64,
    reserved_storage: u64,
    accounts: u32,
    ha_assets: u32,
    api: Api,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stream_detail: Vec<Stream<'a>>,
}

#[derive(Serialize)]
struct Stream<'a> {
    name: &'a str,
    created: String,
    cluster: Cluster<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<&'a RawValue>,
    state: &'a RawValue,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    consumer_detail: &'a [Box<RawValue>],
}

#[derive(Serialize)]
struct Cluster<'a> {
    leader: &'a str,
}

/// Returns the page; `collect` takes the snapshot, with all of each consumer or without.
pub(in crate::monitor) fn jsz(
    server: &ServerFacts,
    collect: impl FnOnce(Consumers) -> Option<JetStreamFacts>,
    query: &Query,
) -> Result<Answer, BadQuery> {
    let consumers = query.boolean("consumers")? || query.boolean("direct-consumers")?;
    let streams = consumers || query.boolean("streams")?;
    let with_config = query.boolean("config")?;
    let wanted = query.text("acc");
    let accounts = wanted.is_some() || streams || query.boolean("accounts")?;
    // What only clusters have is read as far as its form goes.
    for name in ["leader-only", "stream-leader-only", "raft"] {
        query.boolean(name)?;
    }
    let page = query.page()?;
    let facts = collect(if consumers { Consumers::InFull } else { Consumers::Named });
    let disabled = facts.is_none();
    let facts = facts.unwrap_or_default();
    let totals = Totals::of(&facts);
    let shown: Vec<&AccountStreams> =
        facts.accounts.iter().filter(|each| wanted.is_none_or(|name| each.name == name)).collect();
    let shown = if accounts { page.of(&shown) } else { &[] };
    let shape = Shape { streams, with_config, leader: &server.name };
    let account_details = shown.iter().map(|account| shape.account(account)).collect();
    Ok(Answer::json(&Jsz {
        disabled,
        memory: totals.memory,
        storage: totals.storage,
        reserved_memory: totals.reserved_memory,
        reserved_storage: totals.reserved_storage,
        accounts: facts.accounts.len(),
        ha_assets: 0,
        api: Api::of_server(&facts),
        server_id: &server.id,
        now: server.now.to_string(),
        config: Config::of(server),
        limits: Limits::of(server),
        streams: totals.streams,
        consumers: totals.consumers,
        messages: totals.messages,
        bytes: totals.bytes,
        account_details,
        total: facts.accounts.len(),
    }))
}

/// What of an account is asked for.
struct Shape<'a> {
    streams: bool,
    with_config: bool,
    leader: &'a str,
}

impl<'a> Shape<'a> {
    fn account(&self, account: &'a AccountStreams) -> Account<'a> {
        let mut totals = Totals::default();
        totals.add(account);
        let streams: &[StreamFacts] = if self.streams { &account.streams } else { &[] };
        Account {
            name: &account.name,
            id: &account.name,
            memory: totals.memory,
            storage: totals.storage,
            reserved_memory: account.limits.0.unwrap_or(u64::MAX),
            reserved_storage: account.limits.1.unwrap_or(u64::MAX),
            accounts: 0,
            ha_assets: 0,
            api: Api { level: 0, total: account.api.0, errors: account.api.1 },
            stream_detail: streams.iter().map(|stream| self.stream(stream)).collect(),
        }
    }

    fn stream(&self, stream: &'a StreamFacts) -> Stream<'a> {
        Stream {
            name: &stream.name,
            created: stream.created.to_string(),
            cluster: Cluster { leader: self.leader },
            config: self.with_config.then_some(&*stream.config),
            state: &stream.state,
            consumer_detail: &stream.consumer_details,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// How often the reference syncs unless told otherwise.
const SYNC_INTERVAL: Duration = Duration::from_secs(120);

/// What stands for no limit.
const NO_LIMIT: u64 = 9_223_372_036_854_775_807;
