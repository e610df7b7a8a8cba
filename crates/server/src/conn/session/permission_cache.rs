//! The last answers about subjects that a client publishes to.

/// Answers by subject, one in each place; a new one takes the place of another. Empty until it is used.
#[derive(Debug, Default)]
pub(super) struct PermissionCache {
    places: Vec<(Vec<u8>, Allowed)>,
}

/// Whether a subject may be published to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    /// It may.
    Yes,
    /// It may not.
    No,
}

const PLACES: usize = 64;

impl PermissionCache {
    /// Returns what is known about `subject`, or asks.
    pub(super) fn look_up(&mut self, subject: &[u8], ask: impl FnOnce() -> Allowed) -> Allowed {
        if self.places.is_empty() {
            self.places.resize_with(PLACES, || (Vec::new(), Allowed::No));
        }
        let place = &mut self.places[place_of(subject)];
        // No subject is empty, so a place that was never used matches none.
        if place.0 != subject {
            place.1 = ask();
            place.0.clear();
            place.0.extend_from_slice(subject);
        }
        place.1
    }

    /// Forgets all answers.
    pub(super) fn clear(&mut self) {
        self.places = Vec::new();
    }
}

/// Chooses a place by the hash of Fowler, Noll and Vo.
fn place_of(subject: &[u8]) -> usize {
    let hash = subject.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    usize::try_from((hash >> 32) % 64).unwrap_or(0)
}
