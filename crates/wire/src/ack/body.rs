//! What a client sends to the reply subject of a delivery.

use crate::json::{self, Strictness, go_type};

/// An answer to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ack<'a> {
    /// The message is done: an empty body, `+ACK` or `+OK`.
    Done,
    /// The message is to be delivered again: `-NAK`, perhaps with a delay.
    Nak(NakDelay<'a>),
    /// The message is being worked on, the ack timer starts again: `+WPI`.
    Progress,
    /// The message is done, and another one is wanted: `+NXT` and the body of a pull request, which may be empty.
    Next(&'a [u8]),
    /// The message is never to be delivered again: `+TERM` and a reason, which may be empty.
    Term(&'a [u8]),
}

/// When a message is to be delivered again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NakDelay<'a> {
    /// At once.
    None,
    /// After this many nanoseconds; not more than zero means at once.
    Nanos(i64),
    /// After a duration in Go's syntax, like `1m30s`; what is none means at once.
    Text(&'a str),
}

impl<'a> Ack<'a> {
    /// Reads a body; none for one that is no answer. The reference does nothing about such a body, and yet sends the empty
    /// message that confirms an answer if there is a reply subject; for [`Self::Next`] it sends none.
    #[must_use]
    pub fn parse(body: &'a [u8]) -> Option<Self> {
        match body {
            b"" | b"+ACK" | b"+OK" => Some(Self::Done),
            b"+WPI" => Some(Self::Progress),
            _ => {
                let after = |prefix: &[u8]| body.strip_prefix(prefix);
                let nak = after(b"-NAK").map(|delay| Self::Nak(NakDelay::parse(delay)));
                let next = || after(b"+NXT").map(|rest| Self::Next(rest.trim_ascii()));
                let term = || after(b"+TERM").map(|rest| Self::Term(rest.trim_ascii()));
                nak.or_else(next).or_else(term)
            }
        }
    }
}

impl<'a> NakDelay<'a> {
    fn parse(argument: &'a [u8]) -> Self {
        let argument = argument.trim_ascii();
        match argument.first() {
            None => Self::None,
            Some(b'{') => json::decode::<NakOptions>(argument, Strictness::Lenient)
                .map_or(Self::None, |options| Self::Nanos(options.delay)),
            Some(_) => std::str::from_utf8(argument).map_or(Self::None, Self::Text),
        }
    }
}

/// The JSON form of a delay.
#[derive(serde::Deserialize, Default)]
#[serde(default, rename = "ConsumerNakOptions")]
struct NakOptions {
    /// In nanoseconds.
    #[serde(deserialize_with = "go_type::nanos")]
    delay: i64,
}
