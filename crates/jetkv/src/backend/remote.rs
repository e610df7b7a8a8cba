//! The place beyond a connection: a server of ours, a nats-server, or a cluster of them.
//!
//! It stands on streams and on raw requests (PROTOCOL chapters 2 to 5); the client library is used for the connection alone.

mod batch;
mod connect;
mod damage;
mod delivery;
mod error;
mod link;
mod listing;
mod message;
mod ordered;
mod pinned;
mod publish;
mod restore;
mod runtime;
mod settings;
mod settle;
mod snapshot;
mod stream;

pub(crate) use delivery::RemoteDelivery;
pub(crate) use error::RemoteError;
pub(crate) use restore::Restore;
pub(crate) use runtime::Pending;
pub(crate) use snapshot::RemoteSnapshot;

use super::{AnySnapshot, Contact, Counts, Fault, Outcome};
use crate::{ConnectOptions, Reads};
use bytes::Bytes;
use error::explain_settings;
use jetkv_engine::{Committed, EngineError, Purge, StreamState, SubjectState};
use jetkv_jetstream::{Content, JetStreamError, Publish, Start, StreamSettings};
use jetkv_types::{Message, Sequence, StreamName, Subject, SubjectFilter, Timestamp};
use jetkv_wire::api::{
    AccountInfo, StreamConfig, StreamCreateResponse, StreamDeleteResponse, StreamInfo, StreamInfoResponse,
    StreamUpdateResponse,
};
use jetkv_wire::json;
use link::{Link, Repeat};
use ordered::Ordered;
use publish::Outgoing;
use runtime::Runtime;
use settle::Listed;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use stream::Target;

/// A connection, open. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    link: Arc<Link>,
    runtime: Arc<Runtime>,
}

/// A stream at the place.
#[derive(Debug, Clone)]
pub(crate) struct RemoteStream {
    target: Target,
    created: Timestamp,
    runtime: Arc<Runtime>,
}

impl Remote {
    /// Connects, and finds out whether there is JetStream and what it can do.
    pub(crate) async fn connect(options: ConnectOptions) -> Outcome<Self> {
        let started = Runtime::start().map_err(|error| RemoteError::Unavailable {
            reason: format!("cannot start the thread of the connection: {error}"),
        })?;
        let runtime = Arc::new(started);
        let connecting = runtime.run(async move {
            let (client, events) = connect::connect(&options).await?;
            let link = Link::new(client, events, &options);
            let info = link.api::<AccountInfo>("INFO", Bytes::new(), Repeat::Safe).await?;
            let info = info.map_err(|error| {
                let is_missing = matches!(error.err_code, 10039 | 10076);
                let reason = if is_missing { error::NO_JETSTREAM.into() } else { error.to_string() };
                RemoteError::Unavailable { reason }
            })?;
            link.level.store(info.api.level, Ordering::Relaxed);
            Ok(Arc::new(link))
        });
        Ok(Self { link: connecting.await?, runtime })
    }

    /// Creates a stream; an equal one may exist already.
    pub(crate) async fn create_stream(&self, settings: &StreamSettings) -> Outcome<RemoteStream> {
        self.check(settings)?;
        let config = self.within_reach(settings::show(&settings.clone().normalized()));
        let name = settings.name.clone();
        let link = Arc::clone(&self.link);
        let created = self.runtime.run(async move {
            let verb = format!("STREAM.CREATE.{name}");
            let body = Bytes::from(json::to_vec(&config));
            let answer = link.api::<StreamCreateResponse>(&verb, body, Repeat::Safe).await?;
            let info = answer.map(|answer| answer.info).map_err(|error| explain_settings(error, &name))?;
            link.settle(&name, Listed::Yes).await;
            Ok(info)
        });
        Ok(self.found(settings.name.clone(), &created.await?))
    }

