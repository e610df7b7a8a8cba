//! A stream at one moment, from any place.

use super::Outcome;
#[cfg(feature = "remote")]
use super::remote::RemoteSnapshot;
use jetkv_engine::{Frozen, StreamState};
use jetkv_jetstream::StreamSettings;
use jetkv_types::Message;

/// What a stream holds at one moment, whatever is written meanwhile.
#[derive(Debug)]
pub(crate) struct AnySnapshot {
    /// The settings.
    pub(crate) settings: StreamSettings,
    /// The figures.
    pub(crate) state: StreamState,
    pub(crate) messages: SnapshotMessages,
}

/// The messages, in the order of their sequences.
#[derive(Debug)]
pub(crate) enum SnapshotMessages {
    Embedded(Box<Frozen>),
    #[cfg(feature = "remote")]
    Remote(RemoteSnapshot),
}

impl SnapshotMessages {
    /// Returns the next message; `None` when all were returned.
    pub(crate) async fn next(&mut self) -> Outcome<Option<Message>> {
        match self {
            Self::Embedded(frozen) => Ok(frozen.next_message()?),
            #[cfg(feature = "remote")]
            Self::Remote(snapshot) => snapshot.next().await,
        }
    }
}
