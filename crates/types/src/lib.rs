//! The words of the field as types: every value that the crates above pass around is checked once, here.
//!
//! A [`Subject`] names a message, a [`SubjectFilter`] selects subjects, a [`StreamName`] names a stream,
//! [`Headers`] travel with a message, a [`Timestamp`] says when it was stored. All of them are valid ever after they were made.

mod headers;
pub mod limits;
mod message;
mod stream_name;
mod subject;
mod subject_filter;
mod timestamp;
mod zoned_timestamp;

pub use headers::{HeaderError, Headers};
pub use message::{MarkerReason, Message, Operation, Sequence};
pub use stream_name::{StreamName, StreamNameError};
pub use subject::{Subject, SubjectError};
pub use subject_filter::SubjectFilter;
pub use timestamp::{Timestamp, TimestampError};
pub use zoned_timestamp::ZonedTimestamp;
