//! Consumers: cursors that the server keeps for clients, with deliveries, acks, pull requests and timers (PROTOCOL 5).
//!
//! A [`ConsumerSet`] holds all consumers of one stream. Events go in (interest, acks, pull requests, answers to flow
//! control), time goes in with each of them, and [`ConsumerSet::pump`] hands what is due to a [`Sink`]: deliveries,
//! statuses, heartbeats. No thread, no socket, no clock; who holds the set calls `pump` after events, when
//! [`ConsumerSet::poll_ready`] says that the stream has something new, and at the time that the last `pump` returned.
//! `now` must never go back.
//!
//! Consumers that have read everything are served from the messages that have just become visible, each read once for all
//! of them and matched through an index of filters. Others read on their own, in slices, taking turns. A consumer holds
//! sequences, never messages.

mod acks;
mod config;
mod cursor;
mod decimal;
mod deliver;
mod error;
mod filter_index;
mod flow;
mod info;
mod limits;
mod member;
mod pace;
mod priority;
mod pull;
mod request;
mod rules;
mod set;
mod sink;
mod snapshot;
mod start;
mod status;
mod update;
mod validate;
mod waiting;

pub use acks::{Ack, AckKind, AckOutcome};
pub use config::{AckPolicy, ConsumerConfig, DeliverPolicy, Lifetime, PriorityPolicy, ReplayPolicy};
pub use error::{ConsumerError, StartOption};
pub use info::{ConsumerInfo, Position};
pub use limits::StreamRules;
pub use priority::{GroupInfo, Ranking};
pub use pull::PullRequest;
pub use request::{CreateForm, CreateRequest};
pub use set::{ConsumerKey, ConsumerSet, CreateAction, Created, Interest, Paused};
pub use sink::{Advisory, Delivery, Handover, Sink};
pub use snapshot::{ConsumerSnapshot, PendingAck};
pub use status::{Status, Unserved};
