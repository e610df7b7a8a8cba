//! Advisories: what happened to streams and consumers, for whoever listens (PROTOCOL 2.2).

use super::state::JetStream;
use crate::router::{Msg, Publisher, Router};
use jetkv_engine::Damage;
use jetkv_jetstream::consumer::Advisory;
use jetkv_types::Timestamp;
use jetkv_wire::api::StreamState;
use serde::Serialize;

/// Something that happened.
#[derive(Debug, Serialize)]
pub(super) struct Event<'a, T> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: String,
    timestamp: String,
    #[serde(flatten)]
    body: T,
}

/// What was done to a stream or a consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Created,
    Updated,
    Deleted,
}

impl Action {
    fn token(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Updated => "UPDATED",
            Self::Deleted => "DELETED",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Created => "create",
            Self::Updated => "modify",
            Self::Deleted => "delete",
        }
    }
}

#[derive(Debug, Serialize)]
struct StreamAction<'a> {
    stream: &'a str,
    action: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct ConsumerAction<'a> {
    stream: &'a str,
    consumer: &'a str,
    action: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Paused<'a> {
    stream: &'a str,
    consumer: &'a str,
    paused: bool,
    pause_until: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct MaxDeliver<'a> {
    stream: &'a str,
    consumer: &'a str,
    stream_seq: u64,
    deliveries: u64,
}

#[derive(Debug, Serialize)]
struct Refused<'a> {
    stream: &'a str,
    consumer: &'a str,
    consumer_seq: u64,
    stream_seq: u64,
    deliveries: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
}

#[derive(Debug, Serialize)]
struct GroupPinned<'a> {
    account: &'a str,
    stream: &'a str,
    consumer: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
    group: &'a str,
    pinned_id: &'a str,
}

#[derive(Debug, Serialize)]
struct GroupUnpinned<'a> {
    account: &'a str,
    stream: &'a str,
    consumer: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
    group: &'a str,
    reason: &'a str,
}

#[derive(Debug, Serialize)]
struct Acked<'a> {
    stream: &'a str,
    consumer: &'a str,
    consumer_seq: u64,
    stream_seq: u64,
    ack_time: u64,
    deliveries: u64,
}

/// What is damaged; all that is unknown is left out.
#[derive(Debug, Serialize)]
struct Damaged<'a> {
    stream: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumer: Option<&'a str>,
    file: std::borrow::Cow<'a, str>,
    offset: u64,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
}

impl<'a> Damaged<'a> {
    fn of(stream: &'a str, consumer: Option<&'a str>, damage: &'a Damage, jetstream: &'a JetStream) -> Self {
        Self {
            stream,
            consumer,
            file: damage.path.to_string_lossy(),
            offset: damage.offset,
            bytes: damage.length,
            first_seq: damage.sequences.map(|(first, _)| first),
            last_seq: damage.sequences.map(|(_, last)| last),
            subject: damage.subject.as_ref().map(jetkv_types::Subject::as_str),
            error: damage.to_string(),
            domain: jetstream.settings.domain.as_deref(),
        }
    }
}

#[derive(Debug, Serialize)]
struct Audit<'a> {
    server: &'a str,
    client: Client<'a>,
    subject: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    request: &'a str,
    response: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct SnapshotBegins<'a> {
    stream: &'a str,
    state: &'a StreamState,
    client: Client<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
}

/// A backup, or a restore with the bytes that came.
#[derive(Debug, Serialize)]
struct TransferEnds<'a> {
    stream: &'a str,
    start: String,
    end: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    client: Client<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct RestoreBegins<'a> {
    stream: &'a str,
    client: Client<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Client<'a> {
    acc: &'a str,
}

/// The way to those who listen.
pub(super) struct Events<'a> {
    pub(super) jetstream: &'a JetStream,
    pub(super) publisher: &'a mut Publisher,
    pub(super) router: &'a Router,
}

