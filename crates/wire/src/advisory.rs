//! Events that JetStream publishes below `$JS.EVENT.ADVISORY.` (PROTOCOL 2.2).
//!
//! Nobody needs them to work; tools show them. One that has no listener need not be made.

use crate::api::time;
use crate::json;
use jetkv_types::Timestamp;
use serde::Serialize;

/// An event, as it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advisory<'a> {
    /// Tells this event from all others; 22 letters and digits in the reference.
    pub id: &'a str,
    /// When it happened.
    pub timestamp: Timestamp,
    /// What happened.
    pub event: Event<'a>,
    /// The JetStream domain; not written for an [`Event::Api`].
    pub domain: Option<&'a str>,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A stream was created, updated or deleted.
    Stream {
        /// Its name.
        stream: &'a str,
        /// What was done.
        action: Action,
    },
    /// A consumer was created or deleted.
    Consumer {
        /// The stream's name.
        stream: &'a str,
        /// The consumer's name.
        consumer: &'a str,
        /// What was done.
        action: Action,
    },
    /// A consumer was paused, or goes on.
    Paused {
        /// The stream's name.
        stream: &'a str,
        /// The consumer's name.
        consumer: &'a str,
        /// Whether it delivers nothing for now.
        paused: bool,
        /// Until when.
        #[serde(with = "time")]
        pause_until: Timestamp,
    },
    /// A message was delivered as often as it may be, and not acknowledged.
    MaxDeliver {
        /// The stream's name.
        stream: &'a str,
        /// The consumer's name.
        consumer: &'a str,
        /// The message's sequence.
        stream_seq: u64,
        /// How often it was delivered.
        deliveries: u64,
    },
    /// A client does not want a message now.
    Nak {
        /// The stream's name.
        stream: &'a str,
        /// The consumer's name.
        consumer: &'a str,
        /// The delivery's sequence.
        consumer_seq: u64,
        /// The message's sequence.
        stream_seq: u64,
        /// How often it was delivered.
        deliveries: u64,
    },
    /// A client does not want a message ever again.
    Terminated {
        /// The stream's name.
        stream: &'a str,
        /// The consumer's name.
        consumer: &'a str,
        /// The delivery's sequence.
        consumer_seq: u64,
        /// The message's sequence.
        stream_seq: u64,
        /// How often it was delivered.
        deliveries: u64,
        /// Why.
        #[serde(skip_serializing_if = "str::is_empty")]
        reason: &'a str,
    },
    /// A request to the API was answered.
    Api {
        /// The server's name.
        server: &'a str,
        /// Who asked.
        client: Client<'a>,
        /// The subject of the request.
        subject: &'a str,
        /// Its body.
        #[serde(skip_serializing_if = "str::is_empty")]
        request: &'a str,
        /// The answer.
        response: &'a str,
    },
}

/// What was done to a stream or a consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is new.
    Create,
    /// It is different now.
    Modify,
    /// It is gone.
    Delete,
}

/// A client of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Client<'a> {
    /// When it connected.
    #[serde(with = "time")]
    pub start: Timestamp,
    /// The address that it comes from.
    pub host: &'a str,
    /// The number of its connection.
    pub id: u64,
    /// Its account.
    pub acc: &'a str,
    /// Its user, if it has one.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub user: &'a str,
    /// What it calls itself.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub name: &'a str,
    /// The language of its library.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub lang: &'a str,
    /// The version of its library.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub ver: &'a str,
    /// How long a ping takes, in nanoseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub rtt: u64,
    /// The server's name.
    pub server: &'a str,
    /// What kind of connection it has, `Client`.
    pub kind: &'a str,
    /// How it talks, `nats` or `websocket`.
    pub client_type: &'a str,
}

impl Advisory<'_> {
    /// Returns the subject that it is published to.
    #[must_use]
    pub fn subject(&self) -> String {
        let (kind, names) = match &self.event {
            Event::Stream { stream, action } => (action.past("STREAM"), vec![*stream]),
            Event::Consumer { stream, consumer, action } => {
                (action.past("CONSUMER"), vec![*stream, *consumer])
            }
            Event::Paused { stream, consumer, .. } => ("CONSUMER.PAUSE".into(), vec![*stream, *consumer]),
            Event::MaxDeliver { stream, consumer, .. } => {
                ("CONSUMER.MAX_DELIVERIES".into(), vec![*stream, *consumer])
            }
            Event::Nak { stream, consumer, .. } => ("CONSUMER.MSG_NAKED".into(), vec![*stream, *consumer]),
            Event::Terminated { stream, consumer, .. } => {
                ("CONSUMER.MSG_TERMINATED".into(), vec![*stream, *consumer])
            }
            Event::Api { .. } => ("API".into(), Vec::new()),
        };
        let names = names.iter().fold(String::new(), |names, name| names + "." + name);
        format!("{PREFIX}{kind}{names}")
    }

    /// Appends the JSON.
    pub fn write(&self, out: &mut Vec<u8>) {
        let fields = Fields {
            type_name: format!("{TYPE_PREFIX}{}", self.event.type_name()),
            id: self.id,
            timestamp: self.timestamp,
            event: &self.event,
            domain: self.domain.filter(|_| !matches!(self.event, Event::Api { .. })),
        };
        json::write(out, &fields);
    }
}

impl Event<'_> {
    fn type_name(&self) -> &'static str {
        match self {
            Self::Stream { .. } => "stream_action",
            Self::Consumer { .. } => "consumer_action",
            Self::Paused { .. } => "consumer_pause",
            Self::MaxDeliver { .. } => "max_deliver",
            Self::Nak { .. } => "nak",
            Self::Terminated { .. } => "terminated",
            Self::Api { .. } => "api_audit",
        }
    }
}

impl Action {
    fn past(self, of: &str) -> String {
        let done = match self {
            Self::Create => "CREATED",
            Self::Modify => "UPDATED",
            Self::Delete => "DELETED",
        };
        format!("{of}.{done}")
    }
}

/// The fields in their order.
#[derive(Serialize)]
struct Fields<'a> {
    #[serde(rename = "type")]
    type_name: String,
    id: &'a str,
    #[serde(with = "time")]
    timestamp: Timestamp,
    #[serde(flatten)]
    event: &'a Event<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

const PREFIX: &str = "$JS.EVENT.ADVISORY.";
const TYPE_PREFIX: &str = "io.nats.jetstream.advisory.v1.";

#[cfg(test)]
mod tests;