    /// Replaces the settings of a stream; what they do not speak of stays as it is.
    pub(crate) async fn update_stream(&self, settings: StreamSettings) -> Outcome<RemoteStream> {
        self.check(&settings)?;
        let settings = settings.normalized();
        let this = self.clone();
        let name = settings.name.clone();
        let updated = self.runtime.run(async move {
            let name = &settings.name;
            let current: StreamInfoResponse =
                this.link.about("STREAM.INFO", name, Bytes::new(), Repeat::Safe).await?;
            let mut config = current.info.config;
            if let Ok(current) = settings::read(&config) {
                settings.check_update_of(&current)?;
            }
            let window = config.duplicate_window;
            settings::overlay(&mut config, &settings);
            // Buckets do not speak of it, so what another client chose stays where it can.
            if window > 0 && (config.max_age == 0 || window <= config.max_age) {
                config.duplicate_window = window;
            }
            let body = Bytes::from(json::to_vec(&this.within_reach(config)));
            let verb = format!("STREAM.UPDATE.{name}");
            let answer = this.link.api::<StreamUpdateResponse>(&verb, body, Repeat::Safe).await?;
            answer.map(|answer| answer.info).map_err(|error| explain_settings(error, name))
        });
        Ok(self.found(name, &updated.await?))
    }

    /// Deletes a stream with all its messages.
    pub(crate) async fn delete_stream(&self, name: StreamName) -> Outcome<()> {
        let link = Arc::clone(&self.link);
        let deleted = self.runtime.run(async move {
            let _: StreamDeleteResponse =
                link.about("STREAM.DELETE", &name, Bytes::new(), Repeat::Never).await?;
            link.settle(&name, Listed::No).await;
            Ok(())
        });
        deleted.await
    }

    /// Finds a stream, and its settings.
    pub(crate) async fn stream(&self, name: StreamName) -> Outcome<RemoteStream> {
        let link = Arc::clone(&self.link);
        let stream = name.clone();
        let info = self.runtime.run(async move {
            let answer: StreamInfoResponse =
                link.about("STREAM.INFO", &stream, Bytes::new(), Repeat::Safe).await?;
            Ok(answer.info)
        });
        Ok(self.found(name, &info.await?))
    }

    /// Returns the names of all streams, sorted.
    pub(crate) async fn stream_names(&self) -> Outcome<Vec<StreamName>> {
        let link = Arc::clone(&self.link);
        let names = self.runtime.run(async move { link.stream_names().await });
        let mut names: Vec<_> =
            names.await?.into_iter().filter_map(|name| StreamName::new(name).ok()).collect();
        names.sort_unstable_by(|left, right| left.as_str().cmp(right.as_str()));
        Ok(names)
    }

    /// Returns the id of the server that is connected.
    pub(crate) fn server_id(&self) -> Option<String> {
        self.link.client.try_server_info().map(|info| info.server_id)
    }

    /// Says whether there is a connection, and how often there was a new one.
    pub(crate) fn contact(&self) -> Contact {
        let is_connected = self.link.client.connection_state() == async_nats::connection::State::Connected;
        Contact { is_there: is_connected && !self.link.is_closed(), times: *self.link.reconnects().borrow() }
    }

    /// Sends what is on its way and closes the connection.
    pub(crate) async fn close(&self) -> Outcome<()> {
        if self.link.is_closed() {
            return Ok(());
        }
        let link = Arc::clone(&self.link);
        self.runtime.run(async move { link.close_within(link.timeout).await }).await
    }

    /// Closes the connection when nothing is on its way that anybody waits for: a server that is away is not waited for.
    pub(crate) async fn leave(&self) {
        let patience = if self.contact().is_there { LEAVES_IN } else { Duration::ZERO };
        let link = Arc::clone(&self.link);
        // One that cannot be closed is gone.
        self.runtime.run(async move { link.close_within(patience).await }).await.ok();
    }

    /// Checks what holds everywhere, in the same words as in the embedded place, before a server is asked.
    fn check(&self, settings: &StreamSettings) -> Result<(), Fault> {
        settings.to_engine_for_server()?;
        if self.link.level() < TTL_LEVEL && settings.subject_delete_marker_ttl.is_some() {
            return Err(JetStreamError::Unsupported {
                stream: settings.name.clone(),
                option: "limit_marker_ttl",
            }
            .into());
        }
        Ok(())
    }

    /// Leaves out what the server does not know: it would refuse the field.
    fn within_reach(&self, mut config: StreamConfig) -> StreamConfig {
        if self.link.level() < TTL_LEVEL {
            config.allow_msg_ttl = false;
        }
        if self.link.level() < batch::ATOMIC_LEVEL {
            config.allow_atomic = false;
        }
        config
    }

