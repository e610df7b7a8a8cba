//! JetStream behind the connections: requests to `$JS.API.>` and messages that streams capture.
//!
//! A connection's task calls [`publish`] for every message, after it went to the subscribers, and [`Pending::poll`] whenever it
//! runs. Reads and answers happen on that task; what writes files outside of a group commit steps aside for it. Work of
//! other tasks uses a [`crate::router::Publisher`] of its own and flushes it after each batch.

mod acks;
mod allowance;
mod api;
mod broken;
mod captures;
mod consumers;
mod context;
mod convert;
mod copier;
mod direct;
mod errors;
mod events;
mod facts;
mod group;
mod handle;
mod in_place;
mod ingest;
mod open;
mod origins;
mod pending;
mod publish;
mod run;
mod scrub;
mod state;
mod transfer;
mod trouble;

pub(crate) use api::refuse_while_starting;
pub(crate) use context::Ctx;
pub(crate) use facts::facts;
pub(crate) use open::{start, stop};
pub(crate) use pending::{Backlog, Pending};
pub(crate) use publish::{Handled, publish};
pub(crate) use run::Run;
pub(crate) use scrub::Scrub;
pub(crate) use state::JetStream;
