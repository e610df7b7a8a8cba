//! Every maximum and every patience of the door.

use std::time::Duration;

/// The largest value that any place takes, in bytes.
pub const VALUE_BYTES_MAX: usize = 64 << 20;
/// Largest body that is JSON.
pub(crate) const JSON_BYTES_MAX: usize = 1 << 20;
/// How long a body may take to arrive.
pub(crate) const BODY_PATIENCE: Duration = Duration::from_secs(60);
/// Keys on a page if the request does not say.
pub(crate) const PAGE_KEYS_DEFAULT: usize = 1_000;
/// Branches of a tree on a page if the request does not say.
pub(crate) const PAGE_BRANCHES_DEFAULT: usize = 500;
/// Bytes of values in one answer that lists entries; behind it come revisions without values.
pub(crate) const HISTORY_BYTES_MAX: usize = 16 << 20;
/// How often an event stream says that it is alive; the port ends connections on which nothing moves for 15 seconds.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// Places that are kept open for users, each with a connection of its own.
pub(crate) const SESSIONS_MAX: usize = 256;
/// Buckets that a seat remembers.
pub(crate) const OPENED_MAX: usize = 256;
/// Watches at the same time.
pub(crate) const WATCHES_MAX: usize = 1_024;
