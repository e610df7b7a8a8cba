//! Servers that several tests of a process share: they live as long as one of them needs them.

use crate::accounts;
use crate::cluster::Cluster;
use compat::{CompatError, Launch, Peers, Program, Server};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A server that is held.
pub type Held<T> = Arc<T>;

/// Returns the one reference server.
///
/// # Errors
/// If it cannot be fetched or started.
pub fn reference() -> Result<Held<Server>, CompatError> {
    static SERVER: Mutex<Weak<Server>> = Mutex::new(Weak::new());
    held(&SERVER, || {
        let config = Some(accounts::configuration());
        Program::reference(&Peers::in_target())?.launch(&Launch { config, ..Launch::default() })
    })
}

/// Returns the one cluster.
///
/// # Errors
/// As [`Cluster::start`].
pub fn cluster() -> Result<Held<Cluster>, CompatError> {
    static CLUSTER: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
    held(&CLUSTER, Cluster::start)
}

fn held<T>(
    slot: &Mutex<Weak<T>>,
    start: impl FnOnce() -> Result<T, CompatError>,
) -> Result<Arc<T>, CompatError> {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(held) = slot.upgrade() {
        return Ok(held);
    }
    let started = Arc::new(start()?);
    *slot = Arc::downgrade(&started);
    Ok(started)
}
