//! Every maximum that names and messages obey, in one place.

/// Longest subject in bytes; a record stores the length in two bytes.
pub const SUBJECT_BYTES_MAX: usize = 65_535;
/// Longest stream name in bytes, as in the reference (PROTOCOL 2.5).
pub const STREAM_NAME_BYTES_MAX: usize = 255;
/// Largest header block in bytes, as in the reference (error 10097).
pub const HEADER_BLOCK_BYTES_MAX: usize = 65_535;
/// Largest message (header block and payload) that a stream can store: 64 MiB.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Highest sequence that a stream gives out; no stream gets there by counting.
pub const SEQUENCE_MAX: u64 = u64::MAX >> 2;
/// Most bytes in one batch of messages, heads included: 256 MiB.
pub const BATCH_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Deepest history of a bucket, as in the reference (PROTOCOL 6.1).
pub const HISTORY_MAX: u32 = 64;
/// Longest description of a stream in bytes (PROTOCOL 2.5).
pub const DESCRIPTION_BYTES_MAX: usize = 4_096;
/// Largest sum of the bytes of all metadata keys and values of a stream (PROTOCOL 2.5).
pub const METADATA_BYTES_MAX: usize = 131_072;
