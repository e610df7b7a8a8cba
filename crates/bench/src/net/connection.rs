//! A connection to a NATS server: one socket, blocking, with one buffer in and one out.

use super::wire::{Message, Op, parse, push_number, text};
use crate::Outcome;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A connection after its handshake.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    input: Vec<u8>,
    start: usize,
    end: usize,
    output: Vec<u8>,
    requests: u64,
}

impl Connection {
    /// Connects, says what official clients say, and waits for the server to be ready.
    pub(super) fn open(address: SocketAddr) -> Outcome<Self> {
        Self::open_sized(address, INPUT_BYTES)
    }

    /// Opens a connection on which little is read: thousands of them are held at once.
    pub(super) fn open_idle(address: SocketAddr) -> Outcome<Self> {
        Self::open_sized(address, IDLE_INPUT_BYTES)
    }

    fn open_sized(address: SocketAddr, input_bytes: usize) -> Outcome<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(SILENCE_MAX))?;
        stream.set_write_timeout(Some(SILENCE_MAX))?;
        let input = vec![0; input_bytes];
        let mut connection = Self { stream, input, start: 0, end: 0, output: Vec::new(), requests: 0 };
        connection.output.extend_from_slice(CONNECT);
        connection.round_trip()?;
        Ok(connection)
    }

    /// Returns what will be sent by the next [`Self::flush`].
    pub(super) fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Sends what was put into the output.
    pub(super) fn flush(&mut self) -> Outcome<()> {
        if !self.output.is_empty() {
            self.stream.write_all(&self.output)?;
            self.output.clear();
        }
        Ok(())
    }

    /// Waits until the server has done everything that was sent before. Messages that come meanwhile are an error.
    pub(super) fn round_trip(&mut self) -> Outcome<()> {
        self.output.extend_from_slice(b"PING\r\n");
        self.flush()?;
        loop {
            match self.next()? {
                Received::Pong => return Ok(()),
                Received::Other => {}
                Received::Message => return Err("a message came that nobody waits for".into()),
            }
        }
    }

    /// Reads what has come, at least one message, and hands each to `handle` with the time of the read and the output,
    /// which is sent afterwards.
    pub(super) fn exchange(
        &mut self,
        mut handle: impl FnMut(Instant, &Message<'_>, &mut Vec<u8>) -> Outcome<()>,
    ) -> Outcome<()> {
        let mut messages = 0_u64;
        let mut now = Instant::now();
        while messages == 0 {
            while let Some((op, length)) = parse(&self.input[self.start..self.end])? {
                if let Op::Message(message) = &op {
                    handle(now, message, &mut self.output)?;
                    messages += 1;
                } else {
                    answered(&op, &mut self.output)?;
                }
                self.start += length;
            }
            if messages == 0 {
                self.flush()?;
                self.fill()?;
                now = Instant::now();
            }
        }
        self.flush()
    }

    /// Sends a request and returns the payload of its answer. No other message may come meanwhile.
    pub(super) fn request(&mut self, subject: &str, body: &str) -> Outcome<Vec<u8>> {
        self.requests += 1;
        let inbox = format!("_INBOX.benchRequests000000000.{}", self.requests);
        write!(self.output, "SUB {inbox} {REQUEST_SID}\r\nUNSUB {REQUEST_SID} 1\r\n")?;
        write!(self.output, "PUB {subject} {inbox} {}\r\n{body}\r\n", body.len())?;
        let mut answer = Vec::new();
        self.exchange(|_, message, _| {
            if message.sid != REQUEST_SID || !answer.is_empty() {
                return Err(format!("unexpected message to {:?}", text(message.subject)).into());
            }
            if let Some(status) = message.status() {
                return Err(format!("{subject} answers {}", text(status)).into());
            }
            answer.extend_from_slice(message.payload);
            Ok(())
        })?;
        if answer.starts_with(b"{\"error\"") || answer.windows(ERROR.len()).any(|part| part == ERROR) {
            return Err(format!("{subject} answers {}", text(&answer)).into());
        }
        Ok(answer)
    }

    fn next(&mut self) -> Outcome<Received> {
        loop {
            if let Some((op, length)) = parse(&self.input[self.start..self.end])? {
                let received = match op {
                    Op::Pong => Received::Pong,
                    Op::Message(_) => Received::Message,
                    _ => Received::Other,
                };
                answered(&op, &mut self.output)?;
                self.start += length;
                self.flush()?;
                return Ok(received);
            }
            self.fill()?;
        }
    }

    /// Reads once, behind what is there.
    fn fill(&mut self) -> Outcome<()> {
        if self.start > 0 {
            self.input.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.input.len() {
            self.input.resize(self.input.len() * 2, 0);
        }
        match self.stream.read(&mut self.input[self.end..]) {
            Ok(0) => Err("the server closed the connection".into()),
            Ok(bytes) => {
                self.end += bytes;
                Ok(())
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Err(format!("the server said nothing for {SILENCE_MAX:?}").into())
            }
            Err(error) => Err(error.into()),
        }
    }
}

enum Received {
    Pong,
    Message,
    Other,
}

fn answered(op: &Op<'_>, output: &mut Vec<u8>) -> Outcome<()> {
    match op {
        Op::Ping => output.extend_from_slice(b"PONG\r\n"),
        Op::Err(what) => return Err(format!("the server says -ERR {}", text(what)).into()),
        _ => {}
    }
    Ok(())
}

/// Appends a publish. `headers` is empty or a whole header block; `reply` is empty if no answer is wanted.
pub(super) fn push_publish(
    out: &mut Vec<u8>,
    subject: &[&[u8]],
    reply: &[u8],
    headers: &[u8],
    payload: &[u8],
) {
    out.extend_from_slice(if headers.is_empty() { b"PUB " } else { b"HPUB " });
    subject.iter().for_each(|part| out.extend_from_slice(part));
    out.push(b' ');
    if !reply.is_empty() {
        out.extend_from_slice(reply);
        out.push(b' ');
    }
    if !headers.is_empty() {
        push_number(out, headers.len().try_into().unwrap_or(u64::MAX));
        out.push(b' ');
    }
    push_number(out, (headers.len() + payload.len()).try_into().unwrap_or(u64::MAX));
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(headers);
    out.extend_from_slice(payload);
    out.extend_from_slice(b"\r\n");
}

const CONNECT: &[u8] = b"CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"bench\",\"version\":\"0\",\
    \"protocol\":1,\"echo\":true,\"headers\":true,\"no_responders\":true}\r\n";
const REQUEST_SID: u64 = 1_000_000;
const ERROR: &[u8] = b"\"error\":{";
const INPUT_BYTES: usize = 256 << 10;
const IDLE_INPUT_BYTES: usize = 1 << 10;
/// A server that is silent for so long hangs: heartbeats come every five seconds.
const SILENCE_MAX: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publish_counts_headers_and_payload() {
        let mut out = Vec::new();
        push_publish(&mut out, &[b"$KV.b.", b"k"], b"", b"", b"");
        push_publish(&mut out, &[b"a"], b"r.1", b"NATS/1.0\r\nA: b\r\n\r\n", b"xy");
        assert_eq!(text(&out), "PUB $KV.b.k 0\r\n\r\nHPUB a r.1 18 20\r\nNATS/1.0\r\nA: b\r\n\r\nxy\r\n");
    }
}
