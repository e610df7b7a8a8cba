//! Reading the operations of clients (PROTOCOL 1.3).
//!
//! [`parse`] looks at the bytes that came so far and returns the first operation in them, borrowed from the input, or
//! says how many bytes it needs. It keeps no state: however the bytes are split, the operations are the same.

mod line;
mod verb;

use line::{Line, Rest};
use verb::Verb;

/// What a client may send at most; the defaults are the reference's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the arguments of one control line, without its verb and its line end. 4096 by default.
    pub max_control_line: usize,
    /// Bytes of a payload together with its header block. 1 MiB by default.
    pub max_payload: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_control_line: 4096, max_payload: 1 << 20 }
    }
}

/// What [`parse`] found at the beginning of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parsed<'a> {
    /// A whole operation.
    Op {
        /// The operation; it borrows from the input.
        op: ClientOp<'a>,
        /// How many bytes of the input it took, line ends included.
        consumed: usize,
    },
    /// The beginning of an operation, without a fault so far.
    Incomplete {
        /// How many bytes the input must hold, counted from its beginning, before another call can say more.
        /// More than the input has, and at most the limits' control line and payload with a few bytes.
        needed: usize,
    },
}

/// An operation of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientOp<'a> {
    /// `CONNECT`, with its JSON as it came; see [`crate::connect::Connect`]. It may be empty, which is no JSON.
    Connect(&'a [u8]),
    /// `PUB` or `HPUB`.
    Pub(Pub<'a>),
    /// `SUB`.
    Sub {
        /// What it subscribes to; not checked, see [`crate::subject::valid_subscription`].
        subject: &'a [u8],
        /// The queue group, if there is one.
        queue: Option<&'a [u8]>,
        /// The client's name for the subscription; any bytes.
        sid: &'a [u8],
    },
    /// `UNSUB`.
    Unsub {
        /// The client's name for the subscription.
        sid: &'a [u8],
        /// After how many deliveries since `SUB` it ends. None for zero, and for what is no number: at once.
        max: Option<u64>,
    },
    /// `PING`.
    Ping,
    /// `PONG`.
    Pong,
    /// `INFO`, which a client has no reason to send, with its JSON as it came; see [`crate::info::Info::parse`].
    Info(&'a [u8]),
    /// `+OK`; ignored.
    Ok,
    /// `-ERR`: the server closes the connection without a word.
    Err,
}

/// A message that a client publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pub<'a> {
    /// Where it goes; not checked, see [`crate::subject::valid_publish`].
    pub subject: &'a [u8],
    /// Where answers go.
    pub reply: Option<&'a [u8]>,
    /// The header block, empty for `PUB` and for `HPUB` with a header length of zero; not checked.
    pub headers: &'a [u8],
    /// The body.
    pub payload: &'a [u8],
    /// Whether it came as `HPUB`, which a connection without headers must not send.
    pub hpub: bool,
}

/// Why the connection must be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseError {
    /// No operation begins like this, or a payload is not followed by CR LF.
    UnknownOperation,
    /// A control line is longer than [`Limits::max_control_line`].
    ControlLineTooLong,
    /// A payload is larger than [`Limits::max_payload`].
    PayloadTooLarge,
    /// The wrong number of arguments, a size that is no number, a header block larger than the whole.
    Arguments,
}

impl ParseError {
    /// Returns the text for `-ERR` (see [`crate::encode::err`]); none means that the connection is closed silently.
    #[must_use]
    pub const fn text(self) -> Option<&'static str> {
        match self {
            Self::UnknownOperation => Some("Unknown Protocol Operation"),
            Self::ControlLineTooLong => Some("maximum control line exceeded"),
            Self::PayloadTooLarge => Some("Maximum Payload Violation"),
            Self::Arguments => None,
        }
    }
}

/// Reads the first operation of `input`.
///
/// # Errors
/// [`ParseError`], as soon as the bytes that are there cannot become a valid operation any more.
pub fn parse<'a>(input: &'a [u8], limits: &Limits) -> Result<Parsed<'a>, ParseError> {
    let Some((verb, from)) = verb::read(input)? else {
        return Ok(Parsed::Incomplete { needed: input.len() + 1 });
    };
    match verb {
        Verb::Pub | Verb::Hpub => publish(input, from, verb, limits),
        Verb::Sub | Verb::Unsub => subscription(input, from, verb, limits),
        Verb::Connect | Verb::Info | Verb::Ping | Verb::Pong | Verb::Ok | Verb::Err => {
            let Some(Rest { text, end }) = line::rest(input, from, limits)? else {
                return Ok(Parsed::Incomplete { needed: input.len() + 1 });
            };
            Ok(Parsed::Op { op: simple(verb, text), consumed: end })
        }
    }
}

