//! Flow control of push deliveries: a window of bytes that the client opens by answering (PROTOCOL 5.5).

use super::limits::{WINDOW_FIRST, WINDOW_MAX};

/// The bytes that are on their way to a client.
#[derive(Debug)]
pub(super) struct Flow {
    window: u64,
    in_flight: u64,
    asked: Option<Asked>,
}

/// A request that the client has not answered.
#[derive(Debug)]
struct Asked {
    /// Where the answer goes.
    subject: Box<str>,
    /// Bytes that the answer clears.
    covers: u64,
}

impl Flow {
    pub(super) fn new() -> Self {
        Self { window: WINDOW_FIRST, in_flight: 0, asked: None }
    }

    /// Says whether nothing may be sent before the client answers.
    pub(super) fn is_stalled(&self) -> bool {
        self.in_flight >= self.window
    }

    /// Adds a message that was sent; says whether it is time to ask the client.
    pub(super) fn sent(&mut self, bytes: u64) -> bool {
        self.in_flight = self.in_flight.saturating_add(bytes);
        self.asked.is_none() && self.in_flight > self.window / 2
    }

    /// Notes that the client was asked to answer at `subject`.
    pub(super) fn ask(&mut self, subject: Box<str>) -> &str {
        &self.asked.insert(Asked { subject, covers: self.in_flight }).subject
    }

    /// Returns where the answer that is awaited goes.
    pub(super) fn awaited(&self) -> Option<&str> {
        self.asked.as_ref().map(|asked| &*asked.subject)
    }

    /// Takes an answer; says whether it is the one that was awaited.
    pub(super) fn answered(&mut self, subject: &str) -> bool {
        let Some(asked) = self.asked.take_if(|asked| *asked.subject == *subject) else { return false };
        self.in_flight = self.in_flight.saturating_sub(asked.covers);
        self.window = self.window.saturating_mul(2).min(WINDOW_MAX);
        true
    }
}
