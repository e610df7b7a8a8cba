//! The routes that a publisher used last.

use super::matches::Matches;
use super::table::Router;
use super::trie::{Scope, Walk};

/// A few routes, each good as long as no subscription of its router comes or goes.
///
/// An inbox is one wildcard subscription with a new last token for every request (PROTOCOL 1.18), so a route is kept without
/// its last token where that does not matter. Where nobody listens to anything below a token, as below `$KV` and `$JS`,
/// one route holds for all of it.
#[derive(Debug, Default)]
pub(super) struct RouteCache {
    slots: [Slot; SLOTS],
    next: usize,
    walk: Walk,
}

const SLOTS: usize = 4;

#[derive(Debug, Default)]
struct Slot {
    /// The router's generation that the route belongs to; 0 belongs to none.
    generation: u64,
    /// The subject, or its beginning up to a dot.
    key: Vec<u8>,
    scope: Option<Scope>,
    matches: Matches,
}

impl RouteCache {
    /// Returns who gets messages to `subject`.
    pub(super) fn route(&mut self, router: &Router, subject: &[u8]) -> &Matches {
        let generation = router.generation();
        // What follows the key of such a slot must be one token.
        let is_token = |rest: &[u8]| !rest.is_empty() && memchr::memchr(b'.', rest).is_none();
        let found = self.slots.iter().position(|slot| {
            slot.generation == generation
                && match slot.scope {
                    Some(Scope::Subject) => slot.key == subject,
                    Some(Scope::LastTokenFree) => subject.strip_prefix(&slot.key[..]).is_some_and(is_token),
                    Some(Scope::NobodyBelow(_)) => subject.starts_with(&slot.key),
                    None => false,
                }
        });
        if let Some(found) = found {
            return &self.slots[found].matches;
        }
        self.next = (self.next + 1) % SLOTS;
        let slot = &mut self.slots[self.next];
        let (generation, scope) = router.collect(subject, &mut self.walk, &mut slot.matches);
        slot.generation = generation;
        slot.scope = Some(scope);
        slot.key.clear();
        slot.key.extend_from_slice(match scope {
            Scope::Subject => subject,
            Scope::LastTokenFree => head_of(subject).unwrap_or(subject),
            Scope::NobodyBelow(length) => &subject[..length],
        });
        if slot.key.len() > KEY_BYTES_MAX {
            slot.generation = 0;
            slot.key = Vec::new();
        }
        &slot.matches
    }
}

/// Longer subjects are not remembered, so that idle connections stay small.
const KEY_BYTES_MAX: usize = 256;

/// Returns `subject` up to and with its last dot; none if its last token is empty.
fn head_of(subject: &[u8]) -> Option<&[u8]> {
    match subject.iter().rposition(|byte| *byte == b'.') {
        Some(dot) if dot + 1 == subject.len() => None,
        Some(dot) => subject.get(..=dot),
        None if subject.is_empty() => None,
        None => subject.get(..0),
    }
}

#[cfg(test)]
mod tests;
