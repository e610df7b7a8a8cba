//! What goes wrong at a place, whichever it is.

#[cfg(feature = "remote")]
use super::RemoteError;
use jetkv_engine::EngineError;
use jetkv_jetstream::JetStreamError;
use jetkv_types::HeaderError;

/// An error of a stream or of the way to it.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// What streams say everywhere; a server's errors that mean the same are these.
    Stream(JetStreamError),
    /// What only a place beyond a connection says.
    #[cfg(feature = "remote")]
    Remote(RemoteError),
}

impl Fault {
    /// Returns the place in its batch of the message that is to blame.
    pub(crate) fn position(&self) -> Option<usize> {
        match self {
            Self::Stream(JetStreamError::Engine(
                EngineError::WrongLastSequence { position, .. }
                | EngineError::HasValue { position, .. }
                | EngineError::MessageTooLarge { position, .. },
            )) => Some(*position),
            #[cfg(feature = "remote")]
            Self::Remote(RemoteError::PayloadTooLarge { position, .. }) => Some(*position),
            _ => None,
        }
    }
}

impl From<JetStreamError> for Fault {
    fn from(error: JetStreamError) -> Self {
        Self::Stream(error)
    }
}

impl From<EngineError> for Fault {
    fn from(error: EngineError) -> Self {
        Self::Stream(error.into())
    }
}

impl From<HeaderError> for Fault {
    fn from(error: HeaderError) -> Self {
        Self::Stream(error.into())
    }
}

#[cfg(feature = "remote")]
impl From<RemoteError> for Fault {
    fn from(error: RemoteError) -> Self {
        Self::Remote(error)
    }
}
