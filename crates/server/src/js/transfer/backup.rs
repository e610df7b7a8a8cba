//! `STREAM.SNAPSHOT`: a stream as it is at one moment, sent in chunks that the receiver acknowledges.

use super::source::Source;
use super::window::{Room, Window};
use crate::account::Account;
use crate::js::context::Ctx;
use crate::js::convert::{self, Words};
use crate::js::errors::{self, fixed};
use crate::js::events::Events;
use crate::js::handle::StreamHandle;
use crate::js::state::JetStream;
use crate::router::{Msg, Origin, Publisher};
use jetkv_types::SubjectFilter;
use jetkv_wire::api;
use jetkv_wire::error::ApiError;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};

/// Begins a backup; it answers by itself.
pub(crate) fn begin(
    jetstream: &Arc<JetStream>,
    ctx: &Ctx<'_>,
    name: &str,
    msg: &Msg<'_>,
) -> Result<(), ApiError> {
    if api::is_empty(msg.payload) {
        return Err(fixed::BAD_REQUEST);
    }
    // The reference looks for the stream before it reads the body.
    let handle = jetstream.find(name).ok_or(fixed::STREAM_NOT_FOUND)?;
    let request: api::SnapshotRequest = jetstream.decode(msg.payload)?;
    let deliver = SubjectFilter::new(request.deliver_subject.as_str()).ok().filter(SubjectFilter::is_literal);
    let deliver = deliver.ok_or(fixed::DELIVER_SUBJECT)?;
    let backup = Backup {
        jetstream: Arc::clone(jetstream),
        account: Arc::clone(ctx.account),
        handle,
        deliver,
        chunk_bytes: clamp(request.chunk_size, CHUNK_BYTES, CHUNK_BYTES_MAX),
        window_bytes: clamp(request.window_size, WINDOW_BYTES, WINDOW_BYTES_MAX),
        consumers: if request.no_consumers { Consumers::LeftOut } else { Consumers::Included },
        subject: String::from_utf8_lossy(msg.subject).into(),
        body: msg.payload.into(),
        reply: msg.reply.map(Box::from),
    };
    super::spawn(&jetstream.transfers.backups, backup.run())
}

/// Zero is the default; what is out of range becomes the nearest that is allowed.
fn clamp(asked: i64, default: usize, max: usize) -> usize {
    match asked {
        0 => default,
        asked => usize::try_from(asked).unwrap_or(0).clamp(BYTES_MIN, max),
    }
}

/// A backup that was asked for.
struct Backup {
    jetstream: Arc<JetStream>,
    account: Arc<Account>,
    handle: Arc<StreamHandle>,
    deliver: SubjectFilter,
    chunk_bytes: usize,
    window_bytes: usize,
    consumers: Consumers,
    /// The request.
    subject: Box<str>,
    body: Box<[u8]>,
    reply: Option<Box<[u8]>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Consumers {
    Included,
    LeftOut,
}

/// Why a backup ends before everything was sent.
enum End {
    /// Nobody listens any more.
    NoInterest,
    /// No ack came.
    NoFlow,
    /// A message cannot be read.
    Failed(String),
}

impl Backup {
    async fn run(self) {
        let jetstream = &self.jetstream;
        let started = jetstream.store.now();
        let mut publisher = Publisher::new(Origin::Server, started.as_nanos());
        let (handle, consumers) = (Arc::clone(&self.handle), self.consumers);
        let frozen = spawn_blocking(move || {
            let count = handle.consumer_count();
            // They are looked at first, so that none is ahead of the messages.
            let consumers = match consumers {
                Consumers::Included => handle.consumers.snapshots(),
                Consumers::LeftOut => Vec::new(),
            };
            handle.stream.freeze().map(|frozen| (frozen, consumers, count))
        });
        let (frozen, consumers, count) = match frozen.await {
            Ok(Ok(frozen)) => frozen,
            Ok(Err(error)) => {
                let text = format!("snapshot failed: {}", errors::describe(&error));
                let error = ApiError { code: 500, err_code: 10064, description: text.into() };
                return self.answer(&mut publisher, Err(&error));
            }
            // The runtime is going.
            Err(_) => return,
        };
        let state = convert::state_of(frozen.state(), count);
        let config = convert::config(&self.handle.facts().settings, Words::Stored);
        self.answer(&mut publisher, Ok(&api::SnapshotResponse { config, state: state.clone() }));
        self.events(&mut publisher).snapshot_begins(self.name(), &state);
        let state =
            api::StreamState { consumer_count: i64::try_from(consumers.len()).unwrap_or(i64::MAX), ..state };
        self.send(&mut publisher, Source::new(frozen, consumers, &state, started)).await;
        self.events(&mut publisher).snapshot_ends(self.name(), started);
    }

    fn name(&self) -> &str {
        self.handle.stream.name().as_str()
    }

    fn events<'a>(&'a self, publisher: &'a mut Publisher) -> Events<'a> {
        Events { jetstream: &self.jetstream, publisher, router: &self.account.router }
    }

    fn answer(&self, publisher: &mut Publisher, outcome: Result<&api::SnapshotResponse, &ApiError>) {
        self.jetstream.count(outcome.is_err());
        let mut body = Vec::new();
        api::respond(&mut body, outcome);
        if let Some(reply) = &self.reply {
            let msg = Msg { subject: reply, reply: None, headers: b"", payload: &body };
            publisher.deliver(&self.account.router, &msg);
        }
        self.events(publisher).audit(&self.subject, &self.body, &body);
        publisher.flush();
    }

