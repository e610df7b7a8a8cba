//! The link to the servers: requests with a time limit, tried again where that is safe.

use super::connect::Events;
use super::error::{self, RemoteError};
use super::message::header_map;
use crate::backend::Fault;
use crate::{ConnectOptions, Reads};
use async_nats::{Client, Message, Request, RequestErrorKind};
use bytes::Bytes;
use jetkv_engine::EngineError;
use jetkv_types::{Headers, StreamName};
use jetkv_wire::api::{self, Body};
use jetkv_wire::error::ApiError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// A connection with what is known of it. Tasks hold it; it holds no threads.
#[derive(Debug)]
pub(crate) struct Link {
    pub(super) client: Client,
    pub(super) timeout: Duration,
    pub(super) heartbeat: Duration,
    pub(super) reads: Reads,
    /// What the server can do, as it counts (PROTOCOL 2.1.2).
    pub(super) level: AtomicU64,
    prefix: String,
    events: Events,
    closed: watch::Sender<bool>,
}

/// Whether a request may be sent again when no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// It changes nothing, or the same thing again.
    Safe,
    /// It may have been done.
    Never,
}

impl Link {
    pub(super) fn new(client: Client, events: Events, options: &ConnectOptions) -> Self {
        Self {
            client,
            timeout: options.timeout,
            heartbeat: options.heartbeat,
            reads: options.reads,
            level: AtomicU64::new(0),
            prefix: options.api_prefix.clone(),
            events,
            closed: watch::Sender::new(false),
        }
    }

    pub(super) fn level(&self) -> u64 {
        self.level.load(Ordering::Relaxed)
    }

    pub(super) fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    /// Says whether more than one server may answer: the connected one says so, or the requests go through a domain or an
    /// import to servers that it does not speak of.
    pub(super) fn may_be_cluster(&self) -> bool {
        let is_in_cluster = self.client.try_server_info().is_none_or(|info| info.cluster.is_some());
        is_in_cluster || self.prefix != crate::connect_options::API_PREFIX
    }

    /// Returns a name that nobody else uses.
    pub(super) fn new_id(&self) -> String {
        let inbox = self.client.new_inbox();
        inbox.rsplit('.').next().unwrap_or_default().to_owned()
    }

    /// Sends what is on its way, for which there is so much time, and closes the connection: everything that waits is told that
    /// nothing comes any more.
    pub(super) async fn close_within(&self, patience: Duration) -> Result<(), Fault> {
        let flushed = timeout(patience, self.client.flush()).await;
        self.closed.send_replace(true);
        self.client.drain().await.ok();
        match flushed {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(RemoteError::Unavailable { reason: error.to_string() }.into()),
            Err(_) => Err(RemoteError::TimedOut { operation: "close".into(), after: patience }.into()),
        }
    }

    pub(super) fn closing(&self) -> watch::Receiver<bool> {
        self.closed.subscribe()
    }

    pub(super) fn reconnects(&self) -> watch::Receiver<u64> {
        self.events.reconnects.subscribe()
    }

    /// Returns the subject to publish to so that a stream captures `subject`, through a domain or an import if there is one.
    pub(super) fn write_subject(&self, subject: &str) -> String {
        if self.prefix == crate::connect_options::API_PREFIX {
            subject.to_owned()
        } else {
            format!("{}.{subject}", self.prefix)
        }
    }

    /// Returns the subject of a request of the API.
    pub(super) fn api_subject(&self, verb: &str) -> String {
        format!("{}.{verb}", self.prefix)
    }

    /// Asks the API; the inner result is what it says.
    pub(super) async fn api<B: Body>(
        &self,
        verb: &str,
        body: Bytes,
        repeat: Repeat,
    ) -> Result<Result<B, ApiError>, Fault> {
        self.api_until(verb, body, repeat, Instant::now() + self.timeout).await
    }

