//! What a server sends, one operation at a time: bytes in, frames out.

use std::fmt;

/// One operation of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// `INFO` with its JSON as it came, the space at the end included.
    Info(Vec<u8>),
    /// `MSG` or `HMSG`.
    Message(Message),
    /// `PING`.
    Ping,
    /// `PONG`.
    Pong,
    /// `+OK`.
    Ok,
    /// `-ERR` with its text, quotes included.
    Err(Vec<u8>),
}

/// A message that the server delivers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// The subject in the line; for deliveries of a stream the stored one.
    pub subject: Vec<u8>,
    /// The subscription, as the client named it.
    pub sid: Vec<u8>,
    /// Where answers go.
    pub reply: Option<Vec<u8>>,
    /// The whole header block with its version line and its empty line; `None` for `MSG`.
    pub headers: Option<Vec<u8>>,
    /// The body.
    pub payload: Vec<u8>,
}

/// Bytes that no server may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameError {
    /// The line that is wrong, or what stands where the end of a payload should be.
    pub found: Vec<u8>,
}

impl Message {
    /// Returns the status of the header block, for example `100 Idle Heartbeat`, if its first line has one.
    #[must_use]
    pub fn status(&self) -> Option<String> {
        let block = self.headers.as_deref()?;
        let line = &block[..block.iter().position(|byte| matches!(byte, b'\r' | b'\n'))?];
        let status = line.strip_prefix(b"NATS/1.0")?.trim_ascii();
        (!status.is_empty()).then(|| String::from_utf8_lossy(status).into_owned())
    }

    /// Returns the value of the last header of this name; names are compared as they are spelled.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let block = String::from_utf8_lossy(self.headers.as_deref()?).into_owned();
        let values = block.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
        values.filter(|(found, _)| *found == name).map(|(_, value)| value.trim().to_owned()).last()
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no frame of a server: {}", self.found.escape_ascii())
    }
}

impl std::error::Error for FrameError {}

/// Takes the first frame off `input`; returns it with the number of its bytes, or `None` if it is not complete.
///
/// # Errors
/// [`FrameError`] if no server may send this.
pub fn take_frame(input: &[u8]) -> Result<Option<(Frame, usize)>, FrameError> {
    let Some(end) = input.windows(2).position(|pair| pair == b"\r\n") else { return Ok(None) };
    let line = &input[..end];
    let after = end + 2;
    let wrong = || FrameError { found: line.to_vec() };
    let (verb, rest) = match line.iter().position(|byte| *byte == b' ') {
        Some(at) => (&line[..at], &line[at + 1..]),
        None => (line, &[][..]),
    };
    match verb {
        b"INFO" => Ok(Some((Frame::Info(rest.to_vec()), after))),
        b"PING" => Ok(Some((Frame::Ping, after))),
        b"PONG" => Ok(Some((Frame::Pong, after))),
        b"+OK" => Ok(Some((Frame::Ok, after))),
        b"-ERR" => Ok(Some((Frame::Err(rest.to_vec()), after))),
        b"MSG" | b"HMSG" => {
            let (message, sizes) = message_line(rest, verb == b"HMSG").ok_or_else(wrong)?;
            let total = after.checked_add(sizes.total).ok_or_else(wrong)?;
            let Some(body) = input.get(after..total) else { return Ok(None) };
            match input.get(total..total + 2) {
                None => Ok(None),
                Some(b"\r\n") => Ok(Some((Frame::Message(filled(message, body, sizes)), total + 2))),
                Some(_) => Err(wrong()),
            }
        }
        _ => Err(wrong()),
    }
}

#[derive(Debug, Clone, Copy)]
struct Sizes {
    headers: Option<usize>,
    total: usize,
}

fn message_line(rest: &[u8], has_headers: bool) -> Option<(Message, Sizes)> {
    let words: Vec<&[u8]> = rest.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).collect();
    let counts = if has_headers { 2 } else { 1 };
    let names = words.len().checked_sub(counts)?;
    let reply = match names {
        2 => None,
        3 => Some(words[2].to_vec()),
        _ => return None,
    };
    let total = number(words[words.len() - 1])?;
    let headers = if has_headers { Some(number(words[names])?) } else { None };
    if headers.is_some_and(|size| size > total) {
        return None;
    }
    let message = Message { subject: words[0].to_vec(), sid: words[1].to_vec(), reply, ..Message::default() };
    Some((message, Sizes { headers, total }))
}

fn number(word: &[u8]) -> Option<usize> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

fn filled(mut message: Message, body: &[u8], sizes: Sizes) -> Message {
    let at = sizes.headers.unwrap_or(0);
    message.headers = sizes.headers.map(|_| body[..at].to_vec());
    message.payload = body[at..].to_vec();
    message
}
