//! What a NATS server sends, parsed in place, and what stands inside of it.

use crate::Outcome;

/// One operation of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op<'a> {
    /// What the server says of itself.
    Info,
    /// A message for one of our subscriptions.
    Message(Message<'a>),
    /// Wants a PONG.
    Ping,
    /// Answers our PING.
    Pong,
    /// Tells us that an operation was accepted.
    Ok,
    /// Refuses; the text is in quotes.
    Err(&'a [u8]),
}

/// A message: MSG, or HMSG if it has headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Message<'a> {
    /// What it was published to.
    pub(super) subject: &'a [u8],
    /// Our number of the subscription.
    pub(super) sid: u64,
    /// Where an answer goes; empty if none is wanted.
    pub(super) reply: &'a [u8],
    /// The whole header block; empty if there is none.
    pub(super) headers: &'a [u8],
    /// What follows the header block.
    pub(super) payload: &'a [u8],
}

/// Parses the first operation of `input` and returns it with its length, or `None` if `input` ends inside of it.
pub(super) fn parse(input: &[u8]) -> Outcome<Option<(Op<'_>, usize)>> {
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else {
        return if input.len() > LINE_BYTES_MAX { Err("a line without an end".into()) } else { Ok(None) };
    };
    let line = input[..end].strip_suffix(b"\r").unwrap_or(&input[..end]);
    let after = end + 1;
    let (word, fields) = match line.iter().position(|byte| *byte == b' ') {
        Some(space) => (&line[..space], &line[space + 1..]),
        None => (line, &[][..]),
    };
    let op = match word {
        b"MSG" => return message(fields, input, after, HasHeaders::No),
        b"HMSG" => return message(fields, input, after, HasHeaders::Yes),
        b"PING" => Op::Ping,
        b"PONG" => Op::Pong,
        b"+OK" => Op::Ok,
        b"INFO" => Op::Info,
        b"-ERR" => Op::Err(fields),
        _ => return Err(format!("the server sent {:?}", text(line)).into()),
    };
    Ok(Some((op, after)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HasHeaders {
    No,
    Yes,
}

/// `SUBJECT SID [REPLY] [HEADER-BYTES] TOTAL-BYTES`, with the body behind it in `input` from `after`.
fn message<'a>(
    line: &'a [u8],
    input: &'a [u8],
    after: usize,
    has_headers: HasHeaders,
) -> Outcome<Option<(Op<'a>, usize)>> {
    let mut fields: [&[u8]; 5] = [&[]; 5];
    let mut count = 0;
    for field in line.split(|byte| *byte == b' ').filter(|field| !field.is_empty()) {
        *fields.get_mut(count).ok_or("a message line with too many fields")? = field;
        count += 1;
    }
    let [first, second, third, fourth, fifth] = fields;
    let (reply, header_bytes, total): (&[u8], _, _) = match (has_headers, count) {
        (HasHeaders::No, 3) => (&[], 0, number(third)?),
        (HasHeaders::No, 4) => (third, 0, number(fourth)?),
        (HasHeaders::Yes, 4) => (&[], number(third)?, number(fourth)?),
        (HasHeaders::Yes, 5) => (third, number(fourth)?, number(fifth)?),
        _ => return Err(format!("a message line with {count} fields").into()),
    };
    if header_bytes > total || total > BODY_BYTES_MAX {
        return Err(format!("a message with {header_bytes} bytes of headers, {total} in all").into());
    }
    let (header_bytes, total) = (usize::try_from(header_bytes)?, usize::try_from(total)?);
    let Some(body) = input.get(after..after + total + 2) else { return Ok(None) };
    if !body.ends_with(b"\r\n") {
        return Err("a message body does not end where it should".into());
    }
    let message = Message {
        subject: first,
        sid: number(second)?,
        reply,
        headers: &body[..header_bytes],
        payload: &body[header_bytes..total],
    };
    Ok(Some((Op::Message(message), after + total + 2)))
}

impl Message<'_> {
    /// Returns what follows `NATS/1.0 ` in the first line of the headers: a code and a description.
    pub(super) fn status(&self) -> Option<&[u8]> {
        let line = self.headers.strip_prefix(b"NATS/1.0 ")?;
        Some(&line[..line.iter().position(|byte| *byte == b'\r')?])
    }

    /// Returns the value of the last header called `name`: a server appends its own to those that were stored.
    pub(super) fn header(&self, name: &[u8]) -> Option<&[u8]> {
        let lines = self.headers.split(|byte| *byte == b'\n');
        let mut values = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(b":"));
        values.next_back().map(<[u8]>::trim_ascii)
    }
}

/// What the reply subject of a consumer's delivery tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Delivery {
    /// Position in the stream.
    pub(super) sequence: u64,
    /// Number of the delivery, from 1.
    pub(super) consumer_sequence: u64,
    /// Messages that are still to come as of then.
    pub(super) pending: u64,
}

impl Delivery {
    /// Parses `$JS.ACK.STREAM.CONSUMER.DELIVERED.SEQUENCE.CONSUMER-SEQUENCE.TIME.PENDING`.
    pub(super) fn parse(reply: &[u8]) -> Outcome<Self> {
        let wrong = || format!("{:?} is no subject for acks", text(reply));
        let rest = reply.strip_prefix(b"$JS.ACK.").ok_or_else(wrong)?;
        let mut tokens = rest.rsplit(|byte| *byte == b'.');
        let mut next = || tokens.next().ok_or_else(wrong);
        let (pending, _time, consumer_sequence, sequence) = (next()?, next()?, next()?, next()?);
        Ok(Self {
            sequence: number(sequence)?,
            consumer_sequence: number(consumer_sequence)?,
            pending: number(pending)?,
        })
    }
}

/// Returns the sequence that `payload` acknowledges for `stream`; an error reply is an error.
pub(super) fn acked_sequence(payload: &[u8], stream: &str) -> Outcome<u64> {
    let sequence = payload
        .strip_prefix(b"{\"stream\":\"")
        .and_then(|rest| rest.strip_prefix(stream.as_bytes())?.strip_prefix(b"\",\"seq\":"))
        .and_then(|rest| rest.strip_suffix(b"}"))
        .ok_or_else(|| format!("instead of an ack came {}", text(payload)))?;
    number(sequence)
}

/// Returns the number behind the first `"name":` of a JSON text that has no such text in a string before it.
pub(super) fn json_number(json: &[u8], name: &str) -> Outcome<u64> {
    let json = std::str::from_utf8(json)?;
    let (_, rest) = json.split_once(&format!("\"{name}\":")).ok_or_else(|| format!("no {name} in {json}"))?;
    let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    number(&rest.as_bytes()[..end])
}

/// Parses an unsigned decimal number.
pub(super) fn number(digits: &[u8]) -> Outcome<u64> {
    if digits.is_empty() {
        return Err("a number without digits".into());
    }
    digits.iter().try_fold(0_u64, |sum, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10);
        let digit = digit.ok_or_else(|| format!("{:?} is no number", text(digits)))?;
        let sum = sum.checked_mul(10).and_then(|sum| sum.checked_add(u64::from(digit)));
        sum.ok_or_else(|| "a number beyond 64 bits".into())
    })
}

/// Appends a decimal number.
pub(super) fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] += u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

/// Returns bytes as text for an error.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// INFO is the longest line.
const LINE_BYTES_MAX: usize = 64 << 10;
/// More than the servers allow for a payload by default.
const BODY_BYTES_MAX: u64 = 8 << 20;

#[cfg(test)]
mod tests;