fn simple(verb: Verb, text: &[u8]) -> ClientOp<'_> {
    match verb {
        Verb::Connect => ClientOp::Connect(text),
        Verb::Info => ClientOp::Info(text),
        Verb::Ping => ClientOp::Ping,
        Verb::Pong => ClientOp::Pong,
        Verb::Ok => ClientOp::Ok,
        Verb::Pub | Verb::Hpub | Verb::Sub | Verb::Unsub | Verb::Err => ClientOp::Err,
    }
}

fn publish<'a>(input: &'a [u8], from: usize, verb: Verb, limits: &Limits) -> Result<Parsed<'a>, ParseError> {
    let Some(line) = line::arguments(input, from, limits)? else {
        return Ok(Parsed::Incomplete { needed: input.len() + 1 });
    };
    let head = Head::of(&line, verb)?;
    if head.total > limits.max_payload {
        return Err(ParseError::PayloadTooLarge);
    }
    if head.header > head.total {
        return Err(ParseError::Arguments);
    }
    // Sizes have nine digits at most, so the sum fits even where `usize` has 32 bits.
    let payload_end = line.end + head.total;
    let needed = payload_end + 2;
    let after = input.get(payload_end..).unwrap_or_default();
    match after {
        [] => Ok(Parsed::Incomplete { needed }),
        [b'\r'] => Ok(Parsed::Incomplete { needed }),
        [b'\r', b'\n', ..] => {
            let (headers, payload) = input[line.end..payload_end].split_at(head.header);
            let hpub = verb == Verb::Hpub;
            let op = ClientOp::Pub(Pub { subject: head.subject, reply: head.reply, headers, payload, hpub });
            Ok(Parsed::Op { op, consumed: needed })
        }
        _ => Err(ParseError::UnknownOperation),
    }
}

/// The arguments of `PUB` and `HPUB`.
struct Head<'a> {
    subject: &'a [u8],
    reply: Option<&'a [u8]>,
    header: usize,
    total: usize,
}

impl<'a> Head<'a> {
    fn of(line: &Line<'a>, verb: Verb) -> Result<Self, ParseError> {
        let size = |text| crate::number::parse_size(text).ok_or(ParseError::Arguments);
        let [a, b, c, d] = line.arguments;
        match (verb, line.count) {
            (Verb::Hpub, 3) => Ok(Self { subject: a, reply: None, header: size(b)?, total: size(c)? }),
            (Verb::Hpub, 4) => Ok(Self { subject: a, reply: Some(b), header: size(c)?, total: size(d)? }),
            (Verb::Pub, 2) => Ok(Self { subject: a, reply: None, header: 0, total: size(b)? }),
            (Verb::Pub, 3) => Ok(Self { subject: a, reply: Some(b), header: 0, total: size(c)? }),
            _ => Err(ParseError::Arguments),
        }
    }
}

fn subscription<'a>(
    input: &'a [u8],
    from: usize,
    verb: Verb,
    limits: &Limits,
) -> Result<Parsed<'a>, ParseError> {
    let Some(line) = line::arguments(input, from, limits)? else {
        return Ok(Parsed::Incomplete { needed: input.len() + 1 });
    };
    let [a, b, c, _] = line.arguments;
    let op = match (verb, line.count) {
        (Verb::Sub, 2) => ClientOp::Sub { subject: a, queue: None, sid: b },
        (Verb::Sub, 3) => ClientOp::Sub { subject: a, queue: Some(b), sid: c },
        (Verb::Unsub, 1) => ClientOp::Unsub { sid: a, max: None },
        (Verb::Unsub, 2) => {
            let max = crate::number::parse_size(b).filter(|max| *max > 0);
            ClientOp::Unsub { sid: a, max: max.and_then(|max| u64::try_from(max).ok()) }
        }
        _ => return Err(ParseError::Arguments),
    };
    Ok(Parsed::Op { op, consumed: line.end })
}

#[cfg(test)]
mod tests;
