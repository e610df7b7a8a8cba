//! A delivery from any place.

use super::Fault;
#[cfg(feature = "remote")]
use super::RemoteDelivery;
use jetkv_jetstream::{Delivery, Step, Waited};
use jetkv_types::Sequence;
use std::task::{Context, Poll};
use std::time::Duration;

/// A cursor over a stream: what was there when it was opened, then what comes.
#[derive(Debug)]
pub(crate) enum AnyDelivery {
    Embedded(Delivery),
    #[cfg(feature = "remote")]
    Remote(RemoteDelivery),
}

impl AnyDelivery {
    /// Returns what is next, without waiting.
    pub(crate) fn step(&mut self) -> Result<Step, Fault> {
        match self {
            Self::Embedded(delivery) => Ok(delivery.step()?),
            #[cfg(feature = "remote")]
            Self::Remote(delivery) => delivery.step(),
        }
    }

    /// Returns how far the delivery has come for certain: what matches up to there was delivered, or is gone. 0 before the
    /// end of the first set.
    pub(crate) fn reached(&self) -> Sequence {
        match self {
            Self::Embedded(delivery) => delivery.reached(),
            #[cfg(feature = "remote")]
            Self::Remote(delivery) => delivery.reached(),
        }
    }

    /// Is ready when [`Self::step`] is worth another try.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        match self {
            Self::Embedded(delivery) => delivery.poll_ready(cx).map_err(Fault::from),
            #[cfg(feature = "remote")]
            Self::Remote(delivery) => delivery.poll_ready(cx),
        }
    }

    /// Waits on this thread, at most `timeout`, until [`Self::step`] is worth another try.
    pub(crate) fn wait_ready(&mut self, timeout: Option<Duration>) -> Result<Waited, Fault> {
        match self {
            Self::Embedded(delivery) => Ok(delivery.wait_ready(timeout)?),
            #[cfg(feature = "remote")]
            Self::Remote(delivery) => delivery.wait_ready(timeout),
        }
    }
}
