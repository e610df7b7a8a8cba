//! Takes snapshots of a running server.

use super::facts::{ConnectionFacts, Consumers, JetStreamFacts, LoadFacts, ServerFacts};
use super::machine;
use crate::js;
use crate::snapshot::{AccountSnapshot, SubscriptionSnapshot};
use crate::state::Shared;
use jetkv_types::{SubjectFilter, Timestamp};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Everything that pages ask a server.
#[derive(Debug)]
pub(super) struct Collector {
    shared: Arc<Shared>,
    clients: SocketAddr,
    monitor: SocketAddr,
    base_path: String,
    links: OnceLock<Links>,
    requests: Mutex<BTreeMap<&'static str, u64>>,
    config_loaded: AtomicU64,
    cpu: Mutex<CpuSample>,
}

/// Paths and titles of pages.
pub(super) type Links = &'static [(&'static str, &'static str)];

/// Processor time at a moment of the uptime, and percent between that and the sample before.
#[derive(Debug, Clone, Copy, Default)]
struct CpuSample {
    uptime: Duration,
    used: Duration,
    percent: f64,
}

/// The life of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Its streams are being opened.
    Starting,
    /// It does its work.
    Running,
    /// It sends its clients away.
    Leaving,
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
            links: OnceLock::new(),
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

    /// Lets the first page link to what else is on the port; the first links stay.
    pub(super) fn link(&self, links: Links) {
        let _ = self.links.set(links);
    }

    /// Returns what else the first page links to.
    pub(super) fn links(&self) -> Links {
        self.links.get().copied().unwrap_or_default()
    }

    /// Says at which point of its life the server is.
    pub(super) fn phase(&self) -> Phase {
        if self.shared.is_lame_duck() {
            Phase::Leaving
        } else if self.shared.is_starting() {
            Phase::Starting
        } else {
            Phase::Running
        }
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
            options: Arc::new(self.shared.options_in_force()),
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
        let snapshot = self.shared.snapshot();
        LoadFacts {
            totals: snapshot.totals,
            connections: snapshot.connections,
            total_connections: snapshot.total_connections,
            subscriptions: snapshot.routers.subscriptions,
            pending_bytes: snapshot.pending_bytes,
            memory: machine::memory(),
            cores: machine::cores(),
            cpu: self.cpu_percent(cpu_time),
            cpu_time,
            files: machine::open_files(),
            disk_free: self.disk_free(),
        }
    }

    fn disk_free(&self) -> Option<u64> {
        machine::free_on_disk(&self.shared.settings().options.jetstream.as_ref()?.store_dir)
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
    pub(super) fn accounts(&self) -> Vec<AccountSnapshot> {
        self.shared.account_snapshots()
    }

    /// Names the accounts that may have streams.
    pub(super) fn accounts_with_streams(&self) -> Vec<String> {
        let accounts = self.shared.accounts.all();
        let with_streams = accounts.iter().filter(|account| account.jetstream().is_some());
        with_streams.map(|account| account.name().to_owned()).collect()
    }

    /// Describes connections, in the order of their numbers.
    pub(super) fn connections(&self, state: State) -> Vec<ConnectionFacts> {
        let mut found = match state {
            State::Open => self.shared.connection_snapshots(),
            State::Closed => self.shared.clients.closed(),
            State::Any => {
                let mut all = self.shared.clients.closed();
                all.append(&mut self.shared.connection_snapshots());
                all
            }
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
        let one = if let [only] = &*to { Some(only.connection.id) } else { None };
        let mut by_connection: BTreeMap<u64, Vec<SubscriptionSnapshot>> = BTreeMap::new();
        for each in self.shared.subscription_snapshots(one, SUBSCRIPTIONS_MAX) {
            by_connection.entry(each.connection).or_default().push(each);
        }
        for each in to {
            each.subscriptions = by_connection.remove(&each.connection.id).unwrap_or_default();
            each.subscriptions.sort_by(|one, other| one.subject.cmp(&other.subject));
        }
    }

    /// Lists the subscriptions of one account or of all; there is an end to the list even where they have none.
    pub(super) fn subscriptions(&self, account: Option<&str>) -> Vec<SubscriptionSnapshot> {
        let mut found = self.shared.subscription_snapshots(None, SUBSCRIPTIONS_MAX);
        found.retain(|each| account.is_none_or(|name| each.account == name));
        found
    }

    /// Describes all streams; `None` if there is no JetStream.
    pub(super) fn jetstream(&self, consumers: Consumers) -> Option<JetStreamFacts> {
        self.shared.settings().options.jetstream.as_ref()?;
        let accounts = self.shared.accounts.all();
        let with_streams =
            accounts.iter().filter_map(|account| Some((account, Arc::clone(account.jetstream()?))));
        let accounts = with_streams.map(|(account, jetstream)| js::facts(account, &jetstream, consumers));
        Some(JetStreamFacts { accounts: accounts.collect() })
    }
}

/// Most subscriptions that are listed.
const SUBSCRIPTIONS_MAX: usize = 100_000;

/// How long processor time is measured at least.
const CPU_SAMPLE_MIN: Duration = Duration::from_secs(1);