    /// As [`Self::api`], with a time limit of its own.
    pub(super) async fn api_until<B: Body>(
        &self,
        verb: &str,
        body: Bytes,
        repeat: Repeat,
        deadline: Instant,
    ) -> Result<Result<B, ApiError>, Fault> {
        let mut pause = PAUSE_MIN;
        loop {
            let answer = self.ask(self.api_subject(verb), None, body.clone(), repeat, deadline).await?;
            let response: Result<B, ApiError> = api::decode_response(&answer.payload)
                .map_err(|fault| RemoteError::unexpected(verb, fault))?;
            match response {
                Err(error) if error::is_passing(&error) && Instant::now() + pause < deadline => {
                    sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
                response => return Ok(response),
            }
        }
    }

    /// Asks the API about a stream, and gives refusals their meaning.
    pub(super) async fn about<B: Body>(
        &self,
        verb: &str,
        stream: &StreamName,
        body: Bytes,
        repeat: Repeat,
    ) -> Result<B, Fault> {
        let answer = self.api(&format!("{verb}.{stream}"), body, repeat).await?;
        answer.map_err(|error| error::explain(error, stream))
    }

    /// Sends a request and waits for the answer. Nobody there yet is waited for; no answer is asked for again if that is safe.
    pub(super) async fn ask(
        &self,
        subject: String,
        headers: Option<&Headers>,
        payload: Bytes,
        repeat: Repeat,
        deadline: Instant,
    ) -> Result<Message, Fault> {
        let patience = match repeat {
            Repeat::Safe => (self.timeout / ATTEMPTS).max(ATTEMPT_MIN),
            Repeat::Never => self.timeout,
        };
        let mut pause = PAUSE_MIN;
        loop {
            let until = deadline.min(Instant::now() + patience);
            let nobody = match self.ask_once(&subject, headers, payload.clone(), until).await {
                Err(Fault::Remote(RemoteError::Unavailable { reason })) => reason,
                Err(Fault::Remote(RemoteError::TimedOut { .. }))
                    if repeat == Repeat::Safe && until < deadline =>
                {
                    continue;
                }
                answered => return answered,
            };
            // A stream without a leader has nobody who listens, until one is chosen.
            if Instant::now() + pause >= deadline {
                return Err(RemoteError::Unavailable { reason: nobody }.into());
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Sends a request and waits for the answer. [`RemoteError::Unavailable`] means that nobody got it.
    pub(super) async fn ask_once(
        &self,
        subject: &str,
        headers: Option<&Headers>,
        payload: Bytes,
        until: Instant,
    ) -> Result<Message, Fault> {
        if self.is_closed() {
            return Err(EngineError::Closed.into());
        }
        let size = payload.len() + headers.map_or(0, |headers| headers.as_block().len());
        let mut request = Request::new().payload(payload);
        if let Some(headers) = headers.filter(|headers| !headers.is_empty()) {
            request = request.headers(header_map(headers));
        }
        let mut denials = self.events.denials.subscribe();
        denials.mark_unchanged();
        let mut closing = self.closing();
        let asking = timeout_at(until, self.client.send_request(subject.to_owned(), request));
        tokio::select! {
            answer = asking => match answer {
                Ok(Ok(message)) => Ok(message),
                Ok(Err(error)) => Err(self.of_request(subject, size, &error)),
                Err(_) => Err(self.timed_out(subject)),
            },
            reason = denial_of(&mut denials, subject) => Err(RemoteError::Denied { reason }.into()),
            _ = closing.wait_for(|closed| *closed) => Err(EngineError::Closed.into()),
        }
    }

    /// Publishes without waiting for anything.
    pub(super) async fn publish(
        &self,
        subject: String,
        headers: &Headers,
        payload: Bytes,
    ) -> Result<(), Fault> {
        let size = payload.len() + headers.as_block().len();
        let published = if headers.is_empty() {
            self.client.publish(subject.clone(), payload).await
        } else {
            self.client.publish_with_headers(subject.clone(), header_map(headers), payload).await
        };
        published.map_err(|error| match error.kind() {
            async_nats::PublishErrorKind::MaxPayloadExceeded => self.too_large(size).into(),
            _ => RemoteError::Unavailable { reason: error.to_string() }.into(),
        })
    }

    fn of_request(&self, subject: &str, size: usize, error: &async_nats::RequestError) -> Fault {
        match error.kind() {
            RequestErrorKind::TimedOut => self.timed_out(subject),
            RequestErrorKind::NoResponders => {
                let reason = if subject.starts_with(&self.prefix) {
                    error::NO_JETSTREAM.to_owned()
                } else {
                    format!("no stream listens to {subject}")
                };
                RemoteError::Unavailable { reason }.into()
            }
            RequestErrorKind::MaxPayloadExceeded => self.too_large(size).into(),
            _ if self.is_closed() => EngineError::Closed.into(),
            _ => RemoteError::Unavailable { reason: error.to_string() }.into(),
        }
    }

    fn too_large(&self, bytes: usize) -> RemoteError {
        RemoteError::PayloadTooLarge { bytes, max: self.client.max_payload(), position: 0 }
    }

    fn timed_out(&self, subject: &str) -> Fault {
        let operation = match self.client.connection_state() {
            async_nats::connection::State::Connected => subject.to_owned(),
            _ => format!("{subject}, the connection is lost"),
        };
        RemoteError::TimedOut { operation, after: self.timeout }.into()
    }
}

/// Waits for a permission violation about `subject`: the server gives no other answer then.
async fn denial_of(denials: &mut watch::Receiver<Option<Arc<str>>>, subject: &str) -> String {
    let quoted = format!("\"{subject}\"");
    loop {
        if denials.changed().await.is_err() {
            return std::future::pending().await;
        }
        let told = denials.borrow_and_update().clone();
        if let Some(text) = told
            && (text.contains(&quoted) || text.to_ascii_lowercase().contains(&quoted.to_ascii_lowercase()))
        {
            return text.to_string();
        }
    }
}

/// So many tries of a request that may be repeated fit into its time.
const ATTEMPTS: u32 = 4;
const ATTEMPT_MIN: Duration = Duration::from_millis(500);
const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(250);
