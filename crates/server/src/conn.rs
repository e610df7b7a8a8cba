//! Connections: one task each owns a socket, reads, parses, acts and writes.
//!
//! [`Outbound`] is what all others see of a connection: the buffer that they append to, and the bell that wakes its task.

mod close;
mod outbound;
mod pending;
mod responses;
mod spare;

pub(crate) use close::CloseReason;
pub(crate) use outbound::Outbound;
pub(crate) use pending::PendingTotal;
