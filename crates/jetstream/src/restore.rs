//! Putting messages back as they were, and copying them from other streams.

use crate::settings::attributes;
use crate::{JetStreamError, MessageTtl, header_names as names, operation_of};
use jetkv_engine::{Append, Commit, Keeping, Origin, Rollup, Stream, Ttl};
use jetkv_types::{Message, Operation, Subject};

/// Whether a copy keeps its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// Sequence and time stay, as in a mirror.
    Kept,
    /// It is a new message, as from a source.
    New,
}

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

/// Hands the messages of a backup to a stream that has nothing else, all or none. They are there as they were: what they
/// replaced is not among them, so they replace nothing, and their age counts from when they were stored (PROTOCOL 2.7).
pub fn put_back(stream: &Stream, messages: &[Message]) -> Commit {
    let ttls = attributes::permits_message_ttl(&stream.config());
    let as_it_was = |message| {
        // What cannot be read was no time to live where it comes from either.
        let ttl = if ttls { ttl_of(message).unwrap_or(Ttl::Stream) } else { Ttl::Stream };
        Append { rollup: Rollup::None, ..as_append(message, ttl) }
    };
    let appends: Vec<_> = messages.iter().map(as_it_was).collect();
    stream.append(&appends)
}

/// Hands copies from another stream to this one, all or none. Expectations were true where they came from and are not asked
/// again; times to live and roll-ups work if this stream permits them (PROTOCOL 4.9, 4.10). What `wants` does not want gets
/// its sequence and is not kept, if the stream keeps by interest.
pub fn copy(
    stream: &Stream,
    messages: &[Message],
    place: Place,
    wants: &mut dyn FnMut(&Subject) -> bool,
) -> Commit {
    let config = stream.config();
    let (ttls, rollups) = (attributes::permits_message_ttl(&config), attributes::permits_rollup(&config));
    let by_interest = attributes::keeps_by_interest(&config);
    let appends: Vec<_> = messages
        .iter()
        .map(|message| {
            let passes = by_interest && !wants(&message.subject);
            let keeping = if passes { Keeping::Passed } else { Keeping::Kept };
            // What cannot be read was no time to live at the origin either.
            let ttl = if ttls { ttl_of(message).unwrap_or(Ttl::Stream) } else { Ttl::Stream };
            let rollup = match message.headers.get(names::ROLLUP) {
                Some(word) if rollups && word.eq_ignore_ascii_case("sub") => Rollup::Subject,
                Some(word) if rollups && word.eq_ignore_ascii_case("all") => Rollup::Stream,
                _ => Rollup::None,
            };
            let append = Append { rollup, keeping, ..as_append(message, ttl) };
            match place {
                Place::Kept => append,
                Place::New => Append { origin: None, ..append },
            }
        })
        .collect();
    stream.append(&appends)
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
