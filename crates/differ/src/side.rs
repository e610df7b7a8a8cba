//! One of the two servers, and the connections of the script that runs.

use crate::DifferError;
use crate::area::Setup;
use crate::record::{Event, Record};
use crate::resolve::Lookup;
use crate::script::{Publication, Reply, Step};
use compat::{Launch, Program, Server};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::sync::mpsc::Sender;
use std::time::Duration;
use testkit::nats::{Client, FrameStream, Incoming};

/// What a reading thread sends.
#[derive(Debug)]
pub(crate) struct Post {
    /// Which side.
    pub(crate) side: usize,
    /// Which connection of the script.
    pub(crate) conn: usize,
    /// Which opening of that connection; what an earlier one still brings is of no interest.
    pub(crate) opening: usize,
    /// What came.
    pub(crate) event: Event,
}

/// A connection that this side has not closed.
#[derive(Debug)]
struct Conn {
    socket: TcpStream,
    opening: usize,
}

/// A server with everything that is known of it.
#[derive(Debug)]
pub(crate) struct Side {
    index: usize,
    server: Server,
    setup: Setup,
    admin: Option<Client>,
    conns: BTreeMap<usize, Conn>,
    openings: usize,
    pub(crate) record: Record,
}

impl Side {
    pub(crate) fn start(index: usize, program: &Program, setup: Setup) -> Result<Self, DifferError> {
        let launch = Launch { config: Some(setup.config.to_owned()), ..Launch::default() };
        let server = program.launch(&launch)?;
        Ok(Self {
            index,
            server,
            setup,
            admin: None,
            conns: BTreeMap::new(),
            openings: 0,
            record: Record::default(),
        })
    }

    pub(crate) fn name(&self) -> &str {
        self.server.program().name()
    }

    /// Kills the server and starts it again; connections are gone.
    pub(crate) fn restart(&mut self) -> Result<(), DifferError> {
        self.close_all();
        self.admin = None;
        Ok(self.server.kill_and_restart()?)
    }

    /// Opens a connection and begins to read from it.
    pub(crate) fn open(&mut self, conn: usize, options: &str, post: Sender<Post>) -> Result<(), DifferError> {
        self.close(conn);
        self.record.reopen(conn);
        let opened = TcpStream::connect(self.server.address()).and_then(|socket| {
            socket.set_nodelay(true)?;
            socket.set_write_timeout(Some(WRITE_LIMIT))?;
            let reader = socket.try_clone()?;
            Ok((socket, reader))
        });
        let (socket, reader) = opened.map_err(|source| self.fault("open a connection", source))?;
        self.openings += 1;
        let (side, opening) = (self.index, self.openings);
        std::thread::spawn(move || {
            read_all(reader, |event| post.send(Post { side, conn, opening, event }).is_ok())
        });
        self.conns.insert(conn, Conn { socket, opening });
        if !options.is_empty() {
            self.send(conn, format!("CONNECT {options}\r\n").as_bytes());
        }
        Ok(())
    }

    /// Sends bytes; a connection that the server has closed takes none.
    pub(crate) fn send(&mut self, conn: usize, bytes: &[u8]) {
        if let Some(conn) = self.conns.get_mut(&conn) {
            // What is lost here shows as an answer that does not come, on both sides or as a difference.
            let _ = conn.socket.write_all(bytes);
        }
    }

    /// Adds what came to the record, unless it comes from a connection that this side has closed.
    pub(crate) fn receive(&mut self, post: Post) {
        if self.conns.get(&post.conn).is_some_and(|conn| conn.opening == post.opening) {
            self.record.add(post.conn, post.event);
        }
    }

    pub(crate) fn is_open(&self, conn: usize) -> bool {
        self.conns.contains_key(&conn) && !self.record.is_closed(conn)
    }

