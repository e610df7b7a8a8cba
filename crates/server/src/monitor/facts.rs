//! What pages are made of beside [`crate::snapshot`]: plain data, taken at one moment.

use crate::js::Scrub;
use crate::options::ServerOptions;
use crate::snapshot::{ConnectionSnapshot, SubscriptionSnapshot, Totals};
use jetkv_engine::{StoreStats, StreamStats, SyncTimes};
use jetkv_types::Timestamp;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The server itself.
#[derive(Debug, Clone)]
pub(crate) struct ServerFacts {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Where clients connect.
    pub(crate) host: String,
    /// Where clients connect.
    pub(crate) port: u16,
    /// Whether clients need credentials.
    pub(crate) auth_required: bool,
    /// What the operator said.
    pub(crate) options: Arc<ServerOptions>,
    /// When it started.
    pub(crate) started: Timestamp,
    /// When the options were read.
    pub(crate) config_loaded: Timestamp,
    /// Now.
    pub(crate) now: Timestamp,
    /// How long it runs.
    pub(crate) uptime: Duration,
    /// Where monitoring listens.
    pub(crate) monitor: Option<SocketAddr>,
    /// Requests to each page.
    pub(crate) requests: BTreeMap<&'static str, u64>,
}

/// How much the server does and needs.
#[derive(Debug, Clone, Default)]
pub(crate) struct LoadFacts {
    /// Messages, bytes, slow consumers.
    pub(crate) totals: Totals,
    /// Connections now.
    pub(crate) connections: u64,
    /// Connections since the start.
    pub(crate) total_connections: u64,
    /// Subscriptions of all accounts.
    pub(crate) subscriptions: u64,
    /// Bytes that wait to be written to connections.
    pub(crate) pending_bytes: u64,
    /// Bytes of memory.
    pub(crate) memory: u64,
    /// Processors that the process may use.
    pub(crate) cores: u64,
    /// Percent of one processor.
    pub(crate) cpu: f64,
    /// Processor time since the start.
    pub(crate) cpu_time: Duration,
    /// Files that are open, and how many may be; `None` where the system does not tell.
    pub(crate) files: Option<(u64, u64)>,
    /// Bytes that are free on the disk of the streams; `None` where there are none, or the system does not tell.
    pub(crate) disk_free: Option<u64>,
}

/// A connection with the account that it is in, and if asked its subscriptions.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionFacts {
    /// The connection.
    pub(crate) connection: ConnectionSnapshot,
    /// Its subscriptions; empty unless asked for.
    pub(crate) subscriptions: Vec<SubscriptionSnapshot>,
}

/// How much of consumers is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consumers {
    /// Their names.
    Named,
    /// Everything.
    InFull,
}

/// All streams.
#[derive(Debug, Clone, Default)]
pub(crate) struct JetStreamFacts {
    /// The accounts that have streams.
    pub(crate) accounts: Vec<AccountStreams>,
}

/// The streams of an account.
#[derive(Debug, Clone, Default)]
pub(crate) struct AccountStreams {
    /// Its name.
    pub(crate) name: String,
    /// Requests to the API, and those that failed.
    pub(crate) api: (u64, u64),
    /// What its streams may use at most, in memory and in files; `None` is no limit.
    pub(crate) limits: (Option<u64>, Option<u64>),
    /// What is wrong: damage, streams that cannot be opened at all included, and streams that take no writes.
    pub(crate) damages: Vec<String>,
    /// How many places are damaged.
    pub(crate) corrupt_records: usize,
    /// How many keys cannot be read, as far as it is known which.
    pub(crate) damaged_keys: usize,
    /// How many streams take no writes until the server starts again.
    pub(crate) read_only: usize,
    /// What is told if its disk is full.
    pub(crate) full: Option<String>,
    /// Streams that cannot be opened, each with the reason.
    pub(crate) broken: BTreeMap<String, String>,
    /// Figures of its store.
    pub(crate) store: StoreStats,
    /// How long syncs took.
    pub(crate) sync_times: SyncTimes,
    /// How far the search for damage has come.
    pub(crate) scrub: Scrub,
    /// Its streams by name.
    pub(crate) streams: Vec<StreamFacts>,
}

/// A stream.
#[derive(Debug, Clone)]
pub(crate) struct StreamFacts {
    /// Its name.
    pub(crate) name: String,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// Whether it is in memory only.
    pub(crate) in_memory: bool,
    /// Messages.
    pub(crate) messages: u64,
    /// Bytes.
    pub(crate) bytes: u64,
    /// Bytes that its configuration reserves.
    pub(crate) reserved: u64,
    /// What is counted and measured.
    pub(crate) figures: StreamFigures,
    /// What is wrong, one text for each damage, and for a refusal to write.
    pub(crate) damages: Vec<String>,
    /// Names of its consumers.
    pub(crate) consumers: Vec<String>,
    /// Its configuration, as in the JetStream API.
    pub(crate) config: Box<RawValue>,
    /// Its state, as in the JetStream API.
    pub(crate) state: Box<RawValue>,
    /// All of each consumer, as in the JetStream API; empty unless asked for.
    pub(crate) consumer_details: Vec<Box<RawValue>>,
}

/// Figures of a stream beside those of its state.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StreamFigures {
    /// Subjects that have messages.
    pub(crate) subjects: u64,
    /// The last sequence.
    pub(crate) last_sequence: u64,
    /// Requests for messages.
    pub(crate) gets: u64,
    /// Messages that were refused.
    pub(crate) refused: u64,
    /// Messages given to consumers.
    pub(crate) deliveries: u64,
    /// What the engine counts.
    pub(crate) store: StreamStats,
}
