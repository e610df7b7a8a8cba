//! Connections: one task each owns a socket, reads, parses, acts and writes.
//!
//! [`Outbound`] is what all others see of a connection: the buffer that they append to, and the bell that wakes its task.

mod chunks;
mod client;
mod close;
mod input;
mod keep_alive;
mod outbound;
mod pending;
mod responses;
mod serve;
mod session;
mod socket;
mod spare;
mod task;
mod waiting;

pub(crate) use client::Client;
pub(crate) use close::CloseReason;
pub(crate) use outbound::Outbound;
#[cfg(test)]
pub(crate) use outbound::{HeaderSupport, Output, Then};
pub(crate) use pending::PendingTotal;
pub(crate) use serve::serve;
