//! How fast a consumer may go: a rate in bits per second, and the pace of the original.

use jetkv_types::{Sequence, Timestamp};
use std::time::Duration;

/// What holds a consumer back although it has something to deliver.
#[derive(Debug)]
pub(super) struct Pace {
    /// Bits per second.
    rate: Option<u64>,
    /// Nothing is delivered before this time.
    not_before: Timestamp,
    replay: Option<Replay>,
}

/// Delivers messages with the gaps between their times, up to the last one that was there at the beginning.
#[derive(Debug)]
struct Replay {
    until: Sequence,
    /// The time of the last message, and when it was delivered.
    last: Option<(Timestamp, Timestamp)>,
}

impl Pace {
    /// Returns the pace of a consumer; `replay_until` is the last sequence to be delivered at the original's pace.
    pub(super) fn new(rate: Option<u64>, replay_until: Option<Sequence>) -> Option<Self> {
        let replay = replay_until.map(|until| Replay { until, last: None });
        (rate.is_some() || replay.is_some()).then_some(Self { rate, not_before: Timestamp::ZERO, replay })
    }

    /// Replaces the rate.
    pub(super) fn set_rate(&mut self, rate: Option<u64>) {
        self.rate = rate;
    }

    /// Returns when something may be delivered again, if that is later than `now`.
    pub(super) fn wait(&self, now: Timestamp) -> Option<Timestamp> {
        Some(self.not_before).filter(|at| *at > now)
    }

    /// Returns when a message that was not delivered before is due, if that is later than `now`.
    pub(super) fn wait_for(
        &mut self,
        sequence: Sequence,
        time: Timestamp,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let replay = self.replay.as_ref()?;
        if sequence > replay.until {
            self.replay = None;
            return None;
        }
        let (last_time, delivered) = replay.last?;
        let due = delivered.saturating_add(time.since(last_time));
        (due > now).then(|| {
            self.not_before = due;
            due
        })
    }

    /// Notes a delivery.
    pub(super) fn delivered(&mut self, time: Timestamp, bytes: u64, now: Timestamp) {
        if let Some(replay) = &mut self.replay {
            replay.last = Some((time, now));
        }
        if let Some(rate) = self.rate {
            let nanos = u128::from(bytes) * 8 * 1_000_000_000 / u128::from(rate);
            let span = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
            self.not_before = now.saturating_add(span);
        }
    }
}
