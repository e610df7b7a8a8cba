//! Copying a bucket from one place to another, or to another name: entry by entry in the order of revisions, resumable, and
//! going on with what comes.

mod fit;

use crate::change::{Change, PurgeOptions, TtlSpec, WriteOptions};
use crate::limits::{COPY_BYTES_MAX, COPY_ENTRIES_MAX};
use crate::{Entry, JetStream, KeyValue, KvError, Operation, Revision, WatchEvent, WatchOptions, Watcher};
use jetkv_jetstream::MessageTtl;
use jetkv_types::Timestamp;
use std::time::Duration;

/// A copy of a bucket that is under way.
///
/// In the embedded place entries keep revisions, times, headers and history. On servers they become new entries in the same order, with the
/// history that the target's depth allows; each then has a header that names the revision it is a copy of. A copy that was interrupted
/// goes on where it was when it is opened again.
///
/// ```
/// # let js = jetkv::blocking::JetStream::memory()?;
/// # let from = js.create_key_value(jetkv::KeyValueConfig::new("app"))?;
/// # from.put("k", "v")?;
/// # pollster::block_on(async {
/// let target = jetkv::JetStream::memory().await?;
/// let mut copy = jetkv::BucketCopy::open(&from.to_async(), &target, "app").await?;
/// while copy.advance().await? != jetkv::CopyStep::CaughtUp {}
/// assert_eq!(target.key_value("app").await?.get("k").await?.map(|entry| entry.revision), Some(1));
/// # Ok::<_, jetkv::KvError>(()) })?;
/// # Ok::<_, jetkv::KvError>(())
/// ```
#[derive(Debug)]
pub struct BucketCopy {
    to: KeyValue,
    watcher: Watcher,
    revisions: CopiedRevisions,
    changed: Vec<String>,
    /// The last revision of the source when the copy was opened.
    source_last: Revision,
    position: Revision,
    entries: u64,
    /// The first set is over; this is still to be told.
    has_ended: bool,
}

/// What becomes of revisions and times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CopiedRevisions {
    /// They are those of the source.
    Kept,
    /// The target gives its own.
    New,
}

/// How far a step came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyStep {
    /// Entries were copied, and so many of what was there are still to come.
    Copied {
        /// How many with all before them.
        entries: u64,
        /// How many are left.
        left: u64,
    },
    /// Everything that was there when the copy was opened is copied. Further steps wait for changes and copy them.
    CaughtUp,
}

impl BucketCopy {
    /// Prepares the copy of `from` to the bucket `name` of `to`, which is created if it is missing.
    ///
    /// # Errors
    /// [`KvError::BucketExists`] if the target is a bucket that is no copy of this one; else as creating, reading and watching.
    pub async fn open(from: &KeyValue, to: &JetStream, name: &str) -> Result<Self, KvError> {
        let status = from.status().await?;
        let (to, changed) = fit::target(&status, to, name).await?;
        let is_embedded = to.place() == "embedded";
        let revisions = if is_embedded { CopiedRevisions::Kept } else { CopiedRevisions::New };
        let position = match revisions {
            CopiedRevisions::Kept => to.status().await?.last_revision,
            CopiedRevisions::New => copied_up_to(&to).await?,
        };
        let options = WatchOptions::new().resume_from(position.saturating_add(1));
        let watcher = from.watch_all_with(options).await?;
        let source_last = status.last_revision;
        Ok(Self { to, watcher, revisions, changed, source_last, position, entries: 0, has_ended: false })
    }

    /// Returns the bucket that is being filled.
    #[must_use]
    pub fn target(&self) -> &KeyValue {
        &self.to
    }

    /// Says whether revisions and times are kept.
    #[must_use]
    pub fn revisions(&self) -> CopiedRevisions {
        self.revisions
    }

    /// Returns what of the configuration the target could not take over, a sentence each.
    #[must_use]
    pub fn changed(&self) -> &[String] {
        &self.changed
    }

    /// Returns the last revision of the source that was copied.
    #[must_use]
    pub fn position(&self) -> Revision {
        self.position
    }

