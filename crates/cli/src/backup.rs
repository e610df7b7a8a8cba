//! `backup`: buckets with their settings and all revisions in one file, also while a server has them.
//!
//! The file is JSON lines: a head, for each bucket its settings and then its entries as `export` writes them,
//! and a last line with the count of the lines before it and the SHA-256 of their bytes.

use crate::cli::BackupArgs;
use crate::clock;
use crate::exit::{Failure, Stop};
use crate::export::each_entry;
use crate::files::NewFile;
use crate::output::{Form, Out, json_line, warn};
use crate::place::Place;
use crate::progress::{Progress, Unit};
use crate::text;
use jetkv::blocking::{KeyValue, Snapshot};
use jetkv::{KeyValueConfig, KvError, WatchOptions};
use jetkv_console::form::{ConfigForm, EntryForm};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::io::{self, Write};

/// `backup [BUCKET...] --output FILE`
pub(crate) fn backup(place: &Place<'_>, args: BackupArgs, out: &mut Out) -> Result<(), Stop> {
    let names = if args.buckets.is_empty() { place.store.key_value_names()? } else { unique(args.buckets) };
    let buckets = names.iter().map(|name| place.bucket(name)).collect::<Result<Vec<_>, _>>()?;
    let mut file = BackupFile::create(NewFile::create(&args.output)?);
    file.line(&Head {
        jetkv_backup: FORMAT_VERSION,
        tool: concat!("jetkv ", env!("CARGO_PKG_VERSION")),
        created: clock::now().to_string(),
        buckets: &names,
    })?;
    let (mut total, mut unreadable) = (0, 0);
    for bucket in &buckets {
        let saved = one(place, bucket, &mut file, out.form())?;
        total += saved.entries;
        unreadable += saved.unreadable;
    }
    let sha256 = file.finish()?;
    if out.is_json() {
        let file = args.output.display().to_string();
        out.json(&serde_json::json!({ "file": file, "buckets": names, "entries": total, "sha256": sha256 }))?;
    } else {
        let buckets = text::count(u64::try_from(names.len()).unwrap_or(u64::MAX), "bucket", "buckets");
        let entries = text::count(total, "entry", "entries");
        writeln!(out, "saved {entries} of {buckets} in {}", args.output.display())?;
    }
    if unreadable > 0 {
        let damaged = text::count(unreadable, "damaged place", "damaged places");
        let text = format!("{damaged} could not be read; all else is in {}", args.output.display());
        return Err(Failure::corrupt(text).into());
    }
    Ok(())
}

/// Saves one bucket as it is at one moment.
fn one(place: &Place<'_>, bucket: &KeyValue, file: &mut BackupFile, form: Form) -> Result<Saved, Stop> {
    match bucket.snapshot() {
        Ok(snapshot) => frozen(snapshot, bucket.bucket(), file, form),
        Err(error @ (KvError::Unsupported { .. } | KvError::Denied { .. })) => {
            let name = bucket.bucket();
            warn(form, format_args!("{error}; what is written to bucket {name} meanwhile may be left out"));
            watched(bucket, file, form).map(|entries| Saved { entries, unreadable: 0 })
        }
        // Nothing tells what there was: the other buckets are saved.
        Err(error @ KvError::Damaged { .. }) => {
            warn(form, format_args!("bucket {} is left out: {error}", bucket.bucket()));
            Ok(Saved { entries: 0, unreadable: 1 })
        }
        Err(error) => Err(Failure::of(&error, place.door).into()),
    }
}

/// What became of a bucket.
#[derive(Default)]
struct Saved {
    entries: u64,
    /// Entries that are damaged, or a whole bucket, each of which was told.
    unreadable: u64,
}

