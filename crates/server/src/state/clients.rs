//! All connections of a server, and the last ones that ended.

use crate::account::Joined;
use crate::conn::{Client, CloseReason};
use crate::snapshot::ConnectionSnapshot;
use jetkv_types::Timestamp;
use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;

/// The connections by number.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    by_id: Mutex<BTreeMap<u64, Arc<Client>>>,
    closed: Mutex<VecDeque<ConnectionSnapshot>>,
    last_id: AtomicU64,
    total: AtomicU64,
    left: Notify,
}

/// So many connections that ended are remembered for monitoring.
const CLOSED_MAX: usize = 1_024;

impl Clients {
    /// Returns a number for a new connection.
    pub(crate) fn next_id(&self) -> u64 {
        self.last_id.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Adds a connection, unless there are `max` already.
    pub(crate) fn join(&self, client: &Arc<Client>, max: u32) -> Joined {
        let mut by_id = self.by_id.lock();
        if u32::try_from(by_id.len()).is_ok_and(|count| count < max) {
            by_id.insert(client.id(), Arc::clone(client));
            self.total.fetch_add(1, Ordering::Relaxed);
            return Joined::Yes;
        }
        Joined::Full
    }

    /// Removes a connection, and remembers why it ended.
    pub(crate) fn leave(&self, client: &Client, reason: CloseReason, now: Timestamp) {
        let mut snapshot = client.snapshot();
        snapshot.stopped = Some((now, reason.name()));
        {
            let mut closed = self.closed.lock();
            if closed.len() == CLOSED_MAX {
                closed.pop_front();
            }
            closed.push_back(snapshot);
        }
        self.by_id.lock().remove(&client.id());
        self.left.notify_waiters();
    }

    /// Returns a connection by its number.
    pub(crate) fn get(&self, id: u64) -> Option<Arc<Client>> {
        self.by_id.lock().get(&id).cloned()
    }

    /// Returns all connections in the order of their numbers.
    pub(crate) fn all(&self) -> Vec<Arc<Client>> {
        self.by_id.lock().values().cloned().collect()
    }

    /// Returns the last connections that ended, the oldest first.
    pub(crate) fn closed(&self) -> Vec<ConnectionSnapshot> {
        self.closed.lock().iter().cloned().collect()
    }

    /// Returns the number of connections.
    pub(crate) fn len(&self) -> usize {
        self.by_id.lock().len()
    }

    /// Returns the number of connections since the start.
    pub(crate) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Waits until there is no connection.
    pub(crate) async fn wait_empty(&self) {
        loop {
            let left = self.left.notified();
            tokio::pin!(left);
            // Registered before the look, so that the last one cannot leave in between unnoticed.
            left.as_mut().enable();
            if self.len() == 0 {
                return;
            }
            left.await;
        }
    }
}
