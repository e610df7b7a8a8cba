//! What monitoring reads: the server, its accounts, connections and subscriptions at one moment (PROTOCOL 8.7).

use crate::account::Account;
use crate::state::Shared;
use crate::version;
use jetkv_types::Timestamp;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSnapshot {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The version that it reports.
    pub version: &'static str,
    /// When it started.
    pub started: Timestamp,
    /// The moment.
    pub now: Timestamp,
    /// How long it has run, by a clock that never steps.
    pub uptime: Duration,
    /// Connections.
    pub connections: u64,
    /// Connections since the start.
    pub total_connections: u64,
    /// Bytes that wait to be written to connections, to within 16 KiB for each.
    pub pending_bytes: u64,
    /// Messages in and out.
    pub totals: Totals,
    /// Subscriptions of all accounts.
    pub routers: RouterStats,
    /// Whether it is leaving.
    pub is_lame_duck: bool,
}

/// Counters of a server since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Messages that clients published.
    pub in_messages: u64,
    /// Bytes of their header blocks and payloads.
    pub in_bytes: u64,
    /// Messages that clients were sent.
    pub out_messages: u64,
    /// Bytes of their header blocks and payloads.
    pub out_bytes: u64,
    /// Connections closed because they were too slow.
    pub slow_consumers: u64,
    /// Connections closed because pings were not answered.
    pub stale_connections: u64,
    /// How often a publisher was held back for a slow subscriber.
    pub stalled_clients: u64,
}

/// The subscriptions of one account, or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RouterStats {
    /// Subscriptions now.
    pub subscriptions: u64,
    /// Subscriptions that were added.
    pub inserts: u64,
    /// Subscriptions that were removed.
    pub removes: u64,
    /// Walks through the patterns; routes that a publisher remembered are not counted.
    pub walks: u64,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSnapshot {
    /// Its name.
    pub name: String,
    /// Connections.
    pub connections: u32,
    /// Connections since the start.
    pub total_connections: u64,
    /// Messages of its clients: `in_*` and `out_*`, and its slow consumers; the rest is 0.
    pub totals: Totals,
    /// Its subscriptions.
    pub router: RouterStats,
}

/// A connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionSnapshot {
    /// Its number, unique in a run of the server.
    pub id: u64,
    /// Where the client is.
    pub peer: SocketAddr,
    /// When it began.
    pub started: Timestamp,
    /// How long ago that was.
    pub uptime: Duration,
    /// How long ago the client sent something.
    pub idle: Duration,
    /// Messages that the client published.
    pub in_messages: u64,
    /// Bytes of their header blocks and payloads.
    pub in_bytes: u64,
    /// What it was sent and what waits.
    pub out: OutboundStats,
    /// Its subscriptions.
    pub subscriptions: u32,
    /// What is known about its client.
    pub about: About,
    /// When and why it ended: the reason as the reference words it.
    pub stopped: Option<(Timestamp, &'static str)>,
}

/// What a connection was sent, and has to be sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutboundStats {
    /// Messages.
    pub messages: u64,
    /// Bytes of their header blocks and payloads.
    pub bytes: u64,
    /// Bytes of operations that wait to be written.
    pub pending_bytes: u64,
}

/// What a client said of itself, and what was found out about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Name of the connection.
    pub name: Box<str>,
    /// Language of the client library.
    pub lang: Box<str>,
    /// Its version.
    pub version: Box<str>,
    /// Name of the account; empty before CONNECT if that is needed.
    pub account: Box<str>,
    /// Name or nkey of the user.
    pub user: Option<Box<str>>,
    /// TLS version (`1.2`, `1.3`) and cipher suite.
    pub tls: Option<(&'static str, String)>,
    /// How long the last ping took.
    pub round_trip: Option<Duration>,
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionSnapshot {
    /// Name of its account.
    pub account: String,
    /// What it subscribes to.
    pub subject: String,
    /// Its queue group.
    pub queue: Option<String>,
    /// The client's name for it.
    pub sid: String,
    /// Messages that it got.
    pub delivered: u64,
    /// After how many it ends.
    pub delivered_max: Option<u64>,
    /// Number of its connection.
    pub connection: u64,
}

impl Shared {
    /// Returns what the server is like now.
    pub(crate) fn snapshot(&self) -> ServerSnapshot {
        let settings = self.settings();
        let mut routers = RouterStats::default();
        for stats in self.accounts.all().iter().map(|account| account.router.stats()) {
            routers.subscriptions += stats.subscriptions;
            routers.inserts += stats.inserts;
            routers.removes += stats.removes;
            routers.walks += stats.walks;
        }
        ServerSnapshot {
            id: settings.server_id().to_owned(),
            name: settings.server_name().to_owned(),
            version: version::VERSION,
            started: self.started,
            now: self.env.clock.now(),
            uptime: self.started_at.elapsed(),
            connections: crate::convert::to_u64(self.clients.len()),
            total_connections: self.clients.total(),
            pending_bytes: self.pending.bytes(),
            totals: self.stats.totals(),
            routers,
            is_lame_duck: self.is_lame_duck(),
        }
    }

    /// Returns the accounts in the order of their names.
    pub(crate) fn account_snapshots(&self) -> Vec<AccountSnapshot> {
        self.accounts.all().iter().map(|account| account.snapshot()).collect()
    }

    /// Returns the connections in the order of their numbers.
    pub(crate) fn connection_snapshots(&self) -> Vec<ConnectionSnapshot> {
        self.clients.all().iter().map(|client| client.snapshot()).collect()
    }

    /// Returns at most `max` subscriptions, of one connection or of all, in no order.
    pub(crate) fn subscription_snapshots(&self, of: Option<u64>, max: usize) -> Vec<SubscriptionSnapshot> {
        let mut found = Vec::new();
        for account in self.accounts.all() {
            collect(&account, of, max, &mut found);
        }
        found
    }
}

fn collect(account: &Arc<Account>, of: Option<u64>, max: usize, found: &mut Vec<SubscriptionSnapshot>) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    account.router.for_each(&mut |each| {
        let connection = each.client().id();
        if found.len() < max && of.is_none_or(|of| of == connection) {
            found.push(SubscriptionSnapshot {
                account: account.name().to_owned(),
                subject: text(each.subject()),
                queue: each.queue().map(text),
                sid: text(each.sid()),
                delivered: each.delivered(),
                delivered_max: each.delivered_max(),
                connection,
            });
        }
    });
}
