//! One connection of a test to a server.

use super::frame::{Frame, Message};
use super::stream::{FrameStream, Incoming};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The options that all official clients send.
pub const DEFAULT_CONNECT: &str = r#"{"verbose":false,"pedantic":false,"protocol":1,"headers":true,"no_responders":true,"echo":true,"lang":"raw","version":"1"}"#;

/// A connection, and the frames of it that nobody has asked for yet.
#[derive(Debug)]
pub struct Client {
    socket: TcpStream,
    frames: FrameStream,
    waiting: VecDeque<Frame>,
    info: Vec<u8>,
    inbox: Option<String>,
    requests: u64,
}

/// What is published, besides its subject.
#[derive(Debug, Clone, Copy, Default)]
pub struct Request<'a> {
    /// The header block with its version line and empty line; empty for `PUB`.
    pub headers: &'a [u8],
    /// The body.
    pub payload: &'a [u8],
}

impl<'a> From<&'a [u8]> for Request<'a> {
    fn from(payload: &'a [u8]) -> Self {
        Self { headers: &[], payload }
    }
}

impl<'a> From<&'a str> for Request<'a> {
    fn from(payload: &'a str) -> Self {
        Self::from(payload.as_bytes())
    }
}

impl Client {
    /// Connects to `address`, for example `127.0.0.1:4222`, and reads the server's first `INFO`; sends nothing.
    ///
    /// # Errors
    /// Those of the socket; [`ErrorKind::InvalidData`] if the first frame is not `INFO`.
    pub fn open(address: &str) -> io::Result<Self> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.set_write_timeout(Some(LIMIT))?;
        let frames = FrameStream::new(socket.try_clone()?);
        let mut client =
            Self { socket, frames, waiting: VecDeque::new(), info: Vec::new(), inbox: None, requests: 0 };
        match client.next(LIMIT)? {
            Some(Frame::Info(json)) => client.info = json,
            other => return Err(unexpected("INFO", &format!("{other:?}"))),
        }
        Ok(client)
    }

    /// Connects, sends `CONNECT` with `options` as they are, and waits for the answer to a `PING`.
    ///
    /// # Errors
    /// As for [`Self::open`]; [`ErrorKind::PermissionDenied`] with the server's text if it says `-ERR`.
    pub fn connect(address: &str, options: &str) -> io::Result<Self> {
        let mut client = Self::open(address)?;
        client.send(format!("CONNECT {options}\r\n").as_bytes())?;
        client.flush()?;
        if let Some(Frame::Err(text)) = client.waiting.iter().find(|frame| matches!(frame, Frame::Err(_))) {
            let text = String::from_utf8_lossy(text).into_owned();
            return Err(io::Error::new(ErrorKind::PermissionDenied, text));
        }
        // The second INFO tells nothing that a test of messages asks for.
        client.waiting.retain(|frame| !matches!(frame, Frame::Info(_) | Frame::Ok));
        Ok(client)
    }

    /// Returns the JSON of the first `INFO`.
    #[must_use]
    pub fn info(&self) -> &[u8] {
        &self.info
    }

    /// Sends these bytes, whatever they are.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.write_all(bytes)
    }

    /// Publishes, with `HPUB` if there are headers.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn publish(&mut self, subject: &str, reply: Option<&str>, request: Request<'_>) -> io::Result<()> {
        let bytes = publication(subject, reply, request);
        self.send(&bytes)
    }

    /// Subscribes `subject` under the name `sid`.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn subscribe(&mut self, subject: &str, queue: Option<&str>, sid: &str) -> io::Result<()> {
        let queue = queue.unwrap_or_default();
        self.send(format!("SUB {subject} {queue} {sid}\r\n").as_bytes())
    }

    /// Ends the subscription `sid`, at once or after `max` messages.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn unsubscribe(&mut self, sid: &str, max: Option<u64>) -> io::Result<()> {
        let max = max.map(|max| max.to_string()).unwrap_or_default();
        self.send(format!("UNSUB {sid} {max}\r\n").as_bytes())
    }

    /// Returns the next frame, or `None` after `limit` without one. `PING`s are answered and not shown.
    ///
    /// # Errors
    /// [`ErrorKind::UnexpectedEof`] if the server closed the connection; those of [`FrameStream::next`].
    pub fn next(&mut self, limit: Duration) -> io::Result<Option<Frame>> {
        match self.waiting.pop_front() {
            Some(frame) => Ok(Some(frame)),
            None => self.read(limit),
        }
    }

    /// Returns the next message of the subscription `sid`, or `None` after `limit`; keeps the other frames.
    ///
    /// # Errors
    /// As for [`Self::next`].
    pub fn next_message(&mut self, sid: &str, limit: Duration) -> io::Result<Option<Message>> {
        let is_asked =
            |frame: &Frame| matches!(frame, Frame::Message(message) if message.sid == sid.as_bytes());
        match self.take_first(is_asked, limit)? {
            Some(Frame::Message(message)) => Ok(Some(message)),
            _ => Ok(None),
        }
    }

    /// Sends `PING` and waits for its `PONG`; what comes before it is kept for [`Self::next`].
    ///
    /// # Errors
    /// As for [`Self::next`]; [`ErrorKind::TimedOut`] if no answer comes.
    pub fn flush(&mut self) -> io::Result<()> {
        self.send(b"PING\r\n")?;
        // An error may be the answer, and closes the connection; it is kept for the caller.
        match self.take_first(|frame| matches!(frame, Frame::Pong), LIMIT) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(io::Error::new(ErrorKind::TimedOut, "no PONG")),
            Err(error) => match self.waiting.iter().find_map(error_text) {
                Some(text) => Err(io::Error::new(ErrorKind::PermissionDenied, text)),
                None => Err(error),
            },
        }
    }

    /// Publishes a request and returns the first answer.
    ///
    /// # Errors
    /// As for [`Self::next`]; [`ErrorKind::TimedOut`] if no answer comes within ten seconds.
    pub fn request<'a>(&mut self, subject: &str, request: impl Into<Request<'a>>) -> io::Result<Message> {
        let reply = self.next_reply()?;
        self.publish(subject, Some(&reply), request.into())?;
        self.answer(&reply)
    }

    /// Publishes a request whose answer is fetched later with [`Self::answer`], and returns its reply subject.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn begin<'a>(&mut self, subject: &str, request: impl Into<Request<'a>>) -> io::Result<String> {
        let reply = self.next_reply()?;
        self.publish(subject, Some(&reply), request.into())?;
        Ok(reply)
    }

    /// Returns the answer to the request whose reply subject this is.
    ///
    /// # Errors
    /// As for [`Self::request`].
    pub fn answer(&mut self, reply: &str) -> io::Result<Message> {
        let is_answer =
            |frame: &Frame| matches!(frame, Frame::Message(message) if message.subject == reply.as_bytes());
        match self.take_first(is_answer, LIMIT)? {
            Some(Frame::Message(message)) => Ok(message),
            _ => Err(io::Error::new(ErrorKind::TimedOut, format!("no answer to {reply}"))),
        }
    }

    /// Returns a subject that nobody else uses, covered by this connection's one subscription for answers.
    fn next_reply(&mut self) -> io::Result<String> {
        if self.inbox.is_none() {
            let inbox = format!("_INBOX.{}", self.socket.local_addr()?.port());
            self.subscribe(&format!("{inbox}.*"), None, ANSWERS)?;
            self.inbox = Some(inbox);
        }
        self.requests += 1;
        Ok(format!("{}.{}", self.inbox.as_deref().unwrap_or_default(), self.requests))
    }

    fn take_first(
        &mut self,
        is_asked: impl Fn(&Frame) -> bool,
        limit: Duration,
    ) -> io::Result<Option<Frame>> {
        if let Some(at) = self.waiting.iter().position(&is_asked) {
            return Ok(self.waiting.remove(at));
        }
        loop {
            match self.read(limit)? {
                Some(frame) if is_asked(&frame) => return Ok(Some(frame)),
                Some(frame) => self.waiting.push_back(frame),
                None => return Ok(None),
            }
        }
    }

    fn read(&mut self, limit: Duration) -> io::Result<Option<Frame>> {
        loop {
            match self.frames.next(limit)? {
                Incoming::Frame(Frame::Ping) => self.send(b"PONG\r\n")?,
                Incoming::Frame(frame) => return Ok(Some(frame)),
                Incoming::Nothing => return Ok(None),
                Incoming::Closed => {
                    return Err(io::Error::new(ErrorKind::UnexpectedEof, "the server closed the connection"));
                }
            }
        }
    }
}

/// Returns the bytes of a `PUB`, or of an `HPUB` if there are headers.
#[must_use]
pub fn publication(subject: &str, reply: Option<&str>, request: Request<'_>) -> Vec<u8> {
    let Request { headers, payload } = request;
    let reply = reply.map(|reply| format!("{reply} ")).unwrap_or_default();
    let mut bytes = if headers.is_empty() {
        format!("PUB {subject} {reply}{}\r\n", payload.len()).into_bytes()
    } else {
        let total = headers.len() + payload.len();
        format!("HPUB {subject} {reply}{} {total}\r\n", headers.len()).into_bytes()
    };
    bytes.extend_from_slice(headers);
    bytes.extend_from_slice(payload);
    bytes.extend_from_slice(b"\r\n");
    bytes
}

fn error_text(frame: &Frame) -> Option<String> {
    match frame {
        Frame::Err(text) => Some(String::from_utf8_lossy(text).into_owned()),
        _ => None,
    }
}

fn unexpected(expected: &str, found: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("expected {expected}, found {found}"))
}

/// The safety net of every wait that has no limit of its own.
const LIMIT: Duration = Duration::from_secs(10);

/// The name of the subscription for answers.
const ANSWERS: &str = "answers";
