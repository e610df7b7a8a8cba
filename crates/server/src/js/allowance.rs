//! How much may still be stored before all streams have to be asked how much they have.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};

/// What is left of a limit since it was reckoned last. What is removed meanwhile is not counted, so there is never less.
#[derive(Debug, Default)]
pub(super) struct Allowance {
    left: AtomicI64,
    /// Messages since then.
    messages: AtomicU32,
    /// Whether somebody was refused since it was last known that there is room.
    refused: AtomicBool,
}

impl Allowance {
    /// Takes the bytes of a message; says whether `most` was used up before it. `used` asks the streams, all of them.
    pub(super) fn is_used_up(&self, most: u64, bytes: u64, used: impl FnOnce() -> u64) -> bool {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX).saturating_add(OVERHEAD_MAX);
        // What does not come in by messages of clients, as copies, is noticed after a while.
        let known = !self.messages.fetch_add(1, Ordering::Relaxed).is_multiple_of(MESSAGES_MAX);
        if known && self.left.fetch_sub(bytes, Ordering::Relaxed) > bytes {
            return false;
        }
        let used = used();
        let left = i64::try_from(most.saturating_sub(used)).unwrap_or(i64::MAX);
        self.left.store(left.saturating_sub(bytes), Ordering::Relaxed);
        if used >= most {
            self.refused.store(true, Ordering::Relaxed);
        }
        used >= most
    }

    /// Says whether somebody was refused and there is still no room; `used` is asked only if somebody was.
    pub(super) fn is_refusing(&self, most: u64, used: impl FnOnce() -> u64) -> bool {
        let refuses = self.refused.load(Ordering::Relaxed) && used() >= most;
        self.refused.store(refuses, Ordering::Relaxed);
        refuses
    }
}

/// More than what is counted of a message beside its subject, headers and payload.
const OVERHEAD_MAX: i64 = 64;
const MESSAGES_MAX: u32 = 1_024;

#[cfg(test)]
mod tests {
    use super::Allowance;
    use std::cell::Cell;

    #[test]
    fn streams_are_asked_only_when_it_gets_close() {
        let (allowance, used, asked) = (Allowance::default(), Cell::new(0), Cell::new(0));
        let mut stored = 0;
        for _ in 0..10_000 {
            let ask = || {
                asked.set(asked.get() + 1);
                used.get()
            };
            if allowance.is_used_up(100_000, 100, ask) {
                break;
            }
            stored += 1;
            used.set(used.get() + 130);
        }
        // As exact as if every message had asked: the last one began below the limit.
        assert_eq!(stored, 770);
        assert!(asked.get() < 60, "{}", asked.get());
        assert!(allowance.is_refusing(100_000, || used.get()));
        used.set(50_000);
        assert!(!allowance.is_refusing(100_000, || used.get()));
        assert!(!allowance.is_refusing(100_000, || unreachable!("nobody was refused since")));
        assert!(!allowance.is_used_up(100_000, 100, || used.get()), "room that was made is found");
    }

    #[test]
    fn what_comes_in_by_itself_is_noticed() {
        let allowance = Allowance::default();
        assert!(!allowance.is_used_up(1 << 40, 1, || 0));
        let noticed = (0..2_000).position(|_| allowance.is_used_up(1 << 40, 1, || 1 << 40));
        assert!(noticed.is_some_and(|after| after < 1_024));
    }
}
