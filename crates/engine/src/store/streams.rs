//! The streams of a store: opening all of them, creating and deleting one, and the catalog that lists them.
//!
//! A new stream is made under `tmp/` and renamed into `streams/`: the sync of that directory is the moment from which it
//! exists. A deleted one is renamed into `trash/`: the sync is the moment from which it is gone. The catalog follows, and
//! is the second witness: a stream that it lists and that is nowhere has been lost.

use super::{Shared, Store, StoreInner};
use crate::config::{Storage, StreamConfig, Sync};
use crate::damage::{Damage, DamageKind};
use crate::env::{DirEntry, EntryKind, Env};
use crate::error::EngineError;
use crate::format::catalog::{CATALOG_FILE, Catalog, ListedStream};
use crate::planted::{self, Bug};
use crate::stream::{NewStream, Stream, check_config, directory_name, open_stream};
use crate::wakes;
use jetkv_types::StreamName;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The catalog as it is on disk.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) catalog: Catalog,
    /// Streams whose creation failed and that could not be cleared away yet.
    pub(super) leftovers: Vec<PathBuf>,
}

/// What opening a store found.
pub(super) struct Opened {
    pub(super) streams: BTreeMap<StreamName, Stream>,
    pub(super) directory: Directory,
    pub(super) broken: BTreeMap<String, EngineError>,
    pub(super) damages: Vec<Damage>,
}

/// Opens everything in `dir`.
pub(super) fn open(env: &Env, dir: &Path, shared: &Arc<Shared>) -> Result<Opened, EngineError> {
    let copies =
        crate::copies::read(&*env.fs, dir, CATALOG_FILE, Catalog::open, |catalog| catalog.generation)?;
    let streams_dir = dir.join(STREAMS);
    let existing = match env.fs.list(&streams_dir) {
        Ok(entries) => Some(entries),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(EngineError::io("list", &streams_dir)(error)),
    };
    if copies.newest.is_none() && existing.is_none() {
        refuse_foreign(env, dir)?;
    }
    crate::copies::set_aside(env, &copies.damages, &shared.quarantine)?;
    let mut catalog_stale = !copies.damages.is_empty() || copies.newest.is_none();
    let mut damages = copies.damages;
    let mut catalog = copies.newest.unwrap_or_else(|| Catalog {
        store_id: env.entropy.next_u64(),
        generation: 0,
        next_stream_id: 1,
        streams: Vec::new(),
    });
    if existing.is_none() {
        sync_above(env, dir)?;
        env.fs.create_dir_all(&streams_dir).map_err(EngineError::io("create", &streams_dir))?;
        env.fs.sync_dir(dir).map_err(EngineError::io("sync", dir))?;
    }
    let trashed = names_in(env, &dir.join(TRASH))?;
    // What is found from now on, or found to be gone, stays so: its creation or deletion may have been interrupted.
    sync_moves(env, dir)?;
    clear(env, &dir.join(TEMPORARY))?;
    shared.reserve.prepare();
    let (mut streams, mut broken, mut listed) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for entry in existing.unwrap_or_default() {
        let Some(id) = directory_id(&entry.name).filter(|_| entry.kind == EntryKind::Directory) else {
            continue;
        };
        let path = streams_dir.join(&entry.name);
        let known = catalog.streams.iter().find(|stream| stream.id == id);
        catalog.next_stream_id = catalog.next_stream_id.max(id + 1);
        match open_stream(Arc::clone(shared), env.clone(), &path, id) {
            Ok(new) => {
                let stream = Stream::new(Arc::new(new.finish(path)));
                listed.push(ListedStream { id, name: stream.name().as_str().into() });
                streams.insert(stream.name().clone(), stream);
            }
            // Its creation failed, and so did clearing it away completely.
            Err(EngineError::Damaged(_)) if known.is_none() && names_in(env, &path)?.is_empty() => {
                env.fs.remove_dir_all(&path).map_err(EngineError::io("remove", &path))?;
            }
            Err(error) => {
                // A stream that is damaged, or that the disk does not give, does not take the others with it.
                let Some(damage) = Damage::of_error(&error) else { return Err(error) };
                let name = known.map_or_else(|| entry.name.clone(), |known| known.name.to_string());
                listed.push(ListedStream { id, name: name.as_str().into() });
                damages.push(damage);
                broken.insert(name, error);
            }
        }
    }
    let found: Vec<u64> = listed.iter().map(|stream| stream.id).collect();
    for lost in catalog.streams.iter().filter(|known| !found.contains(&known.id)) {
        if trashed.iter().any(|name| directory_id(name) == Some(lost.id)) {
            catalog_stale = true;
            continue;
        }
        let damage = missing_stream(&streams_dir, lost);
        damages.push(damage.clone());
        broken.insert(lost.name.to_string(), EngineError::Damaged(Arc::new(damage)));
        listed.push(lost.clone());
    }
    listed.sort_by_key(|stream| stream.id);
    if catalog_stale || catalog.streams != listed {
        catalog.streams = listed;
        write_catalog(env, dir, &mut catalog)?;
    } else if !trashed.is_empty() {
        // The catalog that was read may not be durable yet: the sync behind its renaming may have failed.
        env.fs.sync_dir(dir).map_err(EngineError::io("sync", dir))?;
    }
    // What lies there tells why a listed stream is gone, until the catalog lists it no more.
    clear(env, &dir.join(TRASH))?;
    let directory = Directory { catalog, leftovers: Vec::new() };
    Ok(Opened { streams, directory, broken, damages })
}

