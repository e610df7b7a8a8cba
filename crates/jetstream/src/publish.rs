//! The way of a message into a stream: time to live, roll-up permission, header block (PROTOCOL 3.3 and 3.4).

use crate::settings::attributes;
use crate::{JetStreamError, MessageTtl, header_names as names};
use jetkv_engine::{Append, Commit, Expect, Keeping, Priority, Rollup, Stream, StreamConfig, Ttl};
use jetkv_types::{HeaderError, Headers, Operation, Subject};

/// A message to be published. What a client says by headers stands in fields; the header block is made from them, byte
/// for byte as the official clients make it.
///
/// Expectations leave no header behind: they are true only at the moment of storing.
#[derive(Debug, Clone)]
pub struct Publish<'a> {
    /// The subject; the stream must capture it.
    pub subject: Subject,
    /// The payload; may be empty.
    pub payload: &'a [u8],
    /// What the message does to its subject: a value, a delete or a purge.
    pub operation: Operation,
    /// What must hold for the message to be stored.
    pub expect: Expect<'a>,
    /// What the message replaces.
    pub rollup: Rollup,
    /// How long it lives, if not as long as the stream says.
    pub ttl: Option<MessageTtl>,
    /// Further headers, in their order.
    pub headers: &'a [(String, String)],
}

impl<'a> Publish<'a> {
    /// Returns a message that gives its subject a value.
    #[must_use]
    pub fn put(subject: Subject, payload: &'a [u8]) -> Self {
        Self {
            subject,
            payload,
            operation: Operation::Put,
            expect: Expect::Nothing,
            rollup: Rollup::None,
            ttl: None,
            headers: &[],
        }
    }

    /// Returns a message that deletes its subject and keeps what was before.
    #[must_use]
    pub fn delete(subject: Subject) -> Self {
        Self { operation: Operation::Delete, ..Self::put(subject, &[]) }
    }

    /// Returns a message that deletes its subject and removes what was before.
    #[must_use]
    pub fn purge(subject: Subject) -> Self {
        Self { operation: Operation::Purge, rollup: Rollup::Subject, ..Self::put(subject, &[]) }
    }

    /// Returns the header block as a client sends it: what the stream would change of it is not known here.
    ///
    /// # Errors
    /// [`HeaderError`] for a name or value that breaks the block, or a block that is too large.
    pub fn headers_as_sent(&self) -> Result<Headers, HeaderError> {
        self.header_block(self.ttl)
    }

    /// Makes the header block; `Nats-TTL` stands at the end, where the reference puts it when it changes it.
    fn header_block(&self, ttl: Option<MessageTtl>) -> Result<Headers, HeaderError> {
        let operation = match self.operation {
            Operation::Delete => Some("DEL"),
            Operation::Purge => Some("PURGE"),
            Operation::Put | Operation::Marker(_) => None,
        };
        let rollup = match self.rollup {
            Rollup::None => None,
            Rollup::Subject => Some("sub"),
            Rollup::Stream => Some("all"),
        };
        if operation.is_none() && rollup.is_none() && ttl.is_none() && self.headers.is_empty() {
            return Ok(Headers::none());
        }
        let ttl = ttl.map(MessageTtl::header_value);
        let own = [(names::KV_OPERATION, operation), (names::ROLLUP, rollup)];
        let own = own.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)));
        let given = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Headers::from_pairs(own.chain(given).chain(ttl.as_deref().map(|ttl| (names::TTL, ttl))))
    }

    fn as_append<'b>(&'b self, checked: &'b Checked) -> Append<'b> {
        Append {
            subject: &self.subject,
            headers: &checked.headers,
            payload: self.payload,
            operation: self.operation,
            ttl: checked.ttl,
            expect: self.expect,
            rollup: self.rollup,
            origin: None,
            priority: if self.operation == Operation::Put { Priority::Normal } else { Priority::Reclaim },
            keeping: Keeping::Kept,
        }
    }
}

/// Hands all of `batch` to the stream, or nothing.
///
/// Sizes, expectations and the limits of the stream are the engine's to check; what it refuses comes out of the commit.
///
/// # Errors
/// [`JetStreamError::TtlDisabled`], [`JetStreamError::RollupNotPermitted`] and [`JetStreamError::Header`] before anything was
/// handed over.
pub fn publish(stream: &Stream, batch: &[Publish<'_>]) -> Result<Commit, JetStreamError> {
    let config = stream.config();
    if let [message] = batch {
        let checked = check(&config, message)?;
        return Ok(stream.append(&[message.as_append(&checked)]));
    }
    let checked = batch.iter().map(|message| check(&config, message)).collect::<Result<Vec<_>, _>>()?;
    let appends: Vec<_> =
        batch.iter().zip(&checked).map(|(message, checked)| message.as_append(checked)).collect();
    Ok(stream.append(&appends))
}

/// What the rules of the stream make of a message.
#[derive(Debug)]
struct Checked {
    headers: Headers,
    ttl: Ttl,
}

fn check(config: &StreamConfig, message: &Publish<'_>) -> Result<Checked, JetStreamError> {
    if message.rollup != Rollup::None && !attributes::permits_rollup(config) {
        return Err(JetStreamError::RollupNotPermitted { stream: config.name.clone() });
    }
    let ttl = message.ttl.map(|ttl| effective_ttl(config, ttl)).transpose()?;
    Ok(Checked { headers: message.header_block(ttl)?, ttl: ttl.map_or(Ttl::Stream, Ttl::from) })
}

/// A message must not go before the marker that would replace it could; with one message per subject there is nothing
/// older that could come back, and the reference leaves the time as it is.
fn effective_ttl(config: &StreamConfig, ttl: MessageTtl) -> Result<MessageTtl, JetStreamError> {
    if !attributes::permits_message_ttl(config) {
        return Err(JetStreamError::TtlDisabled { stream: config.name.clone() });
    }
    Ok(match &config.limit_marker {
        Some(marker) if config.messages_per_subject_max != Some(1) => ttl.raised_to(marker.ttl.as_secs()),
        _ => ttl,
    })
}

#[cfg(test)]
mod tests;
