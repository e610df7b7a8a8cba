//! When a connection is pinged, and when it counts as dead (PROTOCOL 1.6).

/// The pings of one connection. Time comes in as ticks, one for each ping interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pings {
    outstanding: u32,
    /// Whether something came since the last tick.
    active: bool,
    /// Whether one ping was answered, so that the round trip is known.
    answered: bool,
}

/// What to do at a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tick {
    /// The client was heard; nothing.
    Skip,
    /// Send PING.
    Ping,
    /// Give the connection up.
    Stale,
}

impl Pings {
    pub(super) fn new() -> Self {
        Self { outstanding: 0, active: false, answered: false }
    }

    /// Notes that the client sent something.
    pub(super) fn heard(&mut self) {
        self.active = true;
    }

    /// Notes a PONG; says whether it answers a ping.
    pub(super) fn pong(&mut self) -> bool {
        self.answered = true;
        std::mem::take(&mut self.outstanding) > 0
    }

    /// Says what to do when a ping interval is over; at most `max` pings stay unanswered.
    pub(super) fn tick(&mut self, max: u32) -> Tick {
        if std::mem::take(&mut self.active) && (self.answered || self.outstanding > 0) {
            return Tick::Skip;
        }
        if self.outstanding >= max {
            return Tick::Stale;
        }
        self.outstanding += 1;
        Tick::Ping
    }
}

#[cfg(test)]
mod tests;
