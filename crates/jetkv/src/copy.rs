//! Copying a bucket from one place to another, or to another name: entry by entry in the order of revisions, resumable, and
//! going on with what comes.

mod fit;
#[cfg(feature = "remote")]
mod whole;

use crate::change::{Change, PurgeOptions, TtlSpec, WriteOptions};
use crate::limits::{COPY_BYTES_MAX, COPY_ENTRIES_MAX};
use crate::{
    Entry, JetStream, KeyValue, KvError, Operation, Revision, Status, WatchEvent, WatchOptions, Watcher,
};
use fit::Found;
use jetkv_jetstream::{MessageTtl, header_names};
use jetkv_types::Timestamp;
use std::time::Duration;

/// A copy of a bucket that is under way.
///
/// Entries keep revisions, times, headers and history in the embedded place, and on single servers that have no such bucket yet and take
/// backups of streams (ours, and nats-server from 2.14 on): there the bucket appears when all of it has come. Elsewhere, and for what comes later, they
/// become new entries in the same order, with the history that the target's depth allows; each then has a header that names the
/// revision it is a copy of. A copy that was interrupted goes on where it was when it is opened again.
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
    #[cfg(feature = "remote")]
    from: KeyValue,
    #[cfg(feature = "remote")]
    place: JetStream,
    way: Way,
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

/// What is to be different in a copy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CopyOptions {
    pub(crate) replicas: Option<u32>,
}

impl CopyOptions {
    /// Returns the defaults: the copy has the configuration of its source, as far as the target allows it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how many servers keep the bucket, if the copy creates it. One that is there stays as it is, and
    /// [`BucketCopy::changed`] says so.
    #[must_use]
    pub fn replicas(self, replicas: u32) -> Self {
        Self { replicas: Some(replicas) }
    }
}

/// How entries come to the target.
#[derive(Debug)]
enum Way {
    /// With their revisions, into a store of this process.
    Kept(KeyValue),
    /// As new entries.
    New(KeyValue),
    /// As the backup of a stream that is not there yet.
    #[cfg(feature = "remote")]
    Whole(Box<whole::Whole>),
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
        Self::open_with(from, to, name, CopyOptions::new()).await
    }

    /// As [`Self::open`], with options.
    ///
    /// # Errors
    /// As there; [`KvError::Unsupported`] if the target cannot do what the options ask for.
    pub async fn open_with(
        from: &KeyValue,
        to: &JetStream,
        name: &str,
        options: CopyOptions,
    ) -> Result<Self, KvError> {
        let status = from.status().await?;
        let source_last = status.last_revision;
        let (way, changed) = match fit::find(&status, to, name, options).await? {
            Found::Copy(bucket, changed) => (Way::of(bucket), changed),
            Found::Nothing(plan) => begin(from, to, *plan, &status, options).await?,
        };
        let (revisions, position) = match &way {
            Way::Kept(to) => (CopiedRevisions::Kept, to.status().await?.last_revision),
            Way::New(to) => (CopiedRevisions::New, copied_up_to(to).await?),
            #[cfg(feature = "remote")]
            Way::Whole(_) => (CopiedRevisions::Kept, 0),
        };
        let watcher = watch(from, position).await?;
        Ok(Self {
            #[cfg(feature = "remote")]
            from: from.clone(),
            #[cfg(feature = "remote")]
            place: to.clone(),
            way,
            watcher,
            revisions,
            changed,
            source_last,
            position,
            entries: 0,
            has_ended: false,
        })
    }

    /// Returns the bucket that is being filled; `None` as long as it is not there, since it comes as a whole.
    #[must_use]
    pub fn target(&self) -> Option<&KeyValue> {
        match &self.way {
            Way::Kept(to) | Way::New(to) => Some(to),
            #[cfg(feature = "remote")]
            Way::Whole(_) => None,
        }
    }

    /// Says whether revisions and times are kept of what was there when the copy was opened.
    #[must_use]
    pub fn revisions(&self) -> CopiedRevisions {
        self.revisions
    }

    /// Returns what of the configuration the target could not take over, and what of the options a copy that was there already
    /// does not follow, a sentence each.
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
        let count = entries.len();
        let Some(last) = entries.last() else {
            // Nothing came: the first set is over, or the watch has ended.
            return if std::mem::take(&mut self.has_ended) {
                self.caught_up().await
            } else {
                Err(KvError::Closed)
            };
        };
        let (position, left) = (last.revision, last.delta);
        match &mut self.way {
            Way::Kept(to) => to.restore(&entries).await.map(drop)?,
            Way::New(to) => write(to, &entries).await?,
            #[cfg(feature = "remote")]
            Way::Whole(whole) => {
                // What came later than the state that was announced is written behind it.
                let later =
                    entries.split_off(entries.partition_point(|entry| entry.revision <= self.source_last));
                if let Err(error) = whole.push(&entries).await {
                    return self.give_up_whole(error).await;
                }
                if !later.is_empty() {
                    match self.finish_whole().await? {
                        Some(to) => write(&to, &later).await?,
                        None => return Ok(CopyStep::Copied { entries: 0, left }),
                    }
                }
            }
        }
        self.position = position;
        self.entries += u64::try_from(count).unwrap_or(u64::MAX);
        Ok(CopyStep::Copied { entries: self.entries, left })
    }

    /// The newest revisions of the source may be gone; the target must not give them out again.
    async fn caught_up(&mut self) -> Result<CopyStep, KvError> {
        match &self.way {
            Way::Kept(to) if self.source_last > self.position => {
                to.skip_revisions(self.source_last.saturating_add(1)).await?;
                self.position = self.source_last;
            }
            Way::Kept(_) | Way::New(_) => {}
            #[cfg(feature = "remote")]
            Way::Whole(_) => {
                if self.finish_whole().await?.is_none() {
                    return Ok(CopyStep::Copied { entries: 0, left: 0 });
                }
                self.position = self.source_last;
            }
        }
        Ok(CopyStep::CaughtUp)
    }
}

