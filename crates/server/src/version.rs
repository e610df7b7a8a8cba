//! What the server says it is.

/// The generation of NATS that clients may rely on; they gate features on it (PROTOCOL 1.5.2). Always a plain semantic version.
pub const VERSION: &str = "2.12.9";
/// The JetStream API level that goes with it.
pub const API_LEVEL: u64 = 2;
/// Protocol level of INFO.
pub(crate) const PROTOCOL: i32 = 1;
/// What stands where the reference names its compiler.
pub(crate) const COMPILER: &str = "rust";
