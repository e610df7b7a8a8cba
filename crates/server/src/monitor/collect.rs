//! Takes snapshots of a running server.

mod streams;

use super::machine;
use super::snapshot::{
    AccountFacts, ConnectionFacts, Consumers, JetStreamFacts, LoadFacts, RouterFacts, ServerFacts,
    SubscriptionFacts,
};
use crate::account::Account;
use crate::router::Subscription;
use crate::state::Shared;
use jetkv_types::{SubjectFilter, Timestamp};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Everything that pages ask a server.
#[derive(Debug)]
pub(super) struct Collector {
    shared: Arc<Shared>,
    clients: SocketAddr,
    monitor: SocketAddr,
    base_path: String,
    requests: Mutex<BTreeMap<&'static str, u64>>,
    config_loaded: AtomicU64,
    cpu: Mutex<CpuSample>,
}

/// Processor time at a moment of the uptime, and percent between that and the sample before.
#[derive(Debug, Clone, Copy, Default)]
struct CpuSample {
    uptime: Duration,
    used: Duration,
    percent: f64,
}

/// Which connections are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Those that are there.
    Open,
    /// The last ones that ended.
    Closed,
    /// Both.
    Any,
}

impl Collector {
    pub(super) fn new(
        shared: Arc<Shared>,
        clients: SocketAddr,
        monitor: SocketAddr,
        base_path: &str,
    ) -> Self {
        let started = shared.started.as_nanos();
        Self {
            shared,
            clients,
            monitor,
            base_path: base_path.to_owned(),
            requests: Mutex::default(),
            config_loaded: AtomicU64::new(started),
            cpu: Mutex::default(),
        }
    }

    /// Notes that the options were read again.
    pub(super) fn reloaded(&self) {
        self.config_loaded.store(self.shared.env.clock.now().as_nanos(), Ordering::Relaxed);
    }

    /// Counts a request.
    pub(super) fn count(&self, page: &'static str) {
        *self.requests.lock().entry(page).or_default() += 1;
    }

    /// Returns what stands before every path.
    pub(super) fn base_path(&self) -> &str {
        &self.base_path
    }

    /// Says whether the server is a lame duck.
    pub(super) fn is_leaving(&self) -> bool {
        self.shared.is_lame_duck()
    }

    /// Describes the server.
    pub(super) fn server(&self) -> ServerFacts {
        let settings = self.shared.settings();
        ServerFacts {
            id: settings.server_id().to_owned(),
            name: settings.server_name().to_owned(),
            host: settings.options.listen.host.clone(),
            port: self.clients.port(),
            auth_required: settings.users.is_required(),
            options: Arc::new(settings.options.clone()),
            started: self.shared.started,
            config_loaded: Timestamp::from_nanos(self.config_loaded.load(Ordering::Relaxed)),
            now: self.shared.env.clock.now(),
            uptime: self.shared.started_at.elapsed(),
            monitor: Some(self.monitor),
            requests: self.requests.lock().clone(),
        }
    }

    /// Measures the server.
    pub(super) fn load(&self) -> LoadFacts {
        let cpu_time = machine::cpu_time();
        let routers = self.shared.accounts.all();
        LoadFacts {
            totals: self.shared.stats.totals(),
            connections: to_u64(self.shared.clients.len()),
            total_connections: self.shared.clients.total(),
            subscriptions: routers.iter().map(|account| account.router.stats().subscriptions).sum(),
            memory: machine::memory(),
            cores: machine::cores(),
            cpu: self.cpu_percent(cpu_time),
            cpu_time,
        }
    }

    /// Returns the percent of one processor since the last look, looks within a second counting as one.
    fn cpu_percent(&self, used: Duration) -> f64 {
        let uptime = self.shared.started_at.elapsed();
        let mut last = self.cpu.lock();
        let since = uptime.saturating_sub(last.uptime);
        if since >= CPU_SAMPLE_MIN {
            let percent = used.saturating_sub(last.used).as_secs_f64() / since.as_secs_f64() * 100.0;
            *last = CpuSample { uptime, used, percent: (percent * 10.0).round() / 10.0 };
        }
        last.percent
    }

    /// Describes all accounts, in the order of their names.
    pub(super) fn accounts(&self) -> Vec<AccountFacts> {
        let streams = self.jetstream(Consumers::Named);
        let has_streams = |name: &str| {
            streams.as_ref().is_some_and(|facts| facts.accounts.iter().any(|account| account.name == name))
        };
        self.shared.accounts.all().iter().map(|account| facts(account, has_streams(account.name()))).collect()
    }

