//! A stream at one moment: the server sends an archive in chunks, each of which is acknowledged (PROTOCOL 2.7).

use super::error::{RemoteError, explain};
use super::link::{Link, Repeat};
use super::runtime::Runtime;
use super::stream::{Target, figures};
use super::{message, settings};
use crate::backend::{AnySnapshot, Fault, SnapshotMessages};
use async_nats::Subscriber;
use bytes::Bytes;
use futures_core::Stream;
use jetkv_types::{Headers, Message};
use jetkv_wire::api::{SnapshotRequest, SnapshotResponse, StoredMessage, StreamState};
use jetkv_wire::archive::{self, ArchiveError};
use jetkv_wire::error::ApiError;
use jetkv_wire::{json, s2};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// The messages of a snapshot on their way.
#[derive(Debug)]
pub(crate) struct RemoteSnapshot {
    parts: mpsc::Receiver<Result<Part, Fault>>,
    /// It goes on when the handles of its bucket are gone.
    _runtime: Arc<Runtime>,
}

/// What an archive is made of.
enum Part {
    State(Box<StreamState>),
    Message(Box<Message>),
}

impl RemoteSnapshot {
    /// Asks for a snapshot and waits for its beginning.
    pub(super) async fn open(target: Target, runtime: Arc<Runtime>) -> Result<AnySnapshot, Fault> {
        let (link, name) = (&target.link, &target.name);
        let inbox = link.client.new_inbox();
        // Before the server sends, so that nothing is sent to nobody.
        let subscribed = link.client.subscribe(inbox.clone()).await;
        let chunks = subscribed.map_err(|error| RemoteError::Unavailable { reason: error.to_string() })?;
        let request =
            SnapshotRequest { deliver_subject: inbox, no_consumers: true, ..SnapshotRequest::default() };
        let verb = format!("STREAM.SNAPSHOT.{name}");
        let body = Bytes::from(json::to_vec(&request));
        let answer = link.api::<SnapshotResponse>(&verb, body, Repeat::Never).await?;
        let answer = answer.map_err(|error| target.meaning(explain(error, name)))?;
        let unexpected = |reason: String| RemoteError::unexpected(&verb, reason);
        let settings = settings::read(&answer.config).map_err(|reason| unexpected(reason.to_string()))?;
        let (to, parts) = mpsc::channel(AHEAD_MAX);
        runtime.detach(read(chunks, Arc::clone(link), to));
        let mut snapshot = Self { parts, _runtime: runtime };
        // What the archive says of itself counts: the answer may be older.
        match snapshot.parts.recv().await {
            Some(Ok(Part::State(state))) => {
                let state = figures(&state);
                Ok(AnySnapshot { settings, state, messages: SnapshotMessages::Remote(snapshot) })
            }
            Some(Err(fault)) => Err(fault),
            Some(Ok(Part::Message(_))) | None => Err(unexpected("the archive has no head".into()).into()),
        }
    }

    /// Returns the next message; `None` when all were returned.
    pub(crate) async fn next(&mut self) -> Result<Option<Message>, Fault> {
        match self.parts.recv().await {
            None => Ok(None),
            Some(Ok(Part::Message(message))) => Ok(Some(*message)),
            Some(Ok(Part::State(_))) => {
                Err(RemoteError::unexpected(SNAPSHOT, "the archive has two heads").into())
            }
            Some(Err(fault)) => Err(fault),
        }
    }
}

/// Takes chunks until all came, or nobody wants them any more.
async fn read(mut chunks: Subscriber, link: Arc<Link>, to: mpsc::Sender<Result<Part, Fault>>) {
    let outcome = relay(&mut chunks, &link, &to).await;
    chunks.unsubscribe().await.ok();
    if let Err(fault) = outcome {
        to.send(Err(fault)).await.ok();
    }
}

