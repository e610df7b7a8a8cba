//! The engine of this repository, without the layers above it: one stream, one message per subject.
//!
//! Synced is `Sync::Always`: a put returns after `fdatasync`, which concurrent puts share. Unsynced is `Sync::Os`: a put
//! returns after `write`, so a crash of the process loses nothing.

use super::{CACHE_BYTES, Counters, Durability, Engine, Part, Reader};
use crate::Outcome;
use crate::data::{Key, Value};
use jetkv_engine::env::Env;
use jetkv_engine::{Append, ErrorKind, Listing, Store, StoreOptions, Stream, StreamConfig, Sync};
use jetkv_types::{StreamName, Subject, SubjectFilter};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A store with one stream.
#[derive(Debug)]
pub(super) struct Jetkv {
    store: Store,
    stream: Stream,
}

impl Jetkv {
    pub(super) fn open(dir: &Path, durability: Durability) -> Outcome<Self> {
        let sync = match durability {
            Durability::Synced => Sync::Always,
            Durability::Unsynced => Sync::Os,
        };
        let options =
            StoreOptions { sync, cache_bytes: usize::try_from(CACHE_BYTES)?, ..StoreOptions::default() };
        let store = Store::open(Env::system(), dir, options)?;
        let name = StreamName::new("KV_bench")?;
        let stream = match store.stream(&name) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let mut config = StreamConfig::new(name, vec![all_keys()?]);
                config.messages_per_subject_max = Some(1);
                store.create_stream(config)?
            }
            found => found?,
        };
        Ok(Self { store, stream })
    }
}

impl Engine for Jetkv {
    fn put(&self, key: &Key, value: &Value) -> Outcome<()> {
        self.stream.append(&[Append::put(&subject(key)?, value)]).wait()?;
        Ok(())
    }

    fn put_batch(&self, entries: &[(Key, Value)]) -> Outcome<()> {
        let subjects = entries.iter().map(|(key, _)| subject(key)).collect::<Outcome<Vec<_>>>()?;
        let batch: Vec<_> =
            subjects.iter().zip(entries).map(|(subject, (_, value))| Append::put(subject, value)).collect();
        self.stream.append(&batch).wait()?;
        Ok(())
    }

    fn reader(&self) -> Outcome<Box<dyn Reader + '_>> {
        Ok(Box::new(JetkvReader {
            stream: &self.stream,
            subject: SUBJECT_PREFIX.as_bytes().to_vec(),
            page: Listing::new(),
        }))
    }

    fn watch_times(&self, entries: &[(Key, Value)]) -> Outcome<Vec<Duration>> {
        let filters = [all_keys()?];
        let listener = self.stream.listen(&filters);
        let from = self.stream.last_sequence();
        let seen = AtomicU64::new(from);
        std::thread::scope(|scope| {
            let watcher = scope.spawn(|| -> Outcome<Vec<Instant>> {
                let mut times = Vec::with_capacity(entries.len());
                let mut at = from;
                while times.len() < entries.len() {
                    listener.wait_beyond(at, None)?;
                    while let Some(message) = self.stream.next(&filters, at + 1)? {
                        times.push(Instant::now());
                        at = message.sequence;
                        seen.store(at, Ordering::Release);
                    }
                }
                Ok(times)
            });
            let mut started = Vec::with_capacity(entries.len());
            for (number, (key, value)) in (from + 1..).zip(entries) {
                let subject = subject(key)?;
                started.push(Instant::now());
                self.stream.append(&[Append::put(&subject, value)]).wait()?;
                // One change at a time; the watcher goes back to sleep before the next one.
                while seen.load(Ordering::Acquire) < number {
                    std::thread::yield_now();
                }
            }
            let arrived = watcher.join().map_err(|_| "the watcher panicked")??;
            Ok(arrived.into_iter().zip(started).map(|(end, start)| end.duration_since(start)).collect())
        })
    }

    fn counters(&self) -> Counters {
        let stats = self.store.stats();
        Counters { syncs: Some(stats.sync_count), index_bytes: Some(stats.index_bytes) }
    }

    fn close(self: Box<Self>) -> Outcome<()> {
        Ok(self.store.close()?)
    }
}

struct JetkvReader<'a> {
    stream: &'a Stream,
    /// Of the key that is asked for.
    subject: Vec<u8>,
    page: Listing,
}

impl Reader for JetkvReader<'_> {
    fn get(&mut self, key: &Key, visit: &mut dyn FnMut(&[u8])) -> Outcome<bool> {
        self.subject.truncate(SUBJECT_PREFIX.len());
        self.subject.extend_from_slice(key.as_str().as_bytes());
        Ok(self.stream.peek_last(&self.subject, |message| visit(&message.payload))?.is_some())
    }

    fn scan(&mut self, prefix: &str, limit: usize, part: Part, visit: &mut dyn FnMut(&[u8])) -> Outcome<u64> {
        let filter = SubjectFilter::new(format!("{SUBJECT_PREFIX}{prefix}>"))?;
        self.stream.list(&filter, None, limit, &mut self.page)?;
        let mut count = 0;
        if part == Part::Key {
            for listed in self.page.iter() {
                visit(listed.subject.as_bytes());
                count += 1;
            }
            return Ok(count);
        }
        let mut outcome = Ok(());
        self.stream.peek_each(self.page.sequences(), |_, message| match message {
            Ok(Some(message)) => {
                visit(&message.payload);
                count += 1;
            }
            Ok(None) => {}
            Err(error) => outcome = Err(error),
        })?;
        outcome?;
        Ok(count)
    }

    fn count(&mut self) -> Outcome<u64> {
        Ok(self.stream.count_subjects(&all_keys()?)?)
    }
}

fn subject(key: &Key) -> Outcome<Subject> {
    let mut text = String::with_capacity(SUBJECT_PREFIX.len() + key.as_str().len());
    text.push_str(SUBJECT_PREFIX);
    text.push_str(key.as_str());
    Ok(Subject::new(text)?)
}

fn all_keys() -> Outcome<SubjectFilter> {
    Ok(SubjectFilter::new(format!("{SUBJECT_PREFIX}>"))?)
}

const SUBJECT_PREFIX: &str = "$KV.bench.";
