//! A store: a directory with streams, a catalog of them, a lock, and threads that look after them.

mod committers;
mod drafts;
mod reserve;
mod streams;
mod upkeep;

use crate::block_cache::BlockCache;
use crate::config::{StoreOptions, Upkeep};
use crate::damage::Damage;
use crate::env::{Env, Lock, read_file};
use crate::error::EngineError;
use crate::meter::{SyncMeter, SyncObserver, SyncTimes};
use crate::stream::Stream;
use crate::wakes;
pub use drafts::Draft;

use committers::Committers;
use jetkv_types::StreamName;
use parking_lot::{Mutex, RwLock};
use reserve::Reserve;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use streams::Directory;
use upkeep::UpkeepThread;

/// A data directory, open. Clones share it.
///
/// Dropping the last clone closes the store as [`Store::close`] does, without a way to tell errors.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Handle>,
}

/// What all clones of a store share. The thread of the store does not hold it, so that dropping the last clone closes the
/// store before the drop returns.
#[derive(Debug)]
struct Handle(Arc<StoreInner>);

impl std::ops::Deref for Handle {
    type Target = StoreInner;

    fn deref(&self) -> &StoreInner {
        &self.0
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // Who wants to know about errors calls `close`.
        let _ = self.0.close();
    }
}

#[derive(Debug)]
struct StoreInner {
    dir: PathBuf,
    env: Env,
    shared: Arc<Shared>,
    streams: RwLock<BTreeMap<StreamName, Stream>>,
    /// The catalog and what goes with it; held while streams are created and deleted.
    directory: Mutex<Directory>,
    /// Streams that are there and cannot be opened, and why.
    broken: Mutex<BTreeMap<String, EngineError>>,
    damages: Mutex<Vec<Damage>>,
    /// Streams that nobody sees yet, by their ids.
    drafts: Mutex<BTreeMap<u64, Stream>>,
    thread: Mutex<Option<UpkeepThread>>,
    lock: Mutex<Option<Box<dyn Lock>>>,
}

/// What all streams of a store use.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: StoreOptions,
    pub(crate) counters: Arc<Counters>,
    pub(crate) cache: Arc<BlockCache>,
    /// Of the syncs of files on disk.
    pub(crate) sync_meter: Arc<SyncMeter>,
    pub(crate) reserve: Reserve,
    pub(crate) committers: Arc<Committers>,
    pub(crate) upkeep: Arc<upkeep::Bell>,
    /// Where damaged files go.
    pub(crate) quarantine: PathBuf,
}

/// Figures that are counted since the store was opened.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) syncs: AtomicU64,
    pub(crate) compactions: AtomicU64,
}

/// Figures of a whole store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Syncs of segments since the store was opened.
    pub sync_count: u64,
    /// Segments rewritten since the store was opened.
    pub compaction_count: u64,
    /// Bytes of all segments.
    pub disk_bytes: u64,
    /// Bytes in segments that live messages need.
    pub live_bytes: u64,
    /// Bytes of memory that the indexes take.
    pub index_bytes: u64,
    /// Bytes of memory that blocks of segment files take; never more than the store's options allow.
    pub cache_bytes: u64,
    /// Blocks read into that memory since the store was opened.
    pub cache_fill_count: u64,
}

/// What a repair did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepairReport {
    /// Damage whose messages were given up.
    pub given_up: Vec<Damage>,
    /// Damaged files, in the place to which they were moved.
    pub quarantined: Vec<PathBuf>,
}

