//! A key/value store with revisions, history, compare-and-set and watches: the Key/Value API of NATS JetStream, embedded in
//! your process and durable.
//!
//! A [`JetStream`] is a place that holds buckets; a [`KeyValueManager`] creates and lists them; a [`KeyValue`] is one. Keys
//! are dotted lists of tokens, values any bytes, and every write gets the next revision of its bucket. A write is
//! acknowledged after it is on stable storage, unless you choose otherwise ([`Sync`]); no read and no watch shows what a
//! power cut could still take back.
//!
//! The functions are `async` and need no runtime; [`blocking`] has the same without `async`.
//!
//! ```
//! use jetkv::{JetStream, KeyValueConfig, KvError};
//!
//! async fn run() -> Result<(), KvError> {
//!     let js = JetStream::memory().await?; // or JetStream::open("data")
//!     let kv = js.create_key_value(KeyValueConfig::new("app").history(5)).await?;
//!     let revision = kv.put("web.port", "80").await?;
//!     kv.update("web.port", "8080", revision).await?;
//!     assert_eq!(kv.history("web.port").await?.len(), 2);
//!     js.close().await
//! }
//! # pollster::block_on(run()).unwrap();
//! ```

mod backend;
pub mod blocking;
mod bucket;
mod change;
mod config;
#[cfg(feature = "remote")]
mod connect_options;
mod copy;
mod damage;
mod entry;
mod error;
mod jetstream;
mod limits;
mod manager;
mod names;
mod open_options;
mod replica;
mod status;
mod watcher;

pub use bucket::{Branch, KeyInfo, KeyPage, KeyValue, Level, Page, Snapshot};
pub use bytes::Bytes;
pub use change::{PurgeOptions, TtlSpec, Write, WriteOptions};
pub use config::{External, KeyValueConfig, Placement, Republish, Source, Storage, SubjectTransform};
#[cfg(feature = "remote")]
pub use connect_options::{ConnectOptions, Reads};
pub use copy::{BucketCopy, CopiedRevisions, CopyOptions, CopyStep};
pub use damage::{Damage, Progress, RepairReport};
pub use entry::{Entry, Operation};
pub use error::{ErrorKind, KvError};
pub use jetkv_engine::DamageKind;
pub use jetkv_types::{Headers, MarkerReason, Timestamp};
pub use jetstream::{JetStream, StoreStats, SyncTimes};
pub use limits::{BATCH_WRITES_MAX, PAGE_KEYS_MAX, PURGE_DELETES_OLDER_THAN_DEFAULT};
pub use manager::KeyValueManager;
pub use open_options::{OpenOptions, Sync};
pub use replica::{Replica, ReplicaOptions, ReplicaSource, ReplicaState, ReplicaStatus};
pub use status::Status;
pub use watcher::{WatchEvent, WatchOptions, Watcher};

/// The doors to files, clock and randomness, for tests that bring their own.
#[doc(hidden)]
pub use jetkv_engine::env;

/// Position of an entry in its bucket: 1 for the first write, never used twice.
pub type Revision = u64;

/// Compiles the programs of the README.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
