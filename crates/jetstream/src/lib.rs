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
mod ingest;
mod operation;
mod publish;
mod restore;
mod settings;
mod subject_mapping;
mod ttl;

pub use delivery::{Content, Delivery, Start, Step, Waited};
pub use error::JetStreamError;
pub use ingest::{Accepted, Incoming, Ingest, PublishError, Ready};
pub(crate) use operation::operation_of_words;

pub use operation::{limit_marker_headers, operation_of};
pub use publish::{Publish, publish};
pub use restore::{Place, copy, put_back, restore};
pub use settings::{
    ConsumerLimits, External, OriginProblem, Placement, Republish, Retention, SettingsRule, Source,
    StreamSettings, SubjectTransform,
};
pub use subject_mapping::{MappingError, SubjectMapping};
pub use ttl::MessageTtl;
