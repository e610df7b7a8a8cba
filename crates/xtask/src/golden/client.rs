//! A client that shows messages as lines of a script.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long a first answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(3);

/// How long it must be quiet before no more answers are expected.
const QUIET: Duration = Duration::from_millis(100);

/// A connection with one subscription for all answers.
pub(super) struct Client {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    subscriptions: u32,
    requests: u32,
}

impl Client {
    pub(super) fn connect(port: u16) -> io::Result<Self> {
        let writer = TcpStream::connect(("127.0.0.1", port))?;
        let reader = BufReader::new(writer.try_clone()?);
        let mut client = Self { reader, writer, subscriptions: 0, requests: 0 };
        client.write(
            b"CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true}\r\n",
        )?;
        client.subscribe("_INBOX.*")?;
        Ok(client)
    }

    /// Subscribes to `subject [queue]`.
    pub(super) fn subscribe(&mut self, what: &str) -> io::Result<()> {
        self.subscriptions += 1;
        let line = format!("SUB {what} {}\r\n", self.subscriptions);
        self.write(line.as_bytes())
    }

    /// Publishes `subject [[headers]] body`, and waits until the server has seen it.
    pub(super) fn publish(&mut self, what: &str) -> io::Result<()> {
        let (subject, rest) = what.split_once(' ').unwrap_or((what, ""));
        self.send(subject, "", rest)?;
        self.write(b"PING\r\n")?;
        while self.read(ANSWER_MAX)?.is_some_and(|message| message != "PONG") {}
        Ok(())
    }

    /// Publishes `subject [[headers]] body` with a reply subject, and returns what comes.
    pub(super) fn request(&mut self, what: &str) -> io::Result<Vec<String>> {
        let (subject, rest) = what.split_once(' ').unwrap_or((what, ""));
        self.requests += 1;
        let reply = format!("_INBOX.{}", self.requests);
        self.send(subject, &reply, rest)?;
        let mut answers = Vec::new();
        let mut limit = ANSWER_MAX;
        while let Some(message) = self.read(limit)? {
            // What came later than expected for another request is not this one's.
            let answer = message.strip_prefix(&format!("@{reply} - ")).unwrap_or(&message);
            answers.push(answer.trim_end().to_owned());
            limit = QUIET;
        }
        Ok(answers)
    }

    fn send(&mut self, subject: &str, reply: &str, rest: &str) -> io::Result<()> {
        let (headers, body) = match rest.strip_prefix("[[").and_then(|rest| rest.split_once("]]")) {
            Some((headers, body)) => {
                (format!("NATS/1.0⏎{headers}⏎⏎"), body.strip_prefix(' ').unwrap_or(body))
            }
            None => (String::new(), rest),
        };
        let [headers, body] = [headers.as_str(), body].map(|text| text.replace('⏎', "\r\n"));
        let total = headers.len() + body.len();
        let message = if headers.is_empty() {
            format!("PUB {subject} {reply} {total}\r\n{body}\r\n")
        } else {
            format!("HPUB {subject} {reply} {} {total}\r\n{headers}{body}\r\n", headers.len())
        };
        self.write(message.as_bytes())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes)
    }

    /// Reads a message or `PONG`; none if nothing begins within `limit`.
    fn read(&mut self, limit: Duration) -> io::Result<Option<String>> {
        loop {
            self.reader.get_ref().set_read_timeout(Some(limit))?;
            match self.reader.fill_buf() {
                Ok([]) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
            self.reader.get_ref().set_read_timeout(Some(ANSWER_MAX))?;
            let mut line = String::new();
            self.reader.read_line(&mut line)?;
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["PING"] => self.writer.write_all(b"PONG\r\n")?,
                ["PONG"] => return Ok(Some("PONG".into())),
                ["MSG", subject, _, rest @ .., total] => {
                    return self.message(subject, rest.first(), 0, total).map(Some);
                }
                ["HMSG", subject, _, rest @ .., headers, total] => {
                    let headers = parse(headers)?;
                    return self.message(subject, rest.first(), headers, total).map(Some);
                }
                ["INFO", ..] => {}
                _ => return Err(io::Error::new(ErrorKind::InvalidData, line)),
            }
        }
    }

    fn message(
        &mut self,
        subject: &str,
        reply: Option<&&str>,
        headers: usize,
        total: &str,
    ) -> io::Result<String> {
        let mut bytes = vec![0; parse(total)? + 2];
        self.reader.read_exact(&mut bytes)?;
        bytes.truncate(bytes.len() - 2);
        let body = String::from_utf8_lossy(bytes.get(headers..).unwrap_or_default()).replace("\r\n", "⏎");
        let headers = String::from_utf8_lossy(bytes.get(..headers).unwrap_or_default()).replace("\r\n", "⏎");
        let headers = if headers.is_empty() { headers } else { format!("[[{headers}]] ") };
        Ok(format!("@{subject} {} {headers}{body}", reply.unwrap_or(&"-")))
    }
}

fn parse(number: &str) -> io::Result<usize> {
    number.parse().map_err(|source| io::Error::new(ErrorKind::InvalidData, source))
}
