//! Accounts: each has its own subjects and streams, and sees nothing of the others.

use crate::auth::GLOBAL_ACCOUNT;
use crate::js::JetStream;
use crate::options::{AccountOptions, ServerOptions};
use crate::router::Router;
use crate::snapshot::{AccountSnapshot, Totals};
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// An account.
#[derive(Debug)]
pub(crate) struct Account {
    name: Box<str>,
    /// Its subscriptions.
    pub(crate) router: Router,
    /// Its streams, if it has any; set when they are opened.
    jetstream: OnceLock<Arc<JetStream>>,
    limits: RwLock<AccountLimits>,
    connections: AtomicU32,
    subscriptions: AtomicU32,
    /// What its clients sent and got.
    pub(crate) traffic: Traffic,
}

/// What an account may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct AccountLimits {
    /// Most connections.
    pub(crate) max_connections: Option<u32>,
    /// Most subscriptions.
    pub(crate) max_subscriptions: Option<u32>,
    /// Largest payload.
    pub(crate) max_payload: Option<u32>,
}

/// Counters of messages.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// Messages that clients published.
    pub(crate) in_messages: AtomicU64,
    /// Bytes of their header blocks and payloads.
    pub(crate) in_bytes: AtomicU64,
    /// Messages that clients were sent.
    pub(crate) out_messages: AtomicU64,
    /// Bytes of their header blocks and payloads.
    pub(crate) out_bytes: AtomicU64,
    /// Connections since the start.
    pub(crate) total_connections: AtomicU64,
    /// Connections closed because they were too slow.
    pub(crate) slow_consumers: AtomicU64,
}

impl Account {
    fn new(name: &str, options: Option<&AccountOptions>) -> Self {
        Self {
            name: name.into(),
            router: Router::new(),
            jetstream: OnceLock::new(),
            limits: RwLock::new(AccountLimits::of(options)),
            connections: AtomicU32::new(0),
            subscriptions: AtomicU32::new(0),
            traffic: Traffic::default(),
        }
    }

    /// Returns its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns its streams.
    pub(crate) fn jetstream(&self) -> Option<&Arc<JetStream>> {
        self.jetstream.get()
    }

    /// Gives it streams. Those that it has stay.
    pub(crate) fn set_jetstream(&self, jetstream: Arc<JetStream>) {
        let _ = self.jetstream.set(jetstream);
    }

    /// Returns what it may use.
    pub(crate) fn limits(&self) -> AccountLimits {
        *self.limits.read()
    }

    /// Returns the number of its connections.
    pub(crate) fn connections(&self) -> u32 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Returns what it is like now.
    pub(crate) fn snapshot(&self) -> AccountSnapshot {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        AccountSnapshot {
            name: self.name.to_string(),
            connections: self.connections(),
            total_connections: read(&self.traffic.total_connections),
            totals: Totals {
                in_messages: read(&self.traffic.in_messages),
                in_bytes: read(&self.traffic.in_bytes),
                out_messages: read(&self.traffic.out_messages),
                out_bytes: read(&self.traffic.out_bytes),
                slow_consumers: read(&self.traffic.slow_consumers),
                ..Totals::default()
            },
            router: self.router.stats(),
        }
    }

    /// Counts one more connection, unless it has as many as it may have.
    pub(crate) fn join(&self) -> Joined {
        let joined = take_place(&self.connections, self.limits().max_connections);
        if joined == Joined::Yes {
            self.traffic.total_connections.fetch_add(1, Ordering::Relaxed);
        }
        joined
    }

    /// Counts one connection less.
    pub(crate) fn leave(&self) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
    }

    /// Counts one more subscription, unless it has as many as it may have.
    pub(crate) fn add_subscription(&self) -> Joined {
        take_place(&self.subscriptions, self.limits().max_subscriptions)
    }

    /// Counts one subscription less.
    pub(crate) fn remove_subscription(&self) {
        self.subscriptions.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Traffic {
    /// Counts messages of its clients.
    pub(crate) fn add_in(&self, messages: u64, bytes: u64) {
        self.in_messages.fetch_add(messages, Ordering::Relaxed);
        self.in_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts a connection that was too slow.
    pub(crate) fn add_slow_consumer(&self) {
        self.slow_consumers.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts messages to its clients.
    pub(crate) fn add_out(&self, messages: u64, bytes: u64) {
        self.out_messages.fetch_add(messages, Ordering::Relaxed);
        self.out_bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Whether there was a place left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joined {
    /// It is taken now.
    Yes,
    /// The limit is reached.
    Full,
}

fn take_place(count: &AtomicU32, max: Option<u32>) -> Joined {
    let next = |now: u32| max.is_none_or(|max| now < max).then(|| now.saturating_add(1));
    match count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next) {
        Ok(_) => Joined::Yes,
        Err(_) => Joined::Full,
    }
}

impl AccountLimits {
    fn of(options: Option<&AccountOptions>) -> Self {
        options.map_or_else(Self::default, |options| Self {
            max_connections: options.max_connections,
            max_subscriptions: options.max_subscriptions,
            max_payload: options.max_payload,
        })
    }
}

/// All accounts of a server. An account that was there once stays until the server stops, so that its streams do.
#[derive(Debug)]
pub(crate) struct Accounts {
    by_name: RwLock<BTreeMap<String, Arc<Account>>>,
    system: RwLock<String>,
}

impl Accounts {
    /// Makes the global account, the system account, and all that are configured.
    pub(crate) fn new(options: &ServerOptions) -> Self {
        let accounts = Self { by_name: RwLock::default(), system: RwLock::default() };
        accounts.configure(options);
        accounts
    }

    /// Makes what is new in the configuration, and sets the limits of all.
    pub(crate) fn configure(&self, options: &ServerOptions) {
        let mut by_name = self.by_name.write();
        for account in by_name.values() {
            *account.limits.write() = AccountLimits::default();
        }
        let listed = options.auth.accounts.iter().map(|account| (account.name.as_str(), Some(account)));
        let fixed = [GLOBAL_ACCOUNT, &options.auth.system_account].map(|name| (name, None));
        for (name, account) in fixed.into_iter().chain(listed) {
            let entry =
                by_name.entry(name.to_owned()).or_insert_with(|| Arc::new(Account::new(name, account)));
            if account.is_some() {
                *entry.limits.write() = AccountLimits::of(account);
            }
        }
        self.system.write().clone_from(&options.auth.system_account);
    }

    /// Returns an account by its name.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Account>> {
        self.by_name.read().get(name).cloned()
    }

    /// Returns all accounts in the order of their names.
    pub(crate) fn all(&self) -> Vec<Arc<Account>> {
        self.by_name.read().values().cloned().collect()
    }

    /// Returns the name of the system account.
    pub(crate) fn system_name(&self) -> String {
        self.system.read().clone()
    }
}