impl Store {
    /// Opens the store in `dir`, or makes a new one there, and recovers every stream.
    ///
    /// # Errors
    /// `Locked` if somebody else has it open, `NewerFormat`, `NotAStore`, `StorageFull`, `Io`. A stream that is damaged,
    /// or whose files the disk does not give, is no error: see [`Self::damages`]. It answers with its error; opening the
    /// store again tries again.
    pub fn open(env: Env, dir: &Path, options: StoreOptions) -> Result<Self, EngineError> {
        env.fs.create_dir_all(dir).map_err(EngineError::io("create", dir))?;
        streams::refuse_alien(&env, dir)?;
        let lock_path = dir.join("lock");
        let lock = env.fs.lock(&lock_path).map_err(EngineError::io("lock", &lock_path))?;
        let lock = lock.ok_or_else(|| {
            let told = read_file(&*env.fs, &lock_path).unwrap_or_default();
            let holder = std::str::from_utf8(&told).ok().and_then(|told| told.trim().parse().ok());
            EngineError::Locked { path: dir.to_owned(), holder }
        })?;
        let threads = options.upkeep == Upkeep::Threads;
        let shared = Arc::new(Shared {
            reserve: Reserve::new(env.clone(), dir, options.reserve_bytes),
            committers: Arc::default(),
            upkeep: Arc::default(),
            counters: Arc::default(),
            cache: Arc::new(BlockCache::new(options.cache_bytes, options.cache_block_bytes)),
            sync_meter: Arc::new(SyncMeter::new(Arc::clone(&env.clock))),
            quarantine: dir.join("quarantine"),
            options,
        });
        let opened = streams::open(&env, dir, &shared)?;
        let store = Self {
            inner: Arc::new(Handle(Arc::new(StoreInner {
                dir: dir.to_owned(),
                env,
                shared,
                streams: RwLock::new(opened.streams),
                directory: Mutex::new(opened.directory),
                broken: Mutex::new(opened.broken),
                damages: Mutex::new(opened.damages),
                drafts: Mutex::default(),
                thread: Mutex::new(None),
                lock: Mutex::new(Some(lock)),
            }))),
        };
        if threads {
            // Nobody has a handle yet, so no read finds what expired while the store was closed.
            store.inner.expire_due();
            let thread =
                UpkeepThread::spawn(&store.inner.0).map_err(EngineError::io("start a thread for", dir))?;
            *store.inner.thread.lock() = Some(thread);
        }
        Ok(store)
    }

    /// Opens a new, empty store whose files live in memory; nothing survives it.
    ///
    /// # Errors
    /// None that could be expected.
    pub fn memory(options: StoreOptions) -> Result<Self, EngineError> {
        Self::open(Env::memory(), Path::new("/memory"), options)
    }

    /// Returns the directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// Returns the options that the store was opened with.
    #[must_use]
    pub fn options(&self) -> &StoreOptions {
        &self.inner.shared.options
    }

    /// Returns what time it is by the clock of the store.
    #[must_use]
    pub fn now(&self) -> jetkv_types::Timestamp {
        self.inner.env.clock.now()
    }

    /// Returns everything known to be damaged, without reading any data.
    #[must_use]
    pub fn damages(&self) -> Vec<Damage> {
        let mut damages = self.inner.damages.lock().clone();
        damages.extend(self.streams().iter().flat_map(Stream::damages));
        damages
    }

    /// Returns what was damaged when the store was opened and belongs to no stream that is open: the catalog, and streams
    /// that could not be opened.
    #[must_use]
    pub fn own_damages(&self) -> Vec<Damage> {
        self.inner.damages.lock().clone()
    }

    /// Returns the streams that are known to exist and could not be opened, each with the reason, which is also among
    /// [`Self::own_damages`]. Where no catalog tells the name of one, it is that of its directory.
    #[must_use]
    pub fn broken(&self) -> Vec<(String, Damage)> {
        let broken = self.inner.broken.lock();
        broken.iter().filter_map(|(name, error)| Some((name.clone(), Damage::of_error(error)?))).collect()
    }

