//! The reply subjects that a connection received and may answer (`allow_responses`, PROTOCOL 1.15).

use crate::options::ResponsePermission;
use std::collections::HashMap;
use tokio::time::Instant;

/// The reply subjects of one connection.
#[derive(Debug)]
pub(super) struct Responses {
    permission: ResponsePermission,
    open: HashMap<Box<[u8]>, Open>,
    /// At this size, those that are over are taken out.
    sweep_at: usize,
}

#[derive(Debug)]
struct Open {
    used: u32,
    until: Option<Instant>,
}

impl Responses {
    pub(super) fn new(permission: ResponsePermission) -> Self {
        Self { permission, open: HashMap::new(), sweep_at: SWEEP_MIN }
    }

    /// Remembers a reply subject that was received.
    pub(super) fn note(&mut self, reply: &[u8]) {
        let now = Instant::now();
        if self.open.len() >= self.sweep_at {
            self.open.retain(|_, open| open.until.is_none_or(|until| until > now));
            self.sweep_at = (self.open.len() * 2).clamp(SWEEP_MIN, COUNT_MAX);
            if self.open.len() >= COUNT_MAX {
                return;
            }
        }
        let until = self.permission.expires.and_then(|expires| now.checked_add(expires));
        self.open.insert(reply.into(), Open { used: 0, until });
    }

    /// Says whether one more response to `subject` is allowed, and counts it.
    pub(super) fn use_up(&mut self, subject: &[u8]) -> bool {
        let Some(open) = self.open.get_mut(subject) else { return false };
        let in_time = open.until.is_none_or(|until| until > Instant::now());
        open.used = open.used.saturating_add(1);
        let in_number = self.permission.max.is_none_or(|max| open.used <= max);
        if !in_time || self.permission.max.is_some_and(|max| open.used >= max) {
            self.open.remove(subject);
        }
        in_time && in_number
    }
}

/// Fewer than these are not worth a sweep.
const SWEEP_MIN: usize = 256;
/// Most reply subjects of a connection; further ones are not remembered until some are over.
const COUNT_MAX: usize = 65_536;

#[cfg(test)]
mod tests;
