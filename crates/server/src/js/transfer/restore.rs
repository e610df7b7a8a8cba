//! `STREAM.RESTORE`: a stream put back from the chunks of a backup. It is there when all of it is, and durable.

use super::intake::{Intake, Refusal};
use crate::account::Account;
use crate::js::api::show_created;
use crate::js::context::Ctx;
use crate::js::convert::{self, Intent};
use crate::js::errors::{self, fixed};
use crate::js::events::{Action, Events};
use crate::js::state::{JetStream, StreamProblem, is_internal};
use crate::router::{Msg, Origin, Publisher};
use jetkv_types::Timestamp;
use jetkv_types::limits::STREAM_NAME_BYTES_MAX;
use jetkv_wire::api;
use jetkv_wire::error::ApiError;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Begins a restore, and says where the chunks are to go.
pub(crate) fn begin(
    jetstream: &Arc<JetStream>,
    ctx: &mut Ctx<'_>,
    name: &str,
    body: &[u8],
) -> Result<api::RestoreResponse, ApiError> {
    if api::is_empty(body) {
        return Err(fixed::BAD_REQUEST);
    }
    let mut request: api::RestoreRequest = jetstream.decode(body)?;
    if request.config.name.is_empty() {
        name.clone_into(&mut request.config.name);
    }
    // Who may restore one stream may not restore another one.
    if request.config.name != name {
        return Err(fixed::NAME_MISMATCH);
    }
    if name.len() > STREAM_NAME_BYTES_MAX {
        return Err(ApiError::fixed(500, 10052, "stream name is too long, maximum allowed is 255"));
    }
    // A stream that was sealed when it was saved is put back sealed.
    let settings = convert::settings(&request.config, &jetstream.settings, Intent::Update)?;
    let problem = |problem: StreamProblem| errors::of_stream(&problem);
    let config = settings.to_engine_for_server().map_err(|error| problem(error.into()))?;
    if settings.replicas > 1 {
        return Err(problem(StreamProblem::Replicas));
    }
    if jetstream.find(name).is_some() || is_internal(&settings.name) {
        return Err(fixed::NAME_IN_USE);
    }
    jetstream.check_room(&settings, None).map_err(problem)?;
    let (sender, chunks) = channel(CHUNKS_MAX);
    let queued = Arc::new(AtomicUsize::new(0));
    let word: Box<str> = jetstream.new_id().into();
    let restore = Restore {
        account: Arc::clone(ctx.account),
        registered: Registered { jetstream: Arc::clone(jetstream), word: word.clone() },
        name: name.into(),
        started: jetstream.store.now(),
        chunks,
        queued: Arc::clone(&queued),
        bytes: 0,
        intake: Ok(Intake::new(Arc::clone(jetstream), settings, config)),
    };
    jetstream.transfers.inlets.lock().insert(word.clone(), Inlet { sender, queued });
    super::spawn(&jetstream.transfers.restores, restore.run())?;
    let mut events = Events { jetstream, publisher: ctx.publisher, router: &ctx.account.router };
    events.restore_begins(name);
    Ok(api::RestoreResponse { deliver_subject: format!("$JS.SNAPSHOT.RESTORE.{name}.{word}") })
}

/// Answers a chunk that came before the ones before it were used up.
pub(super) fn refuse_flood(ctx: &mut Ctx<'_>, msg: &Msg<'_>) {
    let error = Refusal::Text("too many chunks without waiting for answers".into()).into_error();
    let mut body = Vec::new();
    api::respond::<api::StreamCreateResponse>(&mut body, Err(&error));
    ctx.reply(msg.reply, b"", &body);
}

/// The way in for the chunks of a restore.
#[derive(Debug, Clone)]
pub(super) struct Inlet {
    sender: Sender<Chunk>,
    queued: Arc<AtomicUsize>,
}

/// There is no room for more.
pub(super) struct Flood;

impl Inlet {
    /// Hands a chunk over; the task waits for nobody.
    pub(super) fn offer(&self, msg: &Msg<'_>) -> Result<(), Flood> {
        let bytes = msg.payload.len();
        if self.queued.fetch_add(bytes, Ordering::AcqRel) > QUEUED_BYTES_MAX {
            return Err(Flood);
        }
        let chunk = Chunk { bytes: msg.payload.into(), reply: msg.reply.map(Box::from) };
        self.sender.try_send(chunk).map_err(|_| Flood)
    }
}

#[derive(Debug)]
struct Chunk {
    bytes: Box<[u8]>,
    reply: Option<Box<[u8]>>,
}

