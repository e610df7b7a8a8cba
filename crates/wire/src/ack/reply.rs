//! The subject that a delivery carries as its reply, `$JS.ACK.…`.

use crate::number::{parse_u64, push_u64};

/// What every such subject begins with.
pub const ACK_PREFIX: &[u8] = b"$JS.ACK.";

/// The numbers of one delivery. All that a watcher knows of an entry beside its key and value comes from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AckReply<'a> {
    /// The JetStream domain; only version 2 of the subject tells it.
    pub domain: Option<&'a str>,
    /// The hash of the account; only version 2 of the subject tells it.
    pub account_hash: Option<&'a str>,
    /// The stream that the message is in.
    pub stream: &'a str,
    /// The consumer that delivers it.
    pub consumer: &'a str,
    /// How often the message has been delivered, this time included; 1 for the first.
    pub delivered: u64,
    /// The message's sequence in the stream.
    pub stream_seq: u64,
    /// The delivery's sequence in the consumer.
    pub consumer_seq: u64,
    /// When the message was stored, in nanoseconds since 1970.
    pub timestamp: u64,
    /// How many matching messages are still to come, as of this delivery.
    pub pending: u64,
}

impl<'a> AckReply<'a> {
    /// Appends version 1 of the subject, which has nine tokens; domain and account hash are left out.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.reserve(ACK_PREFIX.len() + self.stream.len() + self.consumer.len() + NUMBERS);
        out.extend_from_slice(ACK_PREFIX);
        out.extend_from_slice(self.stream.as_bytes());
        out.push(b'.');
        out.extend_from_slice(self.consumer.as_bytes());
        for number in [self.delivered, self.stream_seq, self.consumer_seq, self.timestamp, self.pending] {
            out.push(b'.');
            push_u64(out, number);
        }
    }

    /// Reads either version; none for anything else.
    ///
    /// Version 2 has eleven tokens or more, with `_` for no domain.
    #[must_use]
    pub fn parse(subject: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(subject.strip_prefix(ACK_PREFIX)?).ok()?;
        let mut tokens = [""; TOKENS_MAX];
        let mut count = 0;
        for token in text.split('.') {
            *tokens.get_mut(count)? = token;
            count += 1;
        }
        let (domain, account_hash, rest) = match count {
            7 => (None, None, &tokens[..7]),
            9 | 10 => (Some(tokens[0]).filter(|domain| *domain != "_"), Some(tokens[1]), &tokens[2..9]),
            _ => return None,
        };
        let number = |at: usize| rest.get(at).and_then(|text| parse_u64(text.as_bytes()));
        Some(Self {
            domain,
            account_hash,
            stream: rest.first().filter(|name| !name.is_empty())?,
            consumer: rest.get(1).filter(|name| !name.is_empty())?,
            delivered: number(2)?,
            stream_seq: number(3)?,
            consumer_seq: number(4)?,
            timestamp: number(5)?,
            pending: number(6)?,
        })
    }
}

/// Tokens behind the prefix in the longest form.
const TOKENS_MAX: usize = 10;

/// Room for five numbers and their dots.
const NUMBERS: usize = 5 * 21;
