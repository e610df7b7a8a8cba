//! What monitoring and the server know of a connection.

use super::outbound::Outbound;
use crate::snapshot::{About, ConnectionSnapshot};
use jetkv_types::Timestamp;
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// A connection as others see it.
#[derive(Debug)]
pub(crate) struct Client {
    /// Its outward side.
    pub(crate) outbound: Arc<Outbound>,
    peer: SocketAddr,
    started: Timestamp,
    started_at: Instant,
    /// Milliseconds from the start to the last operation.
    active_after_ms: AtomicU64,
    in_messages: AtomicU64,
    in_bytes: AtomicU64,
    subscriptions: AtomicU32,
    takes_async_info: AtomicBool,
    about: Mutex<About>,
}

impl Client {
    pub(super) fn new(outbound: Arc<Outbound>, peer: SocketAddr, started: Timestamp) -> Self {
        Self {
            outbound,
            peer,
            started,
            started_at: Instant::now(),
            active_after_ms: AtomicU64::new(0),
            in_messages: AtomicU64::new(0),
            in_bytes: AtomicU64::new(0),
            subscriptions: AtomicU32::new(0),
            takes_async_info: AtomicBool::new(false),
            about: Mutex::default(),
        }
    }

    /// Returns its number.
    pub(crate) fn id(&self) -> u64 {
        self.outbound.id()
    }

    /// Returns where the client is.
    pub(crate) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Says whether an INFO may be sent to it at any time.
    pub(crate) fn takes_async_info(&self) -> bool {
        self.takes_async_info.load(Ordering::Relaxed)
    }

    pub(super) fn set_takes_async_info(&self) {
        self.takes_async_info.store(true, Ordering::Relaxed);
    }

    /// Returns what is known about it.
    pub(crate) fn about(&self) -> About {
        self.about.lock().clone()
    }

    pub(super) fn describe(&self, change: impl FnOnce(&mut About)) {
        change(&mut self.about.lock());
    }

    pub(super) fn count_in(&self, messages: u64, bytes: u64) {
        self.in_messages.fetch_add(messages, Ordering::Relaxed);
        self.in_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn heard(&self) {
        let after = u64::try_from(self.started_at.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.active_after_ms.store(after, Ordering::Relaxed);
    }

    /// Returns how long nothing was heard.
    pub(super) fn silence(&self) -> Duration {
        let active_after = Duration::from_millis(self.active_after_ms.load(Ordering::Relaxed));
        self.started_at.elapsed().saturating_sub(active_after)
    }

    pub(super) fn set_subscriptions(&self, count: usize) {
        self.subscriptions.store(u32::try_from(count).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    /// Returns what it is like now.
    pub(crate) fn snapshot(&self) -> ConnectionSnapshot {
        let uptime = self.started_at.elapsed();
        let active_after = Duration::from_millis(self.active_after_ms.load(Ordering::Relaxed));
        ConnectionSnapshot {
            id: self.id(),
            peer: self.peer,
            started: self.started,
            uptime,
            idle: uptime.saturating_sub(active_after),
            in_messages: self.in_messages.load(Ordering::Relaxed),
            in_bytes: self.in_bytes.load(Ordering::Relaxed),
            out: self.outbound.stats(),
            subscriptions: self.subscriptions.load(Ordering::Relaxed),
            about: self.about(),
            stopped: None,
        }
    }
}