/// A restore that is under way.
struct Restore {
    account: Arc<Account>,
    registered: Registered,
    name: Box<str>,
    started: Timestamp,
    chunks: Receiver<Chunk>,
    queued: Arc<AtomicUsize>,
    bytes: u64,
    /// What came, or why it is of no use.
    intake: Result<Intake, Refusal>,
}

/// What chunks find for as long as this is there.
struct Registered {
    jetstream: Arc<JetStream>,
    word: Box<str>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.jetstream.transfers.inlets.lock().remove(&self.word);
    }
}

impl Restore {
    async fn run(mut self) {
        let mut publisher = Publisher::new(Origin::Server, self.started.as_nanos());
        loop {
            let Ok(Some(chunk)) = timeout(IDLE_MAX, self.chunks.recv()).await else {
                // The client has gone, or floods. What came goes, too.
                return self.give_up().await;
            };
            self.queued.fetch_sub(chunk.bytes.len(), Ordering::AcqRel);
            let Some(reply) = chunk.reply else {
                self.ends(&mut publisher);
                return self.give_up().await;
            };
            if chunk.bytes.is_empty() {
                return self.finish(&mut publisher, &reply).await;
            }
            self.bytes = self.bytes.saturating_add(u64::try_from(chunk.bytes.len()).unwrap_or(u64::MAX));
            self.take(chunk.bytes).await;
            // Whether it is of use is told in the end, as the reference does.
            self.answer(&mut publisher, &reply, b"");
        }
    }

    async fn take(&mut self, bytes: Box<[u8]>) {
        let stopped = || Err(Refusal::Text("the server stops".into()));
        let intake = std::mem::replace(&mut self.intake, stopped());
        let taken = spawn_blocking(move || {
            let mut intake = intake?;
            intake.take(&bytes)?;
            Ok(intake)
        });
        self.intake = taken.await.unwrap_or_else(|_| stopped());
    }

    async fn finish(self, publisher: &mut Publisher, reply: &[u8]) {
        let stopped = || Err(Refusal::Text("the server stops".into()));
        let Self { account, registered, name, started, bytes, intake, .. } = self;
        let finished = spawn_blocking(move || intake?.finish()).await.unwrap_or_else(|_| stopped());
        let jetstream = Arc::clone(&registered.jetstream);
        drop(registered);
        let response = match finished {
            Ok(handle) => Ok(show_created(&jetstream, &handle)),
            Err(refusal) => Err(refusal.into_error()),
        };
        let router = &account.router;
        let mut events = Events { jetstream: &jetstream, publisher, router };
        if response.is_ok() {
            events.stream(Action::Created, &name);
        }
        events.restore_ends(&name, started, bytes);
        let mut body = Vec::new();
        api::respond(&mut body, response.as_ref());
        publisher.deliver(router, &Msg { subject: reply, reply: None, headers: b"", payload: &body });
        publisher.flush();
    }

    /// Removes what came.
    async fn give_up(self) {
        // The runtime removes what it does not run any more, too.
        let _ = spawn_blocking(move || drop(self.intake)).await;
    }

    fn answer(&self, publisher: &mut Publisher, reply: &[u8], body: &[u8]) {
        let msg = Msg { subject: reply, reply: None, headers: b"", payload: body };
        publisher.deliver(&self.account.router, &msg);
        publisher.flush();
    }

    fn ends(&self, publisher: &mut Publisher) {
        let router = &self.account.router;
        let mut events = Events { jetstream: &self.registered.jetstream, publisher, router };
        events.restore_ends(&self.name, self.started, self.bytes);
    }
}

/// Most chunks that wait to be used up, and about how many bytes they have.
const CHUNKS_MAX: usize = 1_024;
const QUEUED_BYTES_MAX: usize = 16 << 20;
/// How long a restore waits for a chunk.
const IDLE_MAX: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::{CHUNKS_MAX, Inlet, QUEUED_BYTES_MAX};
    use crate::router::Msg;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use tokio::sync::mpsc::channel;

    #[test]
    fn what_nobody_takes_is_not_kept_without_end() {
        for (bytes, most) in [(1 << 20, (QUEUED_BYTES_MAX >> 20) + 1), (1, CHUNKS_MAX)] {
            let (sender, _chunks) = channel(CHUNKS_MAX);
            let inlet = Inlet { sender, queued: Arc::new(AtomicUsize::new(0)) };
            let payload = vec![b'x'; bytes];
            let msg = Msg { subject: b"s", reply: Some(b"r"), headers: b"", payload: &payload };
            assert_eq!((0..10_000).take_while(|_| inlet.offer(&msg).is_ok()).count(), most);
        }
    }
}
