//! Putting messages back as they were: with their sequences, times and headers.

use crate::{JetStreamError, MessageTtl, header_names as names, operation_of};
use jetkv_engine::{Append, Commit, Origin, Rollup, Stream, Ttl};
use jetkv_types::{Message, Operation};

/// Hands copies of messages to the stream, all or none. They keep sequence and time if the stream has not come that far;
/// what they mean is read from their headers, as if they came over the wire.
///
/// # Errors
/// [`JetStreamError::InvalidTtl`] before anything was handed over; what the engine refuses comes out of the commit.
pub fn restore(stream: &Stream, messages: &[Message]) -> Result<Commit, JetStreamError> {
    let ttls = messages.iter().map(ttl_of).collect::<Result<Vec<_>, _>>()?;
    let appends: Vec<_> = messages.iter().zip(ttls).map(|(message, ttl)| as_append(message, ttl)).collect();
    Ok(stream.append(&appends))
}

fn ttl_of(message: &Message) -> Result<Ttl, JetStreamError> {
    message.headers.get(names::TTL).map_or(Ok(Ttl::Stream), |text| MessageTtl::parse(text).map(Ttl::from))
}

fn as_append(message: &Message, ttl: Ttl) -> Append<'_> {
    let operation = operation_of(&message.headers);
    Append {
        headers: &message.headers,
        operation,
        ttl,
        // A purge hides what is older, whether the copy has it or not.
        rollup: match operation {
            Operation::Purge | Operation::Marker(_) => Rollup::Subject,
            Operation::Put | Operation::Delete => Rollup::None,
        },
        origin: Some(Origin { sequence: message.sequence, time: message.time }),
        ..Append::put(&message.subject, &message.payload)
    }
}