/// Makes the name of a new store's directory durable, and those of the directories above it: they may be new too.
fn sync_above(env: &Env, dir: &Path) -> Result<(), EngineError> {
    for above in dir.ancestors().skip(1) {
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        match env.fs.sync_dir(above) {
            // Who may not open a directory, or not write to it, has made nothing in it.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::PermissionDenied
                        | io::ErrorKind::ReadOnlyFilesystem
                        | io::ErrorKind::InvalidInput
                        | io::ErrorKind::Unsupported
                ) => {}
            outcome => outcome.map_err(EngineError::io("sync", above))?,
        }
    }
    Ok(())
}

/// Leaves a directory alone that holds something else and nothing of a store, before there is so much as a lock in it.
pub(super) fn refuse_alien(env: &Env, dir: &Path) -> Result<(), EngineError> {
    let entries = env.fs.list(dir).map_err(EngineError::io("list", dir))?;
    if entries.iter().any(|entry| is_of_store(&entry.name)) { Ok(()) } else { refuse(dir, &entries) }
}

/// Makes no store out of a directory that holds something else.
fn refuse_foreign(env: &Env, dir: &Path) -> Result<(), EngineError> {
    refuse(dir, &env.fs.list(dir).map_err(EngineError::io("list", dir))?)
}

fn refuse(dir: &Path, entries: &[DirEntry]) -> Result<(), EngineError> {
    match entries.iter().find(|entry| !is_of_store(&entry.name)) {
        Some(entry) => {
            let reason = format!("it holds {:?}, which no store has; choose an empty directory", entry.name);
            Err(EngineError::NotAStore { path: dir.to_owned(), reason })
        }
        None => Ok(()),
    }
}

fn is_of_store(name: &str) -> bool {
    ["lock", "reserve", "quarantine", STREAMS, TRASH, TEMPORARY].contains(&name)
        || name.starts_with(CATALOG_FILE)
}

/// Makes durable what was moved into `streams/` and out of it: the other ends first, so that no move stays half done.
fn sync_moves(env: &Env, dir: &Path) -> Result<(), EngineError> {
    for name in [TEMPORARY, TRASH, STREAMS] {
        let path = dir.join(name);
        match env.fs.sync_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            outcome => outcome.map_err(EngineError::io("sync", &path))?,
        }
    }
    Ok(())
}

/// Removes a directory whose content is worthless by definition.
fn clear(env: &Env, dir: &Path) -> Result<(), EngineError> {
    if names_in(env, dir)?.is_empty() {
        return Ok(());
    }
    env.fs.remove_dir_all(dir).map_err(EngineError::io("remove", dir))
}