    fn found(&self, name: StreamName, info: &StreamInfo) -> RemoteStream {
        RemoteStream {
            target: Target { link: Arc::clone(&self.link), name },
            created: info.created,
            runtime: Arc::clone(&self.runtime),
        }
    }
}

impl RemoteStream {
    pub(crate) fn name(&self) -> &StreamName {
        &self.target.name
    }

    pub(crate) fn created(&self) -> Timestamp {
        self.created
    }

    pub(crate) async fn settings(&self) -> Outcome<StreamSettings> {
        let target = self.target.clone();
        self.runtime.run(async move { target.settings().await }).await
    }

    pub(crate) async fn state(&self) -> Outcome<StreamState> {
        let target = self.target.clone();
        self.runtime.run(async move { target.state().await }).await
    }

    pub(crate) async fn now(&self) -> Outcome<Timestamp> {
        let target = self.target.clone();
        self.runtime.run(async move { target.now().await }).await
    }

    /// Sends a batch on its way.
    pub(crate) fn publish(&self, batch: &[Publish<'_>]) -> Outcome<Pending<Committed>> {
        if self.target.link.level() < TTL_LEVEL && batch.iter().any(|message| message.ttl.is_some()) {
            return Err(JetStreamError::TtlDisabled { stream: self.target.name.clone() }.into());
        }
        let mut outgoing = batch.iter().map(Outgoing::of).collect::<Result<Vec<_>, _>>()?;
        let target = self.target.clone();
        Ok(match outgoing.pop() {
            None => Pending::ready(Err(EngineError::Closed.into())),
            Some(message) if outgoing.is_empty() => {
                self.runtime.run(async move { target.write(message).await })
            }
            Some(last) => {
                outgoing.push(last);
                self.runtime.run(async move { target.write_batch(outgoing).await })
            }
        })
    }

    pub(crate) async fn get(&self, sequence: Sequence) -> Outcome<Option<Message>> {
        let target = self.target.clone();
        self.runtime.run(async move { target.get(sequence).await }).await
    }

    pub(crate) async fn last(&self, subject: &Subject) -> Outcome<Option<Message>> {
        let (target, subject) = (self.target.clone(), subject.clone());
        let reads: Reads = target.link.reads;
        self.runtime.run(async move { target.last_from(&subject, reads).await }).await
    }

    pub(crate) async fn subjects(
        &self,
        filter: &SubjectFilter,
        after: Option<&Subject>,
        limit: usize,
        counts: Counts,
    ) -> Outcome<Vec<SubjectState>> {
        let (target, filter, after) = (self.target.clone(), filter.clone(), after.cloned());
        self.runtime.run(async move { target.subjects(filter, after, limit, counts).await }).await
    }

    pub(crate) async fn last_matching(&self, filter: &SubjectFilter) -> Outcome<Option<Sequence>> {
        let (target, filter) = (self.target.clone(), filter.clone());
        self.runtime.run(async move { target.last_matching(&filter).await }).await
    }

    pub(crate) async fn purge(&self, purge: &Purge) -> Outcome<u64> {
        let (target, purge) = (self.target.clone(), purge.clone());
        self.runtime.run(async move { target.purge(purge).await }).await
    }

    pub(crate) async fn snapshot(&self) -> Outcome<AnySnapshot> {
        let (target, runtime) = (self.target.clone(), Arc::clone(&self.runtime));
        self.runtime.run(RemoteSnapshot::open(target, runtime)).await
    }

    pub(crate) async fn deliver(
        &self,
        filters: Vec<SubjectFilter>,
        start: Start,
        content: Content,
    ) -> Outcome<RemoteDelivery> {
        let target = self.target.clone();
        let opening = self.runtime.run(async move { Ordered::open(target, filters, start, content).await });
        let reader = opening.await?;
        Ok(RemoteDelivery::start(reader, Arc::clone(&self.target.link), Arc::clone(&self.runtime)))
    }
}

/// The API level from which servers know the time to live of single messages.
const TTL_LEVEL: u64 = 1;
/// What a server that is there needs to take note of a farewell.
const LEAVES_IN: Duration = Duration::from_millis(500);
