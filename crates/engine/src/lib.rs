//! The persistence layer of jetkv.

mod append;
mod block_cache;
mod config;
mod convert;
mod copies;
mod damage;
pub mod env;
mod error;
mod format;
mod index;
mod meter;
#[cfg(not(feature = "planted-bugs"))]
mod planted;
#[cfg(feature = "planted-bugs")]
#[doc(hidden)]
pub mod planted;
mod segment_file;
mod store;
mod stream;
mod wakes;

pub use append::{Append, CommitResult, Committed, Expect, Keeping, Origin, Priority, Purge, Rollup, Ttl};
pub use config::{Compression, Discard, LimitMarker, Storage, StoreOptions, StreamConfig, Sync, Upkeep};
pub use damage::{Damage, DamageKind};
pub use error::{EngineError, ErrorKind, Limit};
pub use meter::{SyncObserver, SyncTimes};
pub use store::{Draft, RepairReport, Store, StoreStats};
pub use stream::{
    Bounds, Census, Commit, Followed, Found, Frozen, Listed, Listener, Listing, Peeked, Select, Selection,
    Stream, StreamState, StreamStats, SubjectState, Verified,
};