/// Returns what is in a directory; nothing if there is none.
fn names_in(env: &Env, dir: &Path) -> Result<Vec<String>, EngineError> {
    match env.fs.list(dir) {
        Ok(entries) => Ok(entries.into_iter().map(|entry| entry.name).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(EngineError::io("list", dir)(error)),
    }
}

pub(super) fn write_catalog(env: &Env, dir: &Path, catalog: &mut Catalog) -> Result<(), EngineError> {
    catalog.generation += 1;
    crate::copies::write(env, dir, CATALOG_FILE, &catalog.seal())
}

fn directory_id(name: &str) -> Option<u64> {
    let (id, _) = name.split_once('-')?;
    (id.len() == 8).then(|| u64::from_str_radix(id, 16).ok())?
}

fn missing_stream(streams_dir: &Path, lost: &ListedStream) -> Damage {
    let name = StreamName::new(lost.name.clone()).map(|name| directory_name(lost.id, &name));
    let path = streams_dir.join(name.unwrap_or_default());
    Damage { path, offset: 0, length: 0, sequences: None, subject: None, kind: DamageKind::MissingFile }
}

impl Store {
    /// Creates a stream; it is durable when this returns.
    ///
    /// # Errors
    /// `StreamExists` whatever the configuration of the existing one, `InvalidConfig`, `StorageFull`, `Io`, `Closed`.
    pub fn create_stream(&self, config: StreamConfig) -> Result<Stream, EngineError> {
        check_config(&config)?;
        let inner = &self.inner;
        let mut directory = inner.directory.lock();
        inner.check_open()?;
        let name = config.name.clone();
        if let Some(error) = inner.broken_as(&name) {
            return Err(error);
        }
        if inner.streams.read().contains_key(&name) {
            return Err(EngineError::StreamExists { name });
        }
        let id = directory.catalog.next_stream_id;
        let stream = match config.storage {
            Storage::Memory => inner.create_in_memory(id, config)?,
            Storage::File => inner.create_in_files(&mut directory, id, config)?,
        };
        directory.catalog.next_stream_id = id + 1;
        inner.streams.write().insert(name, stream.clone());
        Ok(stream)
    }

    /// Replaces the configuration of the stream of that name; tighter limits take effect at once. It is durable when this
    /// returns.
    ///
    /// # Errors
    /// `StreamNotFound`, `InvalidConfig` (also if the storage would change), `StorageFull`, `Io`.
    pub fn update_stream(&self, config: StreamConfig) -> Result<Stream, EngineError> {
        check_config(&config)?;
        let stream = self.stream(&config.name)?;
        if stream.config().storage != config.storage {
            let reason = "the storage of a stream cannot change".into();
            return Err(EngineError::InvalidConfig { stream: config.name, reason });
        }
        stream.inner().configure(config)?;
        Ok(stream)
    }

    /// Deletes a stream with all its messages; it is durably gone when this returns.
    ///
    /// # Errors
    /// `StreamNotFound`, `Io`, `Closed`.
    pub fn delete_stream(&self, name: &StreamName) -> Result<(), EngineError> {
        let inner = &self.inner;
        let _wakes = wakes::hold();
        let mut directory = inner.directory.lock();
        inner.check_open()?;
        let stream = self.stream(name)?;
        if stream.config().storage == Storage::File {
            if let Err(error) = inner.move_to_trash(stream.inner().dir()) {
                if !matches!(error, EngineError::StorageFull { .. }) {
                    // It may be in the trash already: nothing that is written from now on would be kept.
                    stream.inner().poison(&error);
                }
                return Err(error);
            }
            directory.catalog.streams.retain(|listed| listed.id != stream.inner().id);
        }
        inner.streams.write().remove(name);
        stream.inner().stop(&EngineError::StreamDeleted { name: name.clone() });
        if stream.config().storage == Storage::File {
            // The stream is gone already; the catalog catches up now or when the store is opened. Until then the
            // directory in the trash tells why a listed stream is not there; only its files can go.
            let trash = inner.dir.join(TRASH);
            let _ = match write_catalog(&inner.env, &inner.dir, &mut directory.catalog) {
                Ok(()) => clear(&inner.env, &trash),
                Err(_) => inner.empty(&trash.join(stream.inner().dir().file_name().unwrap_or_default())),
            };
        }
        Ok(())
    }

    /// Returns the stream of that name.
    ///
    /// # Errors
    /// `StreamNotFound`; `Damaged`, `Io` or `StorageFull` if it is known to exist and could not be opened; `Closed`.
    pub fn stream(&self, name: &StreamName) -> Result<Stream, EngineError> {
        self.inner.check_open()?;
        if let Some(stream) = self.inner.streams.read().get(name) {
            return Ok(stream.clone());
        }
        let not_found = || EngineError::StreamNotFound { name: name.clone() };
        Err(self.inner.broken_as(name).unwrap_or_else(not_found))
    }

    /// Returns all streams that could be opened, in the order of their names.
    #[must_use]
    pub fn streams(&self) -> Vec<Stream> {
        self.inner.streams.read().values().cloned().collect()
    }
}

impl StoreInner {
    pub(super) fn check_open(&self) -> Result<(), EngineError> {
        if self.lock.lock().is_some() { Ok(()) } else { Err(EngineError::Closed) }
    }

    /// Returns why the stream of that name could not be opened, if that is so.
    pub(super) fn broken_as(&self, name: &StreamName) -> Option<EngineError> {
        let broken = self.broken.lock();
        // Where no catalog tells the name, the directory's name does.
        let is_it =
            |directory: &str| directory_id(directory).is_some_and(|id| directory == directory_name(id, name));
        let by_directory = || broken.iter().find(|(known, _)| is_it(known)).map(|(_, error)| error);
        broken.get(name.as_str()).or_else(by_directory).cloned()
    }

    pub(super) fn create_in_memory(&self, id: u64, config: StreamConfig) -> Result<Stream, EngineError> {
        let memory = Env { fs: Env::memory().fs, ..self.env.clone() };
        let dir = PathBuf::from("/memory").join(directory_name(id, &config.name));
        memory.fs.create_dir_all(&dir).map_err(EngineError::io("create", &dir))?;
        let options =
            crate::config::StoreOptions { sync: Sync::Os, reserve_bytes: 0, ..self.shared.options.clone() };
        let shared = Arc::new(self.shared.apart(&memory, &dir, options));
        let new = NewStream::create(shared, memory, &dir, id, config)?;
        Ok(Stream::new(Arc::new(new.finish(dir))))
    }

    fn create_in_files(
        &self,
        directory: &mut Directory,
        id: u64,
        config: StreamConfig,
    ) -> Result<Stream, EngineError> {
        let fs = &self.env.fs;
        let name = directory_name(id, &config.name);
        let (temporary, streams) = (self.dir.join(TEMPORARY), self.dir.join(STREAMS));
        let (from, to) = (temporary.join(&name), streams.join(&name));
        let make = || {
            fs.create_dir_all(&from).map_err(EngineError::io("create", &from))?;
            let new =
                NewStream::create(Arc::clone(&self.shared), self.env.clone(), &from, id, config.clone())?;
            fs.sync_dir(&temporary).map_err(EngineError::io("sync", &temporary))?;
            fs.rename(&from, &to).map_err(EngineError::io("move", &from))?;
            // From here on the stream exists.
            fs.sync_dir(&streams).map_err(EngineError::io("sync", &streams))?;
            fs.sync_dir(&temporary).map_err(EngineError::io("sync", &temporary))?;
            Ok::<_, EngineError>(new)
        };
        // An earlier one that failed must not come back beside this one.
        self.clear_leftovers(directory)?;
        match make() {
            Ok(new) => {
                directory.catalog.streams.push(ListedStream { id, name: config.name.as_str().into() });
                directory.catalog.next_stream_id = id + 1;
                // The stream exists already; the catalog catches up now, with the next change, or when the store is opened.
                let _ = write_catalog(&self.env, &self.dir, &mut directory.catalog);
                Ok(Stream::new(Arc::new(new.finish(to))))
            }
            Err(error) => {
                // What is left here is cleared away when the store is opened.
                let _ = fs.remove_dir_all(&from);
                directory.leftovers.push(to);
                // If that is not possible now, it is tried again before the next stream is created.
                let _ = self.clear_leftovers(directory);
                Err(error)
            }
        }
    }

    pub(super) fn clear_leftovers(&self, directory: &mut Directory) -> Result<(), EngineError> {
        let fs = &self.env.fs;
        while let Some(leftover) = directory.leftovers.last() {
            match fs.remove_dir_all(leftover) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                outcome => outcome.map_err(EngineError::io("remove", leftover))?,
            }
            sync_moves(&self.env, &self.dir)?;
            directory.leftovers.pop();
        }
        Ok(())
    }

    fn move_to_trash(&self, stream_dir: &Path) -> Result<(), EngineError> {
        let fs = &self.env.fs;
        let trash = self.dir.join(TRASH);
        fs.create_dir_all(&trash).map_err(EngineError::io("create", &trash))?;
        fs.sync_dir(&self.dir).map_err(EngineError::io("sync", &self.dir))?;
        let to = trash.join(stream_dir.file_name().unwrap_or_default());
        match fs.rename(stream_dir, &to) {
            // An earlier attempt got as far as this.
            Err(error) if error.kind() == io::ErrorKind::NotFound && fs.list(&to).is_ok() => {}
            outcome => outcome.map_err(EngineError::io("move", stream_dir))?,
        }
        if planted::is(Bug::DeleteWithoutSync) {
            return Ok(());
        }
        // From here on the stream is gone. The new name must be durable before the old one is not.
        fs.sync_dir(&trash).map_err(EngineError::io("sync", &trash))?;
        let streams = self.dir.join(STREAMS);
        fs.sync_dir(&streams).map_err(EngineError::io("sync", &streams))
    }

    /// Removes the files in a directory.
    fn empty(&self, dir: &Path) -> Result<(), EngineError> {
        for name in names_in(&self.env, dir)? {
            let path = dir.join(name);
            self.env.fs.remove_file(&path).map_err(EngineError::io("remove", &path))?;
        }
        Ok(())
    }

    /// Gives up streams of which nothing is left that could be opened. What the disk does not give is not given up.
    pub(super) fn repair_broken(&self, report: &mut super::RepairReport) -> Result<(), EngineError> {
        let mut directory = self.directory.lock();
        let (mut outcome, mut left) = (Ok(()), BTreeMap::new());
        let broken = std::mem::take(&mut *self.broken.lock());
        for (name, error) in broken {
            let given_up = match &error {
                EngineError::Damaged(damage) => self.give_up(damage, report),
                error => Err(error.clone()),
            };
            match given_up {
                Ok(()) => directory.catalog.streams.retain(|listed| *listed.name != *name),
                Err(failed) => {
                    outcome = outcome.and(Err(failed));
                    left.insert(name, error);
                }
            }
        }
        *self.damages.lock() = left.values().filter_map(Damage::of_error).collect();
        *self.broken.lock() = left;
        outcome.and(write_catalog(&self.env, &self.dir, &mut directory.catalog))
    }

    /// Sets the directory of a stream aside of which nothing can be opened.
    fn give_up(&self, damage: &Arc<Damage>, report: &mut super::RepairReport) -> Result<(), EngineError> {
        let streams = self.dir.join(STREAMS);
        let inside = damage.path.strip_prefix(&streams).ok();
        let dir = inside.and_then(|inside| inside.components().next()).map(|first| streams.join(first));
        if let Some(dir) = dir.filter(|dir| self.env.fs.list(dir).is_ok()) {
            let moved = crate::copies::quarantine_file(&self.env, &dir, &self.shared.quarantine)?;
            report.quarantined.push(moved);
        }
        report.given_up.push((**damage).clone());
        Ok(())
    }
}

impl Shared {
    /// What a stream uses instead that is not one of the directory's, in memory or a draft.
    pub(super) fn apart(&self, env: &Env, dir: &Path, options: crate::config::StoreOptions) -> Self {
        Self {
            reserve: super::reserve::Reserve::new(env.clone(), dir, 0),
            committers: Arc::clone(&self.committers),
            upkeep: Arc::clone(&self.upkeep),
            counters: Arc::clone(&self.counters),
            // What is in memory needs no cache, and a draft is not read.
            cache: Arc::new(crate::block_cache::BlockCache::new(0, 1)),
            sync_meter: Arc::new(self.sync_meter.apart()),
            quarantine: self.quarantine.clone(),
            options,
        }
    }
}

pub(super) const STREAMS: &str = "streams";
const TRASH: &str = "trash";
pub(super) const TEMPORARY: &str = "tmp";
