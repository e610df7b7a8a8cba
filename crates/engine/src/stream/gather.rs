//! Waiting a moment before a sync for writers that are about to come, so that they share it.

use super::StreamInner;
use super::round::Round;
use crate::config::Sync;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

/// How many writers there are, and whether waiting for them was of use. Only the thread that commits changes it.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    /// Batches of the commit before, and those that came while it ran: if all of them come from threads that write again as
    /// soon as they are answered, so many can share the next one.
    expected: AtomicU32,
    /// How often in a row hardly anybody came, as a power of two of commits that wait for nobody.
    vain: AtomicU32,
    /// Commits that wait for nobody before the next try.
    skipped: AtomicU32,
}

impl Gathering {
    /// Notes a commit of so many batches, during which so many came.
    pub(super) fn note(&self, batches: u32, came: u32) {
        self.expected.store(batches.saturating_add(came), Ordering::Relaxed);
    }

    /// Returns how many batches to wait for; 0 if that was in vain lately.
    fn wanted(&self) -> u32 {
        let left = self.skipped.load(Ordering::Relaxed);
        if left > 0 {
            self.skipped.store(left - 1, Ordering::Relaxed);
            return 0;
        }
        self.expected.load(Ordering::Relaxed)
    }

    /// Notes that so many came of those who were waited for.
    fn learn(&self, missing: u32, came: u32) {
        let vain =
            if came * 2 >= missing { 0 } else { (self.vain.load(Ordering::Relaxed) + 1).min(VAIN_MAX) };
        self.vain.store(vain, Ordering::Relaxed);
        self.skipped.store((1 << vain) - 1, Ordering::Relaxed);
    }
}

impl StreamInner {
    /// Gives writers that were answered a moment ago the chance to share the next sync. A single writer never waits, and nobody
    /// waits longer than half of what a sync takes.
    pub(super) fn let_others_join(&self, round: &Round) {
        // Without a sync there is nothing to share that would be worth a switch of threads.
        if self.shared.options.sync != Sync::Always {
            return;
        }
        let (before, wanted) = (round.batches(), self.gathering.wanted());
        if before >= wanted {
            return;
        }
        let clock = &self.env.clock;
        let (began, longest) = (clock.now(), self.shared.sync_meter.last_took() / 2);
        let longest = longest.min(GATHER_MAX);
        for _ in 0..YIELDS_MAX {
            thread::yield_now();
            if round.batches() >= wanted || clock.now().since(began) >= longest {
                break;
            }
        }
        self.gathering.learn(wanted - before, round.batches() - before);
    }
}

/// At most so many commits in a row, less one, as a power of two, wait for nobody.
const VAIN_MAX: u32 = 6;
/// How often a thread that is about to sync steps back for others, where the clock stands still.
const YIELDS_MAX: u32 = 512;
/// The longest time for that, however slow the disk is.
const GATHER_MAX: Duration = Duration::from_micros(250);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_expected_as_came_in_a_commit_and_meanwhile() {
        let gathering = Gathering::default();
        assert_eq!(gathering.wanted(), 0, "nobody is expected at first");
        gathering.note(1, 0);
        assert_eq!(gathering.wanted(), 1, "the writer that asks is the only one");
        gathering.note(4, 3);
        assert_eq!(gathering.wanted(), 7);
    }

    #[test]
    fn who_waits_in_vain_tries_it_less_and_less() {
        let gathering = Gathering::default();
        gathering.note(4, 4);
        for skipped in [1, 3, 7, 15, 31, 63, 63] {
            assert_eq!(gathering.wanted(), 8);
            gathering.learn(6, 2);
            for _ in 0..skipped {
                assert_eq!(gathering.wanted(), 0);
            }
        }
        assert_eq!(gathering.wanted(), 8);
        gathering.learn(6, 3);
        assert_eq!(gathering.wanted(), 8, "half of them is enough to go on with it");
    }
}