    async fn send(&self, publisher: &mut Publisher, source: Source) {
        let word = self.jetstream.new_id();
        let window = Arc::new(Window::new(self.window_bytes));
        let registered = Registered::new(&self.jetstream, &word, &window);
        let mut sent = 0;
        let end = self.send_chunks(publisher, source, &word, &window, &mut sent).await;
        drop(registered);
        let headers = match end {
            Ok(()) if sent == 0 => String::new(),
            Ok(()) => "NATS/1.0 204\r\n\r\n".to_owned(),
            Err(End::NoInterest) => "NATS/1.0 408 No Interest\r\n\r\n".to_owned(),
            Err(End::NoFlow) => "NATS/1.0 408 No Flow Response\r\n\r\n".to_owned(),
            Err(End::Failed(text)) => format!("NATS/1.0 500 {}\r\n\r\n", text.replace(['\r', '\n'], " ")),
        };
        self.publish(publisher, None, headers.as_bytes(), b"");
    }

    async fn send_chunks(
        &self,
        publisher: &mut Publisher,
        mut source: Source,
        word: &str,
        window: &Window,
        sent: &mut u64,
    ) -> Result<(), End> {
        self.wait_for_interest().await?;
        let bytes = self.chunk_bytes;
        loop {
            if !source.has(bytes) {
                let made = spawn_blocking(move || source.fill(bytes.max(STEP_BYTES)).map(|()| source)).await;
                // Without a runtime nobody gets the rest.
                source = made
                    .map_err(|_| End::NoInterest)?
                    .map_err(|error| End::Failed(errors::describe(&error)))?;
            }
            let chunk = source.take(bytes);
            if chunk.len() < bytes {
                if !chunk.is_empty() {
                    self.publish(publisher, None, b"", &chunk);
                }
                return Ok(());
            }
            self.wait_for_room(window, *sent + 1).await?;
            *sent += 1;
            let reply = format!("$JS.SNAPSHOT.ACK.{}.{word}.{bytes}.{sent}", self.name());
            self.publish(publisher, Some(reply.as_bytes()), b"", &chunk);
        }
    }

    fn publish(&self, publisher: &mut Publisher, reply: Option<&[u8]>, headers: &[u8], payload: &[u8]) {
        let msg = Msg { subject: self.deliver.as_str().as_bytes(), reply, headers, payload };
        publisher.deliver(&self.account.router, &msg);
        publisher.flush();
    }

    fn has_interest(&self) -> Result<(), End> {
        let found = self.account.router.has_interest(self.deliver.as_str().as_bytes());
        if found { Ok(()) } else { Err(End::NoInterest) }
    }

    async fn wait_for_interest(&self) -> Result<(), End> {
        let begun = Instant::now();
        let (router, subject) = (&self.account.router, self.deliver.as_str().as_bytes());
        while !router.has_literal_interest(subject) {
            // Official clients subscribe when they have the answer, below a wildcard that they have for all answers: interest
            // that is there at once says nothing.
            let wait = if router.has_interest(subject) { SUBSCRIBE_WAIT } else { INTEREST_WAIT };
            if begun.elapsed() >= wait {
                break;
            }
            sleep(LOOK_EVERY).await;
        }
        self.has_interest()
    }

    /// Waits until one more chunk may be on its way.
    async fn wait_for_room(&self, window: &Window, index: u64) -> Result<(), End> {
        let mut since = Instant::now();
        loop {
            self.has_interest()?;
            if window.enter(index, self.chunk_bytes) == Room::Taken {
                return Ok(());
            }
            match timeout(LOOK_EVERY, window.acknowledged()).await {
                Ok(()) => since = Instant::now(),
                Err(_) if since.elapsed() >= ACK_WAIT => return Err(End::NoFlow),
                Err(_) => {}
            }
        }
    }
}

/// A window that acks find for as long as this is there.
struct Registered<'a> {
    jetstream: &'a JetStream,
    word: &'a str,
}

impl<'a> Registered<'a> {
    fn new(jetstream: &'a JetStream, word: &'a str, window: &Arc<Window>) -> Self {
        jetstream.transfers.windows.lock().insert(word.into(), Arc::clone(window));
        Self { jetstream, word }
    }
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.jetstream.transfers.windows.lock().remove(self.word);
    }
}

const BYTES_MIN: usize = 1 << 10;
const CHUNK_BYTES: usize = 128 << 10;
const CHUNK_BYTES_MAX: usize = 1 << 20;
const WINDOW_BYTES: usize = 8 << 20;
const WINDOW_BYTES_MAX: usize = 32 << 20;
/// Made at a time, so that small chunks do not change threads for each of them.
const STEP_BYTES: usize = 256 << 10;
/// How long a backup waits for a listener.
const INTEREST_WAIT: Duration = Duration::from_secs(2);
/// How long it waits for one of its own where there is one for more.
const SUBSCRIBE_WAIT: Duration = Duration::from_millis(500);
/// How long it waits for an ack.
const ACK_WAIT: Duration = Duration::from_secs(5);
/// How often it looks whether somebody listens.
const LOOK_EVERY: Duration = Duration::from_millis(20);
