//! When a connection syncs its own message, on its own task.

use std::time::Duration;

/// Whether the next message of a connection that waits for nothing else is synced in place.
///
/// That spares waking a thread of the store and being woken by it, some 50 µs where a sync takes 100. In return the connection
/// does nothing else meanwhile. So it is for clients that send one request after the other, and for syncs that are short: a
/// client that sent more during a sync, and a sync that took long, are left to the threads for a while.
#[derive(Debug, Default)]
pub(super) struct InPlace {
    /// So many looks go by before the next try.
    rest: u32,
    /// Whether one was synced since it was last asked.
    synced: bool,
}

/// Looks at a message before the next try, after it was of no use; one that waits for a thread is looked at two or three times.
const REST: u32 = 256;
/// Beside a longer sync, waking two threads is little.
const SHORT: Duration = Duration::from_millis(1);
/// A longer message is likely to come with others, and takes long to write.
pub(super) const BYTES_MAX: u64 = 16 << 10;

impl InPlace {
    /// Says whether a message of so many bytes may be synced in place.
    pub(super) fn admits(&mut self, bytes: u64) -> bool {
        if self.rest > 0 {
            self.rest -= 1;
            return false;
        }
        bytes <= BYTES_MAX
    }

    /// Notes that one was, and how long it took.
    pub(super) fn note(&mut self, took: Duration) {
        self.synced = true;
        if took > SHORT {
            self.rest = REST;
        }
    }

    /// Says whether one was synced since this was last asked.
    pub(super) fn take_synced(&mut self) -> bool {
        std::mem::take(&mut self.synced)
    }

    /// Notes that the client sent more meanwhile.
    pub(super) fn was_crowded(&mut self) {
        self.rest = REST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rests(in_place: &mut InPlace) -> bool {
        (0..REST).all(|_| !in_place.admits(1)) && in_place.admits(1)
    }

    #[test]
    fn what_was_of_no_use_rests() {
        let mut in_place = InPlace::default();
        assert!(!in_place.admits(BYTES_MAX + 1));
        assert!(in_place.admits(BYTES_MAX));
        in_place.note(SHORT);
        assert!(in_place.take_synced());
        assert!(!in_place.take_synced());
        assert!(in_place.admits(1));
        in_place.note(SHORT * 2);
        assert!(rests(&mut in_place));
        in_place.was_crowded();
        assert!(rests(&mut in_place));
    }
}
