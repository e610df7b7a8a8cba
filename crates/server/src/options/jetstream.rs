//! Streams (PROTOCOL 8.4).

use jetkv_engine::Sync;
use std::path::PathBuf;
use std::time::Duration;

/// How the server keeps streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JetStreamOptions {
    /// Directory of the data. What the reference calls `store_dir` is the directory above, and its own is `jetstream` in it.
    pub store_dir: PathBuf,
    /// When a write is acknowledged. Default [`Sync::Always`]; the reference's is every 2 minutes.
    pub sync: Sync,
    /// Most bytes of memory that each account with streams may use for what was read from files; 0, the default, for none.
    pub cache_bytes: usize,
    /// Most bytes of the memory streams of an account; `None` is 75 % of the memory.
    pub max_memory: Option<u64>,
    /// Most bytes of the file streams of an account; `None` is 75 % of what is free on the disk and what they have of it.
    pub max_file: Option<u64>,
    /// The domain: `$JS.<domain>.API.>` works like `$JS.API.>`.
    pub domain: Option<String>,
    /// Whether requests with unknown JSON fields are refused. Default true.
    pub strict: bool,
    /// Limits of what streams and consumers may ask for.
    pub limits: JetStreamLimits,
}

impl JetStreamOptions {
    /// Returns the defaults for a directory.
    pub fn new(store_dir: impl Into<PathBuf>) -> Self {
        Self {
            store_dir: store_dir.into(),
            sync: Sync::Always,
            cache_bytes: 0,
            max_memory: None,
            max_file: None,
            domain: None,
            strict: true,
            limits: JetStreamLimits::default(),
        }
    }
}

/// Limits of what streams and consumers may ask for; `None` is no limit of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JetStreamLimits {
    /// Most consumers of a stream that sets no maximum itself; the reference has 1,000, this server none (COMPAT 1).
    pub default_max_consumers: Option<u32>,
    /// Highest `max_ack_pending` of a consumer.
    pub max_ack_pending: Option<u32>,
    /// Most messages that a pull request may ask for.
    pub max_request_batch: Option<u32>,
    /// Longest window of deduplication.
    pub duplicate_window: Option<Duration>,
    /// Most atomic batches of a stream that are open at a time.
    pub batch_max_inflight_per_stream: Option<u32>,
    /// Most atomic batches of all streams that are open at a time.
    pub batch_max_inflight_total: Option<u32>,
    /// Most messages of an atomic batch.
    pub batch_max_messages: Option<u32>,
    /// How long an open batch may wait for its next message.
    pub batch_timeout: Option<Duration>,
}

/// What the streams of one account may use; `None` is no limit of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountJetStream {
    /// Most bytes of memory streams.
    pub max_memory: Option<u64>,
    /// Most bytes of file streams.
    pub max_file: Option<u64>,
    /// Most streams.
    pub max_streams: Option<u32>,
    /// Most consumers.
    pub max_consumers: Option<u32>,
    /// Highest `max_ack_pending` of a consumer.
    pub max_ack_pending: Option<u32>,
    /// Most bytes that one memory stream may reserve.
    pub memory_max_stream_bytes: Option<u64>,
    /// Most bytes that one file stream may reserve.
    pub disk_max_stream_bytes: Option<u64>,
    /// Whether streams must have `max_bytes`.
    pub max_bytes_required: bool,
}
