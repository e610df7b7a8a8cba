//! JetStream behind the connections: requests to `$JS.API.>` and messages that streams capture.
//!
//! A connection's task calls [`publish`] for every message, after it went to the subscribers, and [`Pending::poll`] whenever it
//! runs. Everything here happens on that task: it must not block for longer than a disk read. Work of other tasks uses a
//! [`Publisher`] of its own and flushes it after each batch.

mod context;
mod pending;
mod publish;

pub(crate) use context::Ctx;
pub(crate) use pending::{Answer, Pending};
pub(crate) use publish::{Handled, publish};