impl Way {
    /// Goes on in a bucket that is there.
    fn of(bucket: KeyValue) -> Self {
        if bucket.place() == "embedded" { Self::Kept(bucket) } else { Self::New(bucket) }
    }
}

/// Begins with a bucket that is not there yet: as a whole if the target takes that, else empty.
#[cfg(feature = "remote")]
async fn begin(
    from: &KeyValue,
    to: &JetStream,
    mut plan: fit::Plan,
    status: &Status,
    options: CopyOptions,
) -> Result<(Way, Vec<String>), KvError> {
    for _ in 0..HELD_TRIES {
        match whole::Whole::begin(from, to, &plan, status).await {
            Ok(Some(way)) => return Ok((way, plan.changed)),
            Ok(None) => {
                let bucket = plan.create(to).await?;
                return Ok((Way::of(bucket), plan.changed));
            }
            // Nobody has the bucket, and its name is taken: a server forgets what came of an interrupted copy after a while.
            Err(KvError::BucketExists { .. }) => whole::pause(to).await,
            Err(error) => return Err(error),
        }
        match fit::find(status, to, &plan.config.bucket, options).await? {
            Found::Copy(bucket, changed) => return Ok((Way::of(bucket), changed)),
            Found::Nothing(again) => plan = *again,
        }
    }
    Err(KvError::BucketExists { bucket: plan.config.bucket })
}

#[cfg(not(feature = "remote"))]
async fn begin(
    _from: &KeyValue,
    to: &JetStream,
    mut plan: fit::Plan,
    _status: &Status,
    _options: CopyOptions,
) -> Result<(Way, Vec<String>), KvError> {
    let bucket = plan.create(to).await?;
    Ok((Way::of(bucket), plan.changed))
}

async fn watch(from: &KeyValue, position: Revision) -> Result<Watcher, KvError> {
    from.watch_all_with(WatchOptions::new().resume_from(position.saturating_add(1))).await
}

/// Writes entries anew. Each says of which revision it is a copy, so that the last one tells how far the copy came.
async fn write(to: &KeyValue, entries: &[Entry]) -> Result<(), KvError> {
    let now = to.now().await?;
    let options: Vec<_> = entries.iter().map(|entry| options(entry, now)).collect();
    let changes: Vec<_> =
        entries.iter().zip(&options).map(|(entry, options)| change(entry, options)).collect();
    match to.write_all(&changes).await {
        // A bucket of another client, or a batch whose headers do not fit: one by one is the same, only slower.
        Err(
            KvError::BatchNotSupported { .. }
            | KvError::Unsupported { .. }
            | KvError::ValueTooLarge { .. }
            | KvError::PayloadTooLarge { .. },
        ) => {
            for change in changes {
                to.write_all(&[change]).await?;
            }
            Ok(())
        }
        written => written,
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

/// Returns up to which revision of the source a copy has come; 0 for an empty one.
async fn copied_up_to(to: &KeyValue) -> Result<Revision, KvError> {
    let status = to.status().await?;
    let (last, whole) = (status.last_revision, fit::copied_as_a_whole(&status.config));
    // Nothing was written yet, or nothing behind what came as a whole.
    if last == 0 || last == whole {
        return Ok(last);
    }
    let behind = |revision| to.history_with(">", WatchOptions::new().resume_from(revision).meta_only());
    if let Some(position) = behind(last).await?.last().and_then(origin) {
        return Ok(position);
    }
    // The last one has expired or was removed, or the server has put a marker behind it. What came after the newest copy that
    // is left is gone as well, and comes once more.
    let left = behind(whole.saturating_add(1)).await?;
    let mut left = left.iter().rev().filter(|entry| entry.headers.get(header_names::MARKER_REASON).is_none());
    match left.next() {
        None => Ok(whole),
        Some(entry) => origin(entry).ok_or_else(|| KvError::InvalidConfig {
            bucket: to.bucket().to_owned(),
            reason: format!(
                "its revision {} is no copy, so it cannot be told how far the copy came",
                entry.revision
            ),
        }),
    }
}

/// Returns the revision that an entry is a copy of.
fn origin(entry: &Entry) -> Option<Revision> {
    entry.headers.get(COPIED_REVISION)?.parse().ok()
}

/// So often it is looked whether the name of an interrupted copy is free again, twice a second.
#[cfg(feature = "remote")]
const HELD_TRIES: u32 = 40;
/// Names the revision that an entry is a copy of, where it could not keep it.
const COPIED_REVISION: &str = "Jetkv-Copied-Revision";