    /// Returns how many entries were copied.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Waits for entries and copies them, some at a time, each time all or none.
    ///
    /// # Errors
    /// As reading the source and writing the target; the copy is to be opened again then.
    pub async fn advance(&mut self) -> Result<CopyStep, KvError> {
        if std::mem::take(&mut self.has_ended) {
            return self.caught_up().await;
        }
        let (mut entries, mut bytes) = (Vec::new(), 0);
        let mut next = self.watcher.next().await.transpose()?;
        while let Some(event) = next {
            match event {
                WatchEvent::Entry(entry) => {
                    bytes += entry.value.len();
                    entries.push(entry);
                }
                WatchEvent::EndOfInitial => {
                    self.has_ended = true;
                    break;
                }
            }
            if entries.len() >= COPY_ENTRIES_MAX || bytes >= COPY_BYTES_MAX {
                break;
            }
            next = self.watcher.try_next()?;
        }
        let Some(last) = entries.last() else {
            // Nothing came: the first set is over, or the watch has ended.
            return if std::mem::take(&mut self.has_ended) {
                self.caught_up().await
            } else {
                Err(KvError::Closed)
            };
        };
        let (position, left) = (last.revision, last.delta);
        match self.revisions {
            CopiedRevisions::Kept => self.to.restore(&entries).await.map(drop)?,
            CopiedRevisions::New => self.write(&entries).await?,
        }
        self.position = position;
        self.entries += u64::try_from(entries.len()).unwrap_or(u64::MAX);
        Ok(CopyStep::Copied { entries: self.entries, left })
    }

    /// The newest revisions of the source may be gone; the target must not give them out again.
    async fn caught_up(&mut self) -> Result<CopyStep, KvError> {
        if self.revisions == CopiedRevisions::Kept && self.source_last > self.position {
            self.to.skip_revisions(self.source_last.saturating_add(1)).await?;
            self.position = self.source_last;
        }
        Ok(CopyStep::CaughtUp)
    }

    /// Writes entries anew. Each says of which revision it is a copy, so that the last one tells how far the copy came.
    async fn write(&self, entries: &[Entry]) -> Result<(), KvError> {
        let now = self.to.now().await?;
        let options: Vec<_> = entries.iter().map(|entry| options(entry, now)).collect();
        let changes: Vec<_> =
            entries.iter().zip(&options).map(|(entry, options)| change(entry, options)).collect();
        match self.to.write_all(&changes).await {
            // A bucket of another client, or a batch whose headers do not fit: one by one is the same, only slower.
            Err(
                KvError::BatchNotSupported { .. }
                | KvError::Unsupported { .. }
                | KvError::ValueTooLarge { .. },
            ) => {
                for change in changes {
                    self.to.write_all(&[change]).await?;
                }
                Ok(())
            }
            written => written,
        }
    }
}

fn options(entry: &Entry, now: Timestamp) -> WriteOptions {
    let own = |name: &str| !name.starts_with("Nats-") && name != "KV-Operation" && name != COPIED_REVISION;
    let headers = entry.headers.iter().filter(|(name, _)| own(name));
    let mut headers: Vec<_> = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    headers.push((COPIED_REVISION.to_owned(), entry.revision.to_string()));
    let ttl = entry.headers.get("Nats-TTL").and_then(|text| MessageTtl::parse(text).ok());
    let ttl = ttl.map(|ttl| match ttl {
        MessageTtl::Never => TtlSpec::Never,
        // What is left of it; an entry that is due goes as soon as it can.
        MessageTtl::Seconds(seconds) => {
            let left = Duration::from_secs(seconds).saturating_sub(now.since(entry.created));
            TtlSpec::After(left.max(Duration::from_secs(1)))
        }
    });
    WriteOptions { ttl, headers }
}

fn change<'a>(entry: &'a Entry, options: &'a WriteOptions) -> Change<'a> {
    match entry.operation {
        Operation::Put => Change::put(&entry.key, &entry.value),
        Operation::Delete => Change::delete(&entry.key, None),
        Operation::Purge => Change::purge(&entry.key, PurgeOptions::new()),
    }
    .with(options)
}

/// Returns the revision of the source that the last entry of a copy names; 0 for an empty one.
async fn copied_up_to(to: &KeyValue) -> Result<Revision, KvError> {
    let last = to.status().await?.last_revision;
    if last == 0 {
        return Ok(0);
    }
    let tail = to.history_with(">", WatchOptions::new().resume_from(last).meta_only()).await?;
    let position = tail.last().and_then(|entry| entry.headers.get(COPIED_REVISION)?.parse().ok());
    position.ok_or_else(|| KvError::InvalidConfig {
        bucket: to.bucket().to_owned(),
        reason: "its last entry is no copy, so it cannot be told how far the copy came".into(),
    })
}

/// Names the revision that an entry is a copy of, where it could not keep it.
const COPIED_REVISION: &str = "Jetkv-Copied-Revision";
