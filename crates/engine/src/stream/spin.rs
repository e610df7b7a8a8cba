//! Looking for a while before sleeping, where what is waited for has been coming at once.

use std::hint;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

/// Whether it pays to look before sleeping, for one who waits again and again.
///
/// A thread that sleeps takes some 15 µs to be woken. One that looks instead sees a change at once, but keeps a processor
/// from others: so only one thread of the process looks at a time, none where there is but one processor, and whoever looked
/// in vain a few times sleeps at once, but for a try now and then.
#[derive(Debug)]
pub(super) struct Spin {
    /// How often it may look in vain; below that, how often it sleeps before it tries again.
    credit: AtomicU32,
}

/// Looks in vain before it sleeps at once.
const CREDIT: u32 = 4;
/// Waits between two tries without credit.
const REST: u32 = 64;
/// About 20 µs.
const LOOKS: u32 = 600;

static SOMEBODY_LOOKS: AtomicBool = AtomicBool::new(false);

impl Default for Spin {
    fn default() -> Self {
        Self { credit: AtomicU32::new(REST + CREDIT) }
    }
}

impl Spin {
    /// Looks whether `is_there`, for a moment at most; whoever waits has to look again in any case.
    pub(super) fn look(&self, is_there: impl Fn() -> bool) {
        // Waits of several threads at once may count as one: it is a guess, not an account.
        let credit = self.credit.load(Ordering::Relaxed);
        if credit <= REST {
            self.credit.store(if credit == 0 { REST + 1 } else { credit - 1 }, Ordering::Relaxed);
            return;
        }
        if !has_processors() || SOMEBODY_LOOKS.swap(true, Ordering::Acquire) {
            return;
        }
        let found = (0..LOOKS).any(|_| {
            hint::spin_loop();
            is_there()
        });
        SOMEBODY_LOOKS.store(false, Ordering::Release);
        self.credit.store(if found { REST + CREDIT } else { credit - 1 }, Ordering::Relaxed);
    }
}

fn has_processors() -> bool {
    static MORE_THAN_ONE: OnceLock<bool> = OnceLock::new();
    *MORE_THAN_ONE.get_or_init(|| thread::available_parallelism().is_ok_and(|count| count.get() > 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn looks(spin: &Spin, is_there: bool) -> bool {
        let looked = Cell::new(false);
        // Another test may look at the same time.
        for _ in 0..1_000 {
            let before = spin.credit.load(Ordering::Relaxed);
            spin.look(|| {
                looked.set(true);
                is_there
            });
            if looked.get() || spin.credit.load(Ordering::Relaxed) != before {
                break;
            }
            thread::yield_now();
        }
        looked.get()
    }

    #[test]
    fn who_looks_in_vain_rests_and_tries_again() {
        if !has_processors() {
            return;
        }
        let spin = Spin::default();
        assert!((0..CREDIT).all(|_| looks(&spin, false)));
        assert!((0..=REST).all(|_| !looks(&spin, false)));
        assert!(looks(&spin, true));
        assert!((0..CREDIT).all(|_| looks(&spin, false)));
        assert!(!looks(&spin, true));
    }
}
