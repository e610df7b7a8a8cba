//! The answer to a publisher, byte for byte as the reference writes it (PROTOCOL 3.1).

use crate::error::ApiError;
use crate::json::{self, Fault, Strictness};
use crate::number::push_u64;
use serde::Deserialize;

/// What became of a message that was stored, or was stored before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PubAck<'a> {
    /// The stream that has it.
    pub stream: &'a str,
    /// The JetStream domain, if the server has one.
    pub domain: Option<&'a str>,
    /// Its sequence; the first one's for a duplicate, the last one's for a batch.
    pub seq: u64,
    /// What else there is to say.
    pub outcome: Outcome<'a>,
}

/// In what way a message was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome<'a> {
    /// As a message of its own.
    Stored,
    /// Not again: its message id is known.
    Duplicate,
    /// As an addition to a counter, whose value is now this.
    Counter {
        /// A decimal number of any length.
        value: &'a str,
    },
    /// As the last message of an atomic batch.
    Batch {
        /// The batch's id.
        id: &'a str,
        /// How many messages it has.
        count: u64,
    },
}

impl<'a> PubAck<'a> {
    /// Makes the ack of a plain message without a domain.
    #[must_use]
    pub const fn stored(stream: &'a str, seq: u64) -> Self {
        Self { stream, domain: None, seq, outcome: Outcome::Stored }
    }

    /// Appends the body.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.reserve(self.stream.len() + 64);
        out.extend_from_slice(b"{\"stream\":");
        json::push_string(out, self.stream);
        if let Some(domain) = self.domain {
            out.extend_from_slice(b",\"domain\":");
            json::push_string(out, domain);
        }
        out.extend_from_slice(b",\"seq\":");
        push_u64(out, self.seq);
        match self.outcome {
            Outcome::Stored => {}
            // The one place where the reference writes a space.
            Outcome::Duplicate => out.extend_from_slice(b",\"duplicate\": true"),
            Outcome::Counter { value } => {
                out.extend_from_slice(b",\"val\":");
                json::push_string(out, value);
            }
            Outcome::Batch { id, count } => {
                out.extend_from_slice(b",\"batch\":");
                json::push_string(out, id);
                out.extend_from_slice(b",\"count\":");
                push_u64(out, count);
            }
        }
        out.push(b'}');
    }
}

/// Appends the body that says why `stream` refused a message.
pub fn write_error(out: &mut Vec<u8>, stream: &str, error: &ApiError) {
    out.extend_from_slice(b"{\"error\":");
    error.write(out);
    out.extend_from_slice(b",\"stream\":");
    json::push_string(out, stream);
    out.extend_from_slice(b",\"seq\":0}");
}

/// What an answer says of a message that was stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Stored {
    /// The stream that has it.
    pub stream: String,
    /// Its sequence; the first one's for a duplicate, the last one's for a batch.
    pub seq: u64,
    /// Whether it was stored before.
    pub duplicate: bool,
    /// How many messages were stored as one batch; 0 for a message of its own.
    pub count: u64,
}

/// Reads an answer: what was stored, or why nothing was. Fields that are not known are ignored.
///
/// # Errors
/// [`Fault`] if it is no JSON, or not of this form.
pub fn read(answer: &[u8]) -> Result<Result<Stored, ApiError>, Fault> {
    let answer: Answer = json::decode(answer, Strictness::Lenient)?;
    Ok(match answer.error {
        Some(error) => Err(error),
        None => Ok(answer.stored),
    })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    error: Option<ApiError>,
    #[serde(flatten)]
    stored: Stored,
}

#[cfg(test)]
mod tests;
