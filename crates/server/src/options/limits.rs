//! Most of everything, and how long things may take.

use std::time::Duration;

/// Most of everything that clients can ask for (PROTOCOL 1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitOptions {
    /// Most connections at a time. Default 65,536.
    pub max_connections: u32,
    /// Most subscriptions of a connection. Default 100,000; the reference has no limit unless told, this server always has one.
    pub max_subscriptions: u32,
    /// Most tokens in the subject of a subscription; `None` is no limit of its own.
    pub max_subscription_tokens: Option<u32>,
    /// Longest control line in bytes, without its end. Default 4,096.
    pub max_control_line: u32,
    /// Largest header block and payload together, in bytes. Default 1 MiB.
    pub max_payload: u32,
    /// Most bytes waiting to be written to one connection before it is closed as a slow consumer. Default 64 MiB.
    pub max_pending: u64,
    /// Most bytes waiting to be written to all connections; above it, those that hold more than their share are closed as
    /// slow consumers. Default 256 MiB. The reference has no such limit (RELIABILITY 2).
    pub max_pending_total: u64,
}

impl Default for LimitOptions {
    fn default() -> Self {
        Self {
            max_connections: 65_536,
            max_subscriptions: 100_000,
            max_subscription_tokens: None,
            max_control_line: 4_096,
            max_payload: 1 << 20,
            max_pending: 64 << 20,
            max_pending_total: 256 << 20,
        }
    }
}

/// Pings and the deadline of writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeepAlive {
    /// How long a client may be silent before it is pinged. Default 30 seconds; the reference has 2 minutes.
    pub ping_interval: Duration,
    /// Time from CONNECT to the first ping, if that is shorter, so that monitoring soon knows the round trip. Default 2
    /// seconds; the reference has no key for it.
    pub first_ping: Duration,
    /// Most pings without an answer before the connection is closed as stale. Default 1, so that a client is gone after
    /// two intervals of silence; the reference has 2.
    pub ping_max: u32,
    /// How long a write to a socket may make no progress. Default 10 seconds.
    pub write_deadline: Duration,
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(30),
            first_ping: Duration::from_secs(2),
            ping_max: 1,
            write_deadline: Duration::from_secs(10),
        }
    }
}

/// How a server says goodbye without hurry (PROTOCOL 8.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LameDuck {
    /// Time over which connections are closed, one by one. Default 2 minutes.
    pub duration: Duration,
    /// Time before the first one is closed. Default 10 seconds.
    pub grace_period: Duration,
}

impl Default for LameDuck {
    fn default() -> Self {
        Self { duration: Duration::from_secs(120), grace_period: Duration::from_secs(10) }
    }
}
