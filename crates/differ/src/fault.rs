//! Differences planted on purpose, to see that the comparison notices them.

use crate::mask::{Names, masked};
use testkit::Rng;
use testkit::nats::{Frame, Message};

/// A message that is spoilt on its way from the right server.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// Which message, counted from 0 over all connections.
    pub at: usize,
    /// What happens to it.
    pub kind: FaultKind,
    /// Where in it.
    pub seed: u64,
}

/// What happens to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// It never arrives.
    Drop,
    /// One of its bytes is another one.
    Change,
}

impl Fault {
    /// Returns what is left of the message.
    ///
    /// A changed byte is one that is compared: a change of a time that stays a time must not be noticed.
    pub(crate) fn apply(&self, message: Message, names: &Names) -> Option<Message> {
        match self.kind {
            FaultKind::Drop => None,
            FaultKind::Change => Some(self.changed(message, names)),
        }
    }

    fn changed(&self, message: Message, names: &Names) -> Message {
        let original = masked(&Frame::Message(message.clone()), names);
        let mut rng = Rng::new(self.seed);
        for _ in 0..TRIES {
            let mut changed = message.clone();
            let part = match rng.below(4) {
                0 => &mut changed.subject,
                1 => changed.headers.as_mut().unwrap_or(&mut changed.payload),
                _ => &mut changed.payload,
            };
            if part.is_empty() {
                continue;
            }
            let at = rng.index(part.len());
            part[at] ^= 1;
            // The subscription is not touched, so the message stays in its list.
            if masked(&Frame::Message(changed.clone()), names) != original {
                return changed;
            }
        }
        Message { payload: b"changed".to_vec(), ..message }
    }
}

const TRIES: usize = 100;
