//! The same without `async`: same names, same arguments, for programs that use threads.
//!
//! Writes do the work of their commit on the calling thread, where the `async` functions hand it to one of the store's.
//!
//! ```
//! use jetkv::{KeyValueConfig, blocking::JetStream};
//! let js = JetStream::memory()?;
//! let kv = js.create_key_value(KeyValueConfig::new("app"))?;
//! kv.put("web.port", "80")?;
//! assert_eq!(kv.keys()?, ["web.port"]);
//! js.close()?;
//! # Ok::<_, jetkv::KvError>(())
//! ```

mod bucket;
mod jetstream;
mod replica;
mod snapshot;
mod watcher;

pub use bucket::KeyValue;
pub use jetstream::{JetStream, KeyValueManager};
pub use replica::Replica;
pub use snapshot::Snapshot;
pub use watcher::Watcher;
