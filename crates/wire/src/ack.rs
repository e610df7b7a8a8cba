//! Acknowledgements of deliveries: the reply subjects that carry a delivery's numbers, and what clients send there
//! (PROTOCOL 5.5 and 5.6).

mod body;
mod flow;
mod reply;

pub use body::{Ack, NakDelay};
pub use flow::{FLOW_PREFIX, FlowControl};
pub use reply::{ACK_PREFIX, AckReply};

#[cfg(test)]
mod tests;