    /// Describes connections, in the order of their numbers.
    pub(super) fn connections(&self, state: State) -> Vec<ConnectionFacts> {
        let open = || self.shared.clients.all().into_iter().map(|client| client.snapshot());
        let mut found = match state {
            State::Open => open().collect(),
            State::Closed => self.shared.clients.closed(),
            State::Any => self.shared.clients.closed().into_iter().chain(open()).collect(),
        };
        found.sort_by_key(|connection| connection.id);
        found
            .into_iter()
            .map(|connection| ConnectionFacts { connection, subscriptions: Vec::new() })
            .collect()
    }

    /// Finds the connections of an account that have a subscription which overlaps `filter`.
    pub(super) fn connections_matching(&self, account: &str, filter: &str) -> BTreeSet<u64> {
        let Ok(filter) = SubjectFilter::new(filter) else { return BTreeSet::new() };
        let overlaps = |subject: &str| SubjectFilter::new(subject).is_ok_and(|each| each.overlaps(&filter));
        let found = self.subscriptions(Some(account));
        found.iter().filter(|each| overlaps(&each.subject)).map(|each| each.connection).collect()
    }

    /// Adds to connections the subscriptions that they have, in the order of their subjects.
    pub(super) fn add_subscriptions(&self, to: &mut [ConnectionFacts]) {
        let mut by_connection: BTreeMap<u64, Vec<SubscriptionFacts>> = BTreeMap::new();
        let wanted: BTreeSet<u64> = to.iter().map(|each| each.connection.id).collect();
        let mut left = SUBSCRIPTIONS_MAX;
        for account in self.shared.accounts.all() {
            let name: Arc<str> = account.name().into();
            account.router.for_each(&mut |subscription| {
                let connection = subscription.client().id();
                if left > 0 && wanted.contains(&connection) {
                    left -= 1;
                    by_connection.entry(connection).or_default().push(described(subscription, &name));
                }
            });
        }
        for each in to {
            each.subscriptions = by_connection.remove(&each.connection.id).unwrap_or_default();
            each.subscriptions.sort_by(|one, other| one.subject.cmp(&other.subject));
        }
    }

    /// Lists the subscriptions of one account or of all; there is an end to the list even where they have none.
    pub(super) fn subscriptions(&self, account: Option<&str>) -> Vec<SubscriptionFacts> {
        let mut found = Vec::new();
        for each in self.shared.accounts.all() {
            if account.is_some_and(|name| name != each.name()) {
                continue;
            }
            let name: Arc<str> = each.name().into();
            each.router.for_each(&mut |subscription| {
                if found.len() < SUBSCRIPTIONS_MAX {
                    found.push(described(subscription, &name));
                }
            });
        }
        found
    }

    /// Describes all streams; `None` if there is no JetStream.
    pub(super) fn jetstream(&self, consumers: Consumers) -> Option<JetStreamFacts> {
        let settings = self.shared.settings();
        let options = settings.options.jetstream.as_ref()?;
        let accounts: Vec<_> = self
            .shared
            .accounts
            .all()
            .iter()
            .filter_map(|account| streams::of_account(account, consumers))
            .collect();
        let api = accounts
            .iter()
            .fold((0, 0), |(total, failed), account| (total + account.api.0, failed + account.api.1));
        Some(JetStreamFacts {
            max_memory: options.max_memory.unwrap_or(0),
            max_storage: options.max_file.unwrap_or(0),
            api,
            accounts,
        })
    }
}

fn facts(account: &Account, jetstream: bool) -> AccountFacts {
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let traffic = &account.traffic;
    let stats = account.router.stats();
    AccountFacts {
        name: account.name().to_owned(),
        jetstream,
        connections: u64::from(account.snapshot().connections),
        total_connections: read(&traffic.total_connections),
        router: RouterFacts {
            subscriptions: stats.subscriptions,
            inserts: stats.inserts,
            removes: stats.removes,
            matches: stats.walks,
        },
        sent: (read(&traffic.out_messages), read(&traffic.out_bytes)),
        received: (read(&traffic.in_messages), read(&traffic.in_bytes)),
        slow_consumers: read(&traffic.slow_consumers),
    }
}

fn described(subscription: &Subscription, account: &Arc<str>) -> SubscriptionFacts {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    SubscriptionFacts {
        account: Arc::clone(account),
        subject: text(subscription.subject()),
        queue: subscription.queue().map(text),
        sid: text(subscription.sid()),
        messages: subscription.delivered(),
        messages_max: subscription.delivered_max().unwrap_or(0),
        connection: subscription.client().id(),
    }
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Most subscriptions that are listed.
const SUBSCRIPTIONS_MAX: usize = 100_000;

/// How long processor time is measured at least.
const CPU_SAMPLE_MIN: Duration = Duration::from_secs(1);