    /// Reads every segment of every stream and returns everything that is damaged; a file that cannot be read at all is
    /// among it. `progress` gets bytes done and in all.
    ///
    /// # Errors
    /// None at present.
    pub fn check(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Vec<Damage>, EngineError> {
        let streams = self.streams();
        let total = self.stats().disk_bytes;
        let mut done = 0;
        let mut found = self.inner.damages.lock().clone();
        for stream in &streams {
            let checked = stream.check(&mut |bytes| {
                done += bytes;
                progress(done, total.max(done));
            });
            found.extend(checked.damages);
            found.extend(checked.failed.iter().filter_map(Damage::of_error));
        }
        Ok(found)
    }

    /// Checks everything, gives up messages that cannot be read, and moves damaged files into the folder `quarantine`.
    ///
    /// Undamaged messages stay. A key whose last revision is given up has its earlier revisions, if any are kept.
    ///
    /// # Errors
    /// The first error of any stream, as of [`Self::repair_into`], which also tells what was done all the same.
    pub fn repair(&self) -> Result<RepairReport, EngineError> {
        let mut report = RepairReport::default();
        self.repair_into(&mut report).map(|()| report)
    }

    /// As [`Self::repair`]; adds what was done to `report`, whatever comes of the rest.
    ///
    /// # Errors
    /// The first error of any stream: `Io` if files cannot be read, which is no reason to give them up, or not moved;
    /// `StorageFull`, `Poisoned`. All streams are looked after all the same, and one that fails stays as it was.
    pub fn repair_into(&self, report: &mut RepairReport) -> Result<(), EngineError> {
        let mut outcome = Ok(());
        for stream in self.streams() {
            let checked = stream.check(&mut |_| {});
            outcome = checked.failed.into_iter().fold(outcome, |outcome, error| outcome.and(Err(error)));
            if checked.damages.is_empty() {
                continue;
            }
            match stream.inner().repair(&checked.damages) {
                Ok((given_up, quarantined)) => {
                    report.given_up.extend(given_up);
                    report.quarantined.extend(quarantined);
                }
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        outcome.and(self.inner.repair_broken(report))
    }

    /// Does what is due: expiry, interval syncs, compaction. Needed with [`Upkeep::Manual`], harmless otherwise.
    ///
    /// # Errors
    /// The first error of any stream; all streams are looked after all the same.
    pub fn run_upkeep(&self) -> Result<(), EngineError> {
        self.inner.run_upkeep()
    }

    /// Rewrites every segment that holds anything dead.
    ///
    /// # Errors
    /// The first error of any stream: `Io`, `StorageFull`, `Poisoned`, `Damaged`; segments with damage are left alone.
    pub fn compact(&self) -> Result<(), EngineError> {
        let streams = self.streams();
        let outcomes = streams.iter().map(|stream| stream.inner().compact_all());
        outcomes.fold(Ok(()), Result::and)
    }

    /// Makes everything durable that was acknowledged, whatever the sync mode.
    ///
    /// # Errors
    /// The first error of any stream, usually `Io`; the stream that failed is read-only afterwards.
    pub fn sync(&self) -> Result<(), EngineError> {
        let streams = self.streams();
        let outcomes = streams.iter().map(|stream| stream.inner().sync());
        outcomes.fold(Ok(()), Result::and)
    }

    /// Returns the figures of the store.
    #[must_use]
    pub fn stats(&self) -> StoreStats {
        let counters = &self.inner.shared.counters;
        let mut stats = StoreStats {
            sync_count: counters.syncs.load(Ordering::Relaxed),
            compaction_count: counters.compactions.load(Ordering::Relaxed),
            cache_bytes: self.inner.shared.cache.held_bytes(),
            cache_fill_count: self.inner.shared.cache.fill_count(),
            ..StoreStats::default()
        };
        for stream in self.streams() {
            stream.inner().add_stats(&mut stats);
        }
        stats
    }

    /// Says whether the disk was full when somebody last tried, so that values are refused until there is room again.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.inner.shared.reserve.is_released()
    }

    /// Tells of each sync of a segment on disk from now on; the first observer stays.
    pub fn observe_syncs(&self, observer: Arc<dyn SyncObserver>) {
        self.inner.shared.sync_meter.observe(observer);
    }

    /// Returns how long the syncs of segments on disk took since the store was opened.
    #[must_use]
    pub fn sync_times(&self) -> SyncTimes {
        self.inner.shared.sync_meter.times()
    }

    /// Stops: finishes what was begun, syncs, leaves the mark of a clean stop, and unlocks the directory. Handles answer
    /// `Closed` afterwards. A second call does nothing.
    ///
    /// # Errors
    /// `Io` or `StorageFull` if a mark could not be written; nothing acknowledged is lost, the next opening takes longer.
    pub fn close(&self) -> Result<(), EngineError> {
        self.inner.close()
    }
}

impl StoreInner {
    fn run_upkeep(&self) -> Result<(), EngineError> {
        let streams: Vec<_> = self.streams.read().values().cloned().collect();
        let mut outcome = Ok(());
        for stream in streams {
            let done = stream.inner().run_upkeep();
            outcome = outcome.and(done);
        }
        self.shared.reserve.look_for_room();
        outcome
    }

    /// Removes every message whose time has come.
    fn expire_due(&self) {
        for stream in self.streams.read().values() {
            // A stream that fails says so to its writers and in its damages; its reads go on.
            let _ = stream.inner().expire_due();
        }
    }

    fn close(&self) -> Result<(), EngineError> {
        let _wakes = wakes::hold();
        // The thread goes first, so that nothing is begun any more.
        drop(self.thread.lock().take());
        // No stream is created or deleted from here on: the lock on the directory is gone when they may go on.
        let _directory = self.directory.lock();
        let streams: Vec<_> = self.streams.read().values().cloned().collect();
        let mut outcome = Ok(());
        for stream in streams {
            let done = stream.inner().close();
            outcome = outcome.and(done);
        }
        // Nobody misses what was not finished; it is cleared away when the store is opened.
        let drafts = std::mem::take(&mut *self.drafts.lock());
        drafts.into_values().for_each(|draft| drop(draft.inner().close()));
        drop(self.lock.lock().take());
        outcome
    }
}
