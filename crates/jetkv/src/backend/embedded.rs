//! The embedded place: a store in this process.

use super::Outcome;
use crate::open_options::{OpenOptions, Presence};
use crate::{KvError, Sync};
use jetkv_engine::env::Env;
use jetkv_engine::{EngineError, Store, StoreOptions, Stream};
use jetkv_jetstream::StreamSettings;
use jetkv_types::{StreamName, Timestamp};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// An open store.
#[derive(Debug, Clone)]
pub(crate) struct Embedded {
    store: Store,
    sync: Sync,
}

/// A stream of an open store, with the store.
#[derive(Debug, Clone)]
pub(crate) struct EmbeddedStream(pub(crate) Stream, Store);

impl EmbeddedStream {
    pub(crate) fn now(&self) -> Timestamp {
        self.1.now()
    }
}

impl Embedded {
    /// Opens the store in `dir`.
    pub(crate) fn open(dir: &Path, options: &OpenOptions) -> Result<Self, KvError> {
        let env = options.env.clone().unwrap_or_else(Env::system);
        if options.presence == Presence::Required {
            require_content(&env, dir)?;
        }
        let store = Store::open(env, dir, options.store_options()?).map_err(KvError::from_store)?;
        Ok(Self { store, sync: options.sync })
    }

    /// Works on a store that somebody else has opened.
    pub(crate) fn on(store: Store) -> Self {
        let sync = Sync::of(store.options().sync);
        Self { store, sync }
    }

    /// Opens a store that lives in memory and is gone with its last handle.
    pub(crate) fn memory(options: &OpenOptions) -> Result<Self, KvError> {
        // What is in memory needs no cache.
        let store_options = StoreOptions { cache_bytes: 0, ..options.store_options()? };
        let store = match &options.env {
            Some(env) => Store::open(env.clone(), Path::new("memory"), store_options),
            None => Store::memory(store_options),
        };
        Ok(Self { store: store.map_err(KvError::from_store)?, sync: options.sync })
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn sync(&self) -> Sync {
        self.sync
    }

    pub(crate) fn create_stream(&self, settings: &StreamSettings) -> Outcome<EmbeddedStream> {
        Ok(self.handle(self.store.create_stream(settings.to_engine()?)?))
    }

    pub(crate) fn update_stream(&self, mut settings: StreamSettings) -> Outcome<EmbeddedStream> {
        let current = StreamSettings::from_engine(&self.store.stream(&settings.name)?.config())?;
        settings.check_update_of(&current)?;
        settings.first_sequence = current.first_sequence;
        settings.other = current.other;
        Ok(self.handle(self.store.update_stream(settings.to_engine()?)?))
    }

    pub(crate) fn stream(&self, name: &StreamName) -> Outcome<EmbeddedStream> {
        Ok(self.handle(self.store.stream(name)?))
    }

    pub(crate) fn streams(&self) -> Vec<EmbeddedStream> {
        self.store.streams().into_iter().map(|stream| self.handle(stream)).collect()
    }

    fn handle(&self, stream: Stream) -> EmbeddedStream {
        EmbeddedStream(stream, self.store.clone())
    }
}

/// Opening creates what is missing; a directory that is absent or empty holds no store.
fn require_content(env: &Env, dir: &Path) -> Result<(), KvError> {
    match env.fs.list(dir) {
        Ok(names) if !names.is_empty() => Ok(()),
        Ok(_) => Err(KvError::StoreNotFound { path: dir.into() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(KvError::StoreNotFound { path: dir.into() })
        }
        Err(error) => Err(KvError::Storage(EngineError::Io {
            operation: "list",
            path: dir.into(),
            source: Arc::new(error),
        })),
    }
}