async fn relay(
    chunks: &mut Subscriber,
    link: &Link,
    to: &mpsc::Sender<Result<Part, Fault>>,
) -> Result<(), Fault> {
    let (mut compressed, mut archive) = (s2::Reader::default(), archive::Reader::default());
    let (mut bytes, mut expected, mut count) = (Vec::new(), 0, 0);
    while let Some(chunk) = next_chunk(chunks, link).await? {
        if !archive.has_ended() {
            compressed.push(&chunk.payload);
        }
        while !archive.has_ended() && compressed.next_chunk(&mut bytes).map_err(corrupt)? {
            archive.push(&bytes);
            bytes.clear();
            while let Some(entry) = archive.next_entry().map_err(of_archive)? {
                let part = part_of(entry)?;
                match &part {
                    Some(Part::State(state)) => expected = state.messages,
                    Some(Part::Message(_)) => count += 1,
                    None => continue,
                }
                if let Some(part) = part
                    && to.send(Ok(part)).await.is_err()
                {
                    return Ok(());
                }
            }
        }
        if let Some(reply) = chunk.reply {
            link.publish(reply.to_string(), &Headers::none(), Bytes::new()).await?;
        }
    }
    archive.finish().map_err(of_archive)?;
    if count == expected {
        Ok(())
    } else {
        Err(RemoteError::unexpected(SNAPSHOT, format!("{expected} messages were told, {count} came")).into())
    }
}

/// Returns the next chunk, `None` behind the last one.
async fn next_chunk(chunks: &mut Subscriber, link: &Link) -> Result<Option<async_nats::Message>, Fault> {
    let patience = link.timeout.max(PATIENCE_MIN);
    let next = poll_fn(|cx| Pin::new(&mut *chunks).poll_next(cx));
    let chunk = match timeout(patience, next).await {
        Ok(Some(chunk)) => chunk,
        Ok(None) => {
            return Err(RemoteError::Unavailable { reason: "the connection is closed".into() }.into());
        }
        Err(_) => {
            return Err(RemoteError::TimedOut { operation: SNAPSHOT.into(), after: patience }.into());
        }
    };
    match chunk.status.map(|status| status.as_u16()) {
        None | Some(204) if chunk.payload.is_empty() => Ok(None),
        None => Ok(Some(chunk)),
        Some(status) => {
            let text = chunk.description.as_deref().unwrap_or("no reason was told").to_owned();
            let refusal = ApiError { code: status, err_code: SNAPSHOT_FAILED, description: text.into() };
            Err(RemoteError::Refused(refusal).into())
        }
    }
}

/// Gives an entry its meaning; consumers have none here.
fn part_of(entry: archive::Entry) -> Result<Option<Part>, Fault> {
    if entry.sequence > 0 {
        let time = u64::try_from(entry.time).unwrap_or(0);
        let stored = StoredMessage {
            subject: entry.name,
            seq: entry.sequence,
            hdrs: entry.headers.to_vec(),
            data: entry.payload.to_vec(),
            time: jetkv_types::Timestamp::from_nanos(time),
        };
        return Ok(Some(Part::Message(Box::new(message::stored(stored)?))));
    }
    if entry.name != "state.json" {
        return Ok(None);
    }
    let state = json::decode::<StreamState>(&entry.payload, json::Strictness::Lenient);
    let state = state.map_err(|fault| RemoteError::unexpected(SNAPSHOT, fault))?;
    Ok(Some(Part::State(Box::new(state))))
}

fn corrupt(error: s2::S2Error) -> Fault {
    RemoteError::unexpected(SNAPSHOT, error).into()
}

fn of_archive(error: ArchiveError) -> Fault {
    match error {
        ArchiveError::NoArchive => {
            RemoteError::unsupported("a snapshot by a server before version 2.14").into()
        }
        other => RemoteError::unexpected(SNAPSHOT, other).into(),
    }
}

const SNAPSHOT: &str = "STREAM.SNAPSHOT";
/// The number of the error that a snapshot which cannot begin is refused with.
const SNAPSHOT_FAILED: u16 = 10_064;
/// How many messages are read ahead; the server sends no more than its window.
const AHEAD_MAX: usize = 256;
/// How long a chunk may take at least: a large bucket is looked through before the first one.
const PATIENCE_MIN: Duration = Duration::from_secs(10);
