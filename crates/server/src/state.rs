//! What all connections of a server share.

mod clients;
mod settings;
mod stats;

pub(crate) use clients::Clients;
pub use settings::OptionsError;
pub(crate) use settings::{Identity, Settings};
pub(crate) use stats::ServerStats;

use crate::account::Accounts;
use crate::auth::Hasher;
use crate::conn::PendingTotal;
use crate::js::Backlog;
use crate::log::{LogLevel, LogSink};
use crate::options::ServerOptions;
use crate::span::Spans;
use jetkv_engine::env::Env;
use jetkv_types::Timestamp;
use parking_lot::RwLock;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::time::Instant;

/// Three quarters of what the machine had when the server started; `None` where that is not known.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Room {
    /// Of its memory.
    pub(crate) memory: Option<u64>,
    /// Of what was free on the disk, and what the streams had already.
    pub(crate) disk: Option<u64>,
}

/// The state of a server.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Its clock and randomness.
    pub(crate) env: Env,
    /// Where its lines go.
    pub(crate) log: Arc<dyn LogSink>,
    /// When it started.
    pub(crate) started: Timestamp,
    /// The same on the clock of timers.
    pub(crate) started_at: Instant,
    /// All accounts.
    pub(crate) accounts: Accounts,
    /// All connections.
    pub(crate) clients: Clients,
    /// How much waits to be written.
    pub(crate) pending: Arc<PendingTotal>,
    /// How much waits for the disk.
    pub(crate) backlog: Arc<Backlog>,
    /// Counters.
    pub(crate) stats: ServerStats,
    /// Where it goes what took how long.
    pub(crate) spans: Spans,
    /// Where passwords are hashed.
    pub(crate) hasher: Hasher,
    settings: RwLock<Arc<Settings>>,
    /// What streams may use where nothing is said.
    room: OnceLock<Room>,
    /// Whether the streams are not all there yet.
    starting: AtomicBool,
    lame_duck: AtomicBool,
}

impl Shared {
    pub(crate) fn new(settings: Settings, env: Env, log: Arc<dyn LogSink>) -> Self {
        let limits = &settings.options.limits;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            log,
            started: env.clock.now(),
            env,
            started_at: Instant::now(),
            accounts: Accounts::new(&settings.options),
            clients: Clients::default(),
            pending: Arc::new(PendingTotal::new(limits.max_pending_total, limits.max_pending)),
            backlog: Arc::default(),
            stats: ServerStats::default(),
            spans: Spans::default(),
            hasher: Hasher::new(cores.div_ceil(2)),
            starting: AtomicBool::new(settings.options.jetstream.is_some()),
            settings: RwLock::new(Arc::new(settings)),
            room: OnceLock::new(),
            lame_duck: AtomicBool::new(false),
        }
    }

    /// Returns the settings that hold now.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read())
    }

    /// Puts new settings in place of the old ones, for what begins from now on.
    pub(crate) fn replace_settings(&self, settings: Settings) {
        let limits = &settings.options.limits;
        self.pending.set_limits(limits.max_pending_total, limits.max_pending);
        self.accounts.configure(&settings.options);
        *self.settings.write() = Arc::new(settings);
    }

    /// Notes what streams may use where nothing is said.
    pub(crate) fn set_room(&self, room: Room) {
        // It is measured once.
        let _ = self.room.set(room);
    }

    /// Returns the options with what holds where they say nothing.
    pub(crate) fn options_in_force(&self) -> ServerOptions {
        let mut options = self.settings().options.clone();
        if let (Some(jetstream), Some(room)) = (&mut options.jetstream, self.room.get()) {
            jetstream.max_memory = jetstream.max_memory.or(room.memory);
            jetstream.max_file = jetstream.max_file.or(room.disk);
        }
        options
    }

    /// Notes that the streams are there.
    pub(crate) fn has_started(&self) {
        self.starting.store(false, Ordering::Release);
    }

    /// Says whether the streams are not all there yet.
    pub(crate) fn is_starting(&self) -> bool {
        self.starting.load(Ordering::Acquire)
    }

    /// Notes that the server is leaving.
    pub(crate) fn enter_lame_duck(&self) {
        self.lame_duck.store(true, Ordering::Relaxed);
    }

    /// Says whether the server is leaving.
    pub(crate) fn is_lame_duck(&self) -> bool {
        self.lame_duck.load(Ordering::Relaxed)
    }

    /// Logs a line.
    pub(crate) fn log(&self, level: LogLevel, line: fmt::Arguments<'_>) {
        if level <= LogLevel::Info || self.log.wants(level) {
            self.log.write(level, line);
        }
    }
}