    pub(crate) fn close(&mut self, conn: usize) {
        if let Some(conn) = self.conns.remove(&conn) {
            let _ = conn.socket.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn close_all(&mut self) {
        for conn in std::mem::take(&mut self.conns).into_values() {
            let _ = conn.socket.shutdown(Shutdown::Both);
        }
    }

    /// Returns the bytes of text with its references replaced, or `None` if one leads nowhere on this side.
    pub(crate) fn resolve(&mut self, text: &[u8]) -> Option<Vec<u8>> {
        // The record is lent out while the administrator asks.
        let record = std::mem::take(&mut self.record);
        let mut ask = |subject: &str, body: &str| serde_json::from_slice(&self.ask(subject, body).ok()?).ok();
        let mut lookup = Lookup { record: &record, ask: &mut ask, times: Vec::new() };
        let resolved = lookup.resolve(text);
        let times = lookup.times;
        self.record = record;
        for (time, label) in times {
            self.record.learn(&time, label);
        }
        resolved
    }

    /// Returns the bytes that publish, with the subscription of the step's inbox before them.
    pub(crate) fn publication(&mut self, step: &Step, publication: &Publication) -> Option<Vec<u8>> {
        let subject = self.resolve(publication.subject.as_bytes())?;
        let body = self.resolve(&publication.body)?;
        let (mut bytes, reply) = match &publication.reply {
            Reply::None => (Vec::new(), None),
            Reply::Inbox => {
                let sub = format!("SUB {} {}\r\n", step.inbox(), step.sid());
                (sub.into_bytes(), Some(step.inbox().into_bytes()))
            }
            Reply::Subject(subject) => (Vec::new(), Some(self.resolve(subject.as_bytes())?)),
        };
        let headers = match &publication.headers {
            Some(block) => Some(self.resolve(block)?),
            None => None,
        };
        bytes.extend_from_slice(if headers.is_some() { b"HPUB " } else { b"PUB " });
        bytes.extend_from_slice(&subject);
        bytes.push(b' ');
        if let Some(reply) = reply {
            bytes.extend_from_slice(&reply);
            bytes.push(b' ');
        }
        let head = headers.as_ref().map_or(0, Vec::len);
        if headers.is_some() {
            bytes.extend_from_slice(format!("{head} ").as_bytes());
        }
        bytes.extend_from_slice(format!("{}\r\n", head + body.len()).as_bytes());
        bytes.extend_from_slice(headers.as_deref().unwrap_or_default());
        bytes.extend_from_slice(&body);
        bytes.extend_from_slice(b"\r\n");
        Some(bytes)
    }

    /// Asks until the answer contains `text`; returns whether it did within the time that copies take.
    pub(crate) fn ask_until(&mut self, subject: &str, text: &str) -> Result<bool, DifferError> {
        for _ in 0..POLLS_MAX {
            if String::from_utf8_lossy(&self.ask(subject, "")?).contains(text) {
                return Ok(true);
            }
            std::thread::sleep(SWEEP_INTERVAL);
        }
        Ok(false)
    }

    /// Deletes every stream, so that the next script begins with nothing.
    pub(crate) fn clean(&mut self) -> Result<(), DifferError> {
        self.close_all();
        self.delete_streams()?;
        // The reference answers before it has removed the files. A stream of the same name that is created meanwhile fails,
        // or holds the messages of the old one; even shortly after the files have gone.
        for _ in 0..SWEEPS_MAX {
            std::thread::sleep(SWEEP_INTERVAL);
            if is_swept(&self.server.store_directory().join("jetstream")) {
                break;
            }
        }
        std::thread::sleep(SWEEP_INTERVAL);
        Ok(())
    }

    fn delete_streams(&mut self) -> Result<(), DifferError> {
        loop {
            let names = self.ask("$JS.API.STREAM.NAMES", "")?;
            let names: serde_json::Value = serde_json::from_slice(&names).unwrap_or_default();
            let Some(names) = names["streams"].as_array().filter(|names| !names.is_empty()) else {
                return Ok(());
            };
            for name in names.iter().filter_map(|name| name.as_str()) {
                self.ask(&format!("$JS.API.STREAM.DELETE.{name}"), "")?;
            }
        }
    }

    fn ask(&mut self, subject: &str, body: &str) -> Result<Vec<u8>, DifferError> {
        if self.admin.is_none() {
            let address = self.server.address().to_string();
            let admin = Client::connect(&address, self.setup.admin);
            self.admin = Some(admin.map_err(|source| self.fault("connect as administrator", source))?);
        }
        let Some(admin) = &mut self.admin else { return Ok(Vec::new()) };
        let answer = admin.request(subject, body);
        if answer.is_err() {
            self.admin = None;
        }
        answer.map(|answer| answer.payload).map_err(|source| self.fault("ask as administrator", source))
    }

    fn fault(&self, what: &'static str, source: io::Error) -> DifferError {
        DifferError::Connection { what, side: self.name().to_owned(), source }
    }
}

/// Returns whether no account's directory of streams below `store` holds one; `true` for a store of another layout.
fn is_swept(store: &Path) -> bool {
    let Ok(accounts) = std::fs::read_dir(store) else { return true };
    let mut streams = accounts.filter_map(Result::ok).map(|account| account.path().join("streams"));
    streams.all(|streams| std::fs::read_dir(streams).map_or(true, |mut entries| entries.next().is_none()))
}

/// Reads until the connection ends or nobody listens any more, and posts everything.
fn read_all(socket: TcpStream, mut post: impl FnMut(Event) -> bool) {
    let mut frames = FrameStream::new(socket);
    loop {
        let event = match frames.next(READ_LIMIT) {
            Ok(Incoming::Frame(frame)) => Event::Frame(frame),
            Ok(Incoming::Nothing) => continue,
            Ok(Incoming::Closed) if frames.unread().is_empty() => Event::Closed,
            Ok(Incoming::Closed) => {
                Event::Garbage(format!("cut off after {}", frames.unread().escape_ascii()))
            }
            Err(error) => Event::Garbage(error.to_string()),
        };
        let is_last = matches!(event, Event::Closed | Event::Garbage(_));
        if !post(event) || is_last {
            return;
        }
    }
}

const POLLS_MAX: usize = 600;
const SWEEPS_MAX: usize = 200;
const SWEEP_INTERVAL: Duration = Duration::from_millis(5);
const WRITE_LIMIT: Duration = Duration::from_secs(5);
const READ_LIMIT: Duration = Duration::from_secs(3600);
