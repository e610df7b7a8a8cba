//! The meaning of streams on top of the engine: what their settings say, which messages they take, how they are delivered.
//!
//! [`StreamSettings`] is a stream's configuration in the reference's words, [`publish()`] applies the rules for a message
//! on its way in, [`Delivery`] is a cursor that reads a stream from a start position into its live tail. Everything is
//! synchronous; bytes and time come in as arguments. There is no socket and no JSON here, and no knowledge of buckets.

pub mod consumer;
mod delivery;
pub mod duration;
mod error;
pub mod header_names;
mod operation;
mod publish;
mod restore;
mod settings;
mod ttl;

pub use delivery::{Content, Delivery, Start, Step, Waited};
pub use error::JetStreamError;
pub use operation::{limit_marker_headers, operation_of};
pub use publish::{Publish, publish};
pub use restore::restore;
pub use settings::{External, Placement, Republish, Source, StreamSettings, SubjectTransform};
pub use ttl::MessageTtl;
