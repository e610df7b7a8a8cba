//! Names of the headers that streams and buckets give a meaning (PROTOCOL 3.2). They are case-sensitive.

/// What a message does to its key: `PUT`, `DEL` or `PURGE`.
pub const KV_OPERATION: &str = "KV-Operation";
/// What a message replaces: `sub` or `all`.
pub const ROLLUP: &str = "Nats-Rollup";
/// How long a message lives.
pub const TTL: &str = "Nats-TTL";
/// Why the stream itself stored a marker: `MaxAge`, `Purge` or `Remove`.
pub const MARKER_REASON: &str = "Nats-Marker-Reason";
/// Size of the payload that a delivery without payloads left out.
pub const MESSAGE_SIZE: &str = "Nats-Msg-Size";
