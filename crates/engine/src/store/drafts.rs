//! Streams that are filled before anybody sees them: what a restore puts back is all there, or not there at all.
//!
//! A draft lives in `tmp/`, which is cleared when the store is opened. Publishing closes it, so that every byte is synced,
//! and renames it into `streams/`: the sync of that directory is the moment from which it exists.

use super::Store;
use super::streams::{Directory, STREAMS, TEMPORARY, write_catalog};
use crate::config::{Storage, StoreOptions, StreamConfig, Sync, Upkeep};
use crate::error::EngineError;
use crate::format::catalog::ListedStream;
use crate::stream::{NewStream, Stream, check_config, directory_name, open_stream};
use std::path::PathBuf;
use std::sync::Arc;

/// A stream that nobody sees yet. Dropping it removes it.
///
/// Its messages are not durable before [`Draft::publish`], so filling it costs no syncs, and they do not expire.
#[derive(Debug)]
pub struct Draft {
    store: Store,
    stream: Stream,
    id: u64,
}

impl Store {
    /// Begins a stream that nobody sees before it is published. Another one may get its name meanwhile.
    ///
    /// # Errors
    /// `InvalidConfig`, `StorageFull`, `Io`, `Closed`.
    pub fn draft_stream(&self, config: StreamConfig) -> Result<Draft, EngineError> {
        check_config(&config)?;
        let inner = &self.inner;
        let mut directory = inner.directory.lock();
        inner.check_open()?;
        let id = directory.catalog.next_stream_id;
        let stream = match config.storage {
            Storage::Memory => inner.create_in_memory(id, config)?,
            Storage::File => inner.draft_in_files(id, config)?,
        };
        directory.catalog.next_stream_id = id + 1;
        inner.drafts.lock().insert(id, stream.clone());
        Ok(Draft { store: self.clone(), stream, id })
    }
}

impl Draft {
    /// Returns the stream, to be filled.
    #[must_use]
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Gives the draft another configuration; the storage stays.
    ///
    /// # Errors
    /// `InvalidConfig`, `StorageFull`, `Poisoned`, `Io`, `Closed`.
    pub fn configure(&self, config: StreamConfig) -> Result<(), EngineError> {
        check_config(&config)?;
        self.stream.inner().configure(config)
    }

    /// Lets the stream be seen, under the name and with the configuration that it has now; it is durable when this returns.
    ///
    /// # Errors
    /// `StreamExists`; `Damaged` if one of that name is known that could not be opened; `StorageFull`, `Poisoned`, `Io`,
    /// `Closed`. The draft is gone then.
    pub fn publish(self) -> Result<Stream, EngineError> {
        let inner = &self.store.inner;
        let config = self.stream.config();
        let name = config.name.clone();
        if config.storage == Storage::File {
            // Every segment and the manifest are synced when this returns.
            self.stream.inner().close()?;
        }
        let mut directory = inner.directory.lock();
        inner.check_open()?;
        if let Some(error) = inner.broken_as(&name) {
            return Err(error);
        }
        if inner.streams.read().contains_key(&name) {
            return Err(EngineError::StreamExists { name });
        }
        let stream = match config.storage {
            Storage::Memory => self.stream.clone(),
            Storage::File => self.move_in(&mut directory)?,
        };
        inner.drafts.lock().remove(&self.id);
        if inner.shared.options.upkeep == Upkeep::Threads {
            // No read finds what expired meanwhile. A stream that fails says so to its writers.
            let _ = stream.inner().expire_due();
        }
        inner.streams.write().insert(name, stream.clone());
        Ok(stream)
    }

    /// Moves the closed files of the draft in among the streams, and opens them there.
    fn move_in(&self, directory: &mut Directory) -> Result<Stream, EngineError> {
        let inner = &self.store.inner;
        let (fs, name) = (&inner.env.fs, self.stream.name());
        let (temporary, streams) = (inner.dir.join(TEMPORARY), inner.dir.join(STREAMS));
        let (from, to) = (self.stream.inner().dir(), streams.join(directory_name(self.id, name)));
        inner.clear_leftovers(directory)?;
        let make = || {
            fs.sync_dir(&temporary).map_err(EngineError::io("sync", &temporary))?;
            fs.rename(from, &to).map_err(EngineError::io("move", from))?;
            // From here on the stream exists.
            fs.sync_dir(&streams).map_err(EngineError::io("sync", &streams))?;
            fs.sync_dir(&temporary).map_err(EngineError::io("sync", &temporary))?;
            open_stream(Arc::clone(&inner.shared), inner.env.clone(), &to, self.id)
        };
        match make() {
            Ok(new) => {
                directory.catalog.streams.push(ListedStream { id: self.id, name: name.as_str().into() });
                // As with a new stream, the catalog catches up later if it cannot now.
                let _ = write_catalog(&inner.env, &inner.dir, &mut directory.catalog);
                Ok(Stream::new(Arc::new(new.finish(to))))
            }
            Err(error) => {
                directory.leftovers.push(to);
                let _ = inner.clear_leftovers(directory);
                Err(error)
            }
        }
    }

    fn dir(&self) -> Option<PathBuf> {
        let in_files = self.stream.config().storage == Storage::File;
        in_files.then(|| self.stream.inner().dir().to_owned())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let inner = &self.store.inner;
        if inner.drafts.lock().remove(&self.id).is_none() {
            // It was published, or the store is closed.
            return;
        }
        self.stream.inner().stop(&EngineError::StreamDeleted { name: self.stream.name().clone() });
        let _directory = inner.directory.lock();
        if let Some(dir) = self.dir().filter(|_| inner.check_open().is_ok()) {
            // What stays is cleared away when the store is opened.
            let _ = inner.env.fs.remove_dir_all(&dir);
        }
    }
}

impl super::StoreInner {
    fn draft_in_files(&self, id: u64, config: StreamConfig) -> Result<Stream, EngineError> {
        let fs = &self.env.fs;
        let dir = self.dir.join(TEMPORARY).join(directory_name(id, &config.name));
        fs.create_dir_all(&dir).map_err(EngineError::io("create", &dir))?;
        // Nothing is durable before it is published, and the space that is kept back is not for it.
        let options = StoreOptions { sync: Sync::Os, reserve_bytes: 0, ..self.shared.options.clone() };
        let shared = Arc::new(self.shared.apart(&self.env, &dir, options));
        let made = NewStream::create(shared, self.env.clone(), &dir, id, config);
        match made {
            Ok(new) => Ok(Stream::new(Arc::new(new.finish(dir)))),
            Err(error) => {
                let _ = fs.remove_dir_all(&dir);
                Err(error)
            }
        }
    }
}
