//! A raw client of the NATS wire: it sends any bytes, well-formed or not, and shows every frame that comes back.
//!
//! It knows nothing of buckets, retries and reconnects; what a server sends is all there is. Calls block, with a
//! time limit as a safety net.

mod client;
mod frame;
mod stream;

pub use client::{Client, DEFAULT_CONNECT, Request, publication};
pub use frame::{Frame, FrameError, Message, take_frame};
pub use stream::{FrameStream, Incoming};

#[cfg(test)]
mod tests;