impl Events<'_> {
    /// Tells what was done to a stream.
    pub(super) fn stream(&mut self, action: Action, stream: &str) {
        let subject = format!("{ADVISORY}STREAM.{}.{stream}", action.token());
        let domain = self.jetstream.settings.domain.as_deref();
        self.publish(&subject, "stream_action", StreamAction { stream, action: action.word(), domain });
    }

    /// Tells what was done to a consumer.
    pub(super) fn consumer(&mut self, action: Action, stream: &str, consumer: &str) {
        let subject = format!("{ADVISORY}CONSUMER.{}.{stream}.{consumer}", action.token());
        let domain = self.jetstream.settings.domain.as_deref();
        let body = ConsumerAction { stream, consumer, action: action.word(), domain };
        self.publish(&subject, "consumer_action", body);
    }

    /// Tells that a consumer is paused, or goes on.
    pub(super) fn paused(&mut self, stream: &str, consumer: &str, until: Option<Timestamp>) {
        let subject = format!("{ADVISORY}CONSUMER.PAUSE.{stream}.{consumer}");
        let domain = self.jetstream.settings.domain.as_deref();
        let pause_until = until.unwrap_or_default().to_string();
        let body = Paused { stream, consumer, paused: until.is_some(), pause_until, domain };
        self.publish(&subject, "consumer_pause", body);
    }

    /// Tells of a request that changed something.
    pub(super) fn audit(&mut self, subject: &str, request: &[u8], response: &[u8]) {
        let settings = &self.jetstream.settings;
        let (Ok(request), Ok(response)) = (std::str::from_utf8(request), std::str::from_utf8(response))
        else {
            return;
        };
        let client = Client { acc: &settings.account };
        let (server, domain) = (&*settings.server_name, settings.domain.as_deref());
        let body = Audit { server, client, subject, request, response, domain };
        self.publish(&format!("{ADVISORY}API"), "api_audit", body);
    }

    /// Says whether anybody listens for damage of a stream.
    pub(super) fn has_interest_in_damage(&self, stream: &str) -> bool {
        self.router.has_interest(format!("{ADVISORY}STREAM.DAMAGED.{stream}").as_bytes())
    }

    /// Tells that something of a stream is damaged.
    pub(super) fn damaged(&mut self, stream: &str, damage: &Damage) {
        let body = Damaged::of(stream, None, damage, self.jetstream);
        let subject = format!("{ADVISORY}STREAM.DAMAGED.{stream}");
        self.publish_as(&subject, "io.jetkv.advisory.v1.stream_damaged", body);
    }

    /// Tells that a backup begins.
    pub(super) fn snapshot_begins(&mut self, stream: &str, state: &StreamState) {
        let subject = format!("{ADVISORY}STREAM.SNAPSHOT_CREATE.{stream}");
        let settings = &self.jetstream.settings;
        let (client, domain) = (Client { acc: &settings.account }, settings.domain.as_deref());
        self.publish(&subject, "snapshot_create", SnapshotBegins { stream, state, client, domain });
    }

    /// Tells that a backup ends, whatever came of it.
    pub(super) fn snapshot_ends(&mut self, stream: &str, start: Timestamp) {
        self.transfer_ends("SNAPSHOT_COMPLETE", "snapshot_complete", stream, start, None);
    }

    /// Tells that a restore begins.
    pub(super) fn restore_begins(&mut self, stream: &str) {
        let subject = format!("{ADVISORY}STREAM.RESTORE_CREATE.{stream}");
        let settings = &self.jetstream.settings;
        let (client, domain) = (Client { acc: &settings.account }, settings.domain.as_deref());
        self.publish(&subject, "restore_create", RestoreBegins { stream, client, domain });
    }

    /// Tells that a restore ends, whatever came of it.
    pub(super) fn restore_ends(&mut self, stream: &str, start: Timestamp, bytes: u64) {
        self.transfer_ends("RESTORE_COMPLETE", "restore_complete", stream, start, Some(bytes));
    }

    fn transfer_ends(&mut self, token: &str, kind: &str, stream: &str, start: Timestamp, bytes: Option<u64>) {
        let settings = &self.jetstream.settings;
        let (client, domain) = (Client { acc: &settings.account }, settings.domain.as_deref());
        let (start, end) = (start.to_string(), self.jetstream.store.now().to_string());
        let body = TransferEnds { stream, start, end, bytes, client, domain };
        self.publish(&format!("{ADVISORY}STREAM.{token}.{stream}"), kind, body);
    }

    /// Tells what a consumer reports.
    pub(super) fn report(&mut self, stream: &str, advisory: &Advisory<'_>, now: Timestamp) {
        match *advisory {
            Advisory::Abandoned { name, .. } => self.consumer(Action::Deleted, stream, name),
            Advisory::MaxDeliveries { name: consumer, stream_seq, deliveries } => {
                let subject = format!("{ADVISORY}CONSUMER.MAX_DELIVERIES.{stream}.{consumer}");
                let body = MaxDeliver { stream, consumer, stream_seq, deliveries };
                self.publish(&subject, "max_deliver", body);
            }
            Advisory::Naked { name: consumer, at, deliveries } => {
                let subject = format!("{ADVISORY}CONSUMER.MSG_NAKED.{stream}.{consumer}");
                let (consumer_seq, stream_seq) = (at.consumer_seq, at.stream_seq);
                let body = Refused { stream, consumer, consumer_seq, stream_seq, deliveries, reason: "" };
                self.publish(&subject, "nak", body);
            }
            Advisory::Terminated { name: consumer, at, deliveries, reason } => {
                let subject = format!("{ADVISORY}CONSUMER.MSG_TERMINATED.{stream}.{consumer}");
                let (consumer_seq, stream_seq) = (at.consumer_seq, at.stream_seq);
                let body = Refused { stream, consumer, consumer_seq, stream_seq, deliveries, reason };
                self.publish(&subject, "terminated", body);
            }
            Advisory::Acknowledged { name: consumer, at, deliveries, delivered } => {
                let subject = format!("{METRIC}CONSUMER.ACK.{stream}.{consumer}");
                let ack_time = u64::try_from(now.since(delivered).as_nanos()).unwrap_or(u64::MAX);
                let (consumer_seq, stream_seq) = (at.consumer_seq, at.stream_seq);
                let body = Acked { stream, consumer, consumer_seq, stream_seq, ack_time, deliveries };
                self.publish_as(&subject, "io.nats.jetstream.metric.v1.consumer_ack", body);
            }
            Advisory::Pinned { name: consumer, group, id: pinned_id } => {
                let subject = format!("{ADVISORY}CONSUMER.PINNED.{stream}.{consumer}");
                let settings = &self.jetstream.settings;
                let (account, domain) = (&*settings.account, settings.domain.as_deref());
                let body = GroupPinned { account, stream, consumer, domain, group, pinned_id };
                self.publish(&subject, "consumer_group_pinned", body);
            }
            Advisory::Unpinned { name: consumer, group, reason } => {
                let subject = format!("{ADVISORY}CONSUMER.UNPINNED.{stream}.{consumer}");
                let settings = &self.jetstream.settings;
                let (account, domain) = (&*settings.account, settings.domain.as_deref());
                let body = GroupUnpinned { account, stream, consumer, domain, group, reason };
                self.publish(&subject, "consumer_group_unpinned", body);
            }
            Advisory::Resumed { name } => self.paused(stream, name, None),
            Advisory::Lost { name, damage } => {
                let subject = format!("{ADVISORY}CONSUMER.MSG_LOST.{stream}.{name}");
                let body = Damaged::of(stream, Some(name), damage, self.jetstream);
                self.publish_as(&subject, "io.jetkv.advisory.v1.consumer_msg_lost", body);
            }
        }
    }

    fn publish(&mut self, subject: &str, kind: &str, body: impl Serialize) {
        self.publish_as(subject, &format!("io.nats.jetstream.advisory.v1.{kind}"), body);
    }

    fn publish_as(&mut self, subject: &str, kind: &str, body: impl Serialize) {
        if !self.router.has_interest(subject.as_bytes()) {
            return;
        }
        let id = self.jetstream.new_id();
        let event = Event { kind, id, timestamp: self.jetstream.store.now().to_string(), body };
        let payload = jetkv_wire::json::to_vec(&event);
        let msg = Msg { subject: subject.as_bytes(), reply: None, headers: b"", payload: &payload };
        self.publisher.deliver(self.router, &msg);
    }
}

const ADVISORY: &str = "$JS.EVENT.ADVISORY.";
const METRIC: &str = "$JS.EVENT.METRIC.";