/// Saves the entries of one moment; what cannot be read is told and left out.
fn frozen(snapshot: Snapshot, name: &str, file: &mut BackupFile, form: Form) -> Result<Saved, Stop> {
    file.settings(name, snapshot.last_revision(), snapshot.config(), form)?;
    let progress = Progress::new("saving", Unit::Entries, snapshot.values());
    let mut saved = Saved::default();
    for entry in snapshot {
        match entry {
            Ok(entry) => file.line(&EntryForm::complete(&entry))?,
            Err(error @ KvError::Damaged { .. }) => {
                warn(form, format_args!("left out: {error}"));
                saved.unreadable += 1;
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        saved.entries += 1;
        progress.set(saved.entries);
    }
    Ok(saved)
}

/// Saves the entries that a watch finds.
fn watched(bucket: &KeyValue, file: &mut BackupFile, form: Form) -> Result<u64, Stop> {
    let status = bucket.status()?;
    file.settings(&status.bucket, status.last_revision, &status.config, form)?;
    let progress = Progress::new("saving", Unit::Entries, status.values);
    let mut count = 0;
    each_entry(bucket, ">", WatchOptions::new().include_history(), |entry| {
        count += 1;
        progress.set(count);
        file.line(&EntryForm::complete(entry))
    })?;
    Ok(count)
}

fn unique(names: Vec<String>) -> Vec<String> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

/// A backup that is being written.
struct BackupFile {
    to: NewFile,
    seal: Seal,
    line: Vec<u8>,
}

impl BackupFile {
    fn create(to: NewFile) -> Self {
        Self { to, seal: Seal::default(), line: Vec::new() }
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), Stop> {
        self.line.clear();
        let made: io::Result<()> = json_line(&mut self.line, value);
        made.and_then(|()| self.to.write_all(&self.line)).map_err(|error| self.to.cannot_write(&error))?;
        self.seal.add(&self.line);
        Ok(())
    }

    /// Writes what a bucket is, before its entries.
    fn settings(
        &mut self,
        name: &str,
        last_revision: u64,
        config: &KeyValueConfig,
        form: Form,
    ) -> Result<(), Stop> {
        if config.placement.is_some()
            || config.republish.is_some()
            || config.mirror.is_some()
            || !config.sources.is_empty()
        {
            warn(
                form,
                format_args!("placement, republish, mirror and sources of bucket {name} are not saved"),
            );
        }
        let config = ConfigForm::new(config);
        self.line(&Settings { bucket_config: BucketLine { bucket: name, last_revision, config } })
    }

    /// Completes the file, and returns the hash that its last line holds.
    fn finish(mut self) -> Result<String, Stop> {
        let sha256 = self.seal.hex();
        let end = End { end: EndFields { lines: self.seal.lines, sha256: sha256.clone() } };
        json_line(&mut self.to, &end).map_err(|error| self.to.cannot_write(&error))?;
        self.to.finish()?;
        Ok(sha256)
    }
}

/// What proves that a backup is complete and unchanged.
#[derive(Default, Clone)]
pub(crate) struct Seal {
    pub(crate) lines: u64,
    hash: Sha256,
}

impl Seal {
    /// Counts a line in; `line` holds its line break.
    pub(crate) fn add(&mut self, line: &[u8]) {
        self.lines += 1;
        self.hash.update(line);
    }

    pub(crate) fn hex(&self) -> String {
        self.hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[derive(Serialize)]
struct Head<'a> {
    jetkv_backup: u32,
    tool: &'a str,
    created: String,
    buckets: &'a [String],
}

#[derive(Serialize)]
struct Settings<'a> {
    bucket_config: BucketLine<'a>,
}

#[derive(Serialize)]
struct BucketLine<'a> {
    bucket: &'a str,
    last_revision: u64,
    #[serde(flatten)]
    config: ConfigForm<'a>,
}

#[derive(Serialize)]
struct End {
    end: EndFields,
}

#[derive(Serialize)]
struct EndFields {
    lines: u64,
    sha256: String,
}

/// The version of the file format; a reader refuses a newer one.
pub(crate) const FORMAT_VERSION: u32 = 1;
