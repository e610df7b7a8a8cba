//! `restore`: the buckets of a backup back into a store.
//!
//! The file is read twice: first to prove that it is complete and unchanged, then to write.

use crate::backup::{FORMAT_VERSION, Seal};
use crate::cli::RestoreArgs;
use crate::exit::{Failure, Stop};
use crate::files::{self, read_line};
use crate::line::{Item, json_problem};
use crate::output::Out;
use crate::place::{Door, Place};
use crate::progress::{Progress, Unit};
use crate::run::with;
use crate::{duration, text};
use jetkv::{KeyValueConfig, KvError, Storage};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Seek, Write};
use std::path::Path;
use std::sync::Arc;

/// `restore FILE`
pub(crate) fn restore(door: &Door, args: RestoreArgs, out: &mut Out) -> Result<(), Stop> {
    let mut backup = BackupReader::open(&args.file)?;
    let mut plans = backup.verify()?;
    if let Some(name) = args.name {
        match plans.as_mut_slice() {
            [plan] => plan.config.bucket = name,
            _ => {
                let text =
                    format!("--as needs a backup of one bucket, {} holds {}", backup.name, plans.len());
                return Err(Failure::usage(text).into());
            }
        }
    }
    with(door.open_or_create()?, |place| {
        refuse_existing(place, &plans)?;
        for (index, plan) in plans.iter().enumerate() {
            let restored = restore_one(place, &mut backup, index, plan);
            let restored = restored.inspect_err(|_| {
                // Half a bucket looks like a whole one: better none. It did not exist before.
                place.store.delete_key_value(&plan.config.bucket).ok();
            })?;
            report(plan, restored, out)?;
        }
        Ok(())
    })
}

fn refuse_existing(place: &Place<'_>, plans: &[Plan]) -> Result<(), Stop> {
    for plan in plans {
        let name = &plan.config.bucket;
        match place.store.key_value(name) {
            Ok(_) => {
                let text = format!("bucket {name:?} exists, nothing was restored");
                let del = place.door.spell(&format!("del {name}"));
                let hint =
                    format!("delete it first with `{del}`, or restore under another name with --as NAME");
                return Err(Failure::conflict(text).hint(hint).into());
            }
            Err(KvError::BucketNotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Writes the entries of one bucket with their revisions; returns how many there were.
fn restore_one(place: &Place<'_>, backup: &mut BackupReader, index: usize, plan: &Plan) -> Result<u64, Stop> {
    let bucket = place.store.create_key_value(plan.config.clone())?;
    let name: Arc<str> = plan.config.bucket.as_str().into();
    let progress = Progress::new("restoring", Unit::Entries, plan.entries);
    let (mut batch, mut batch_bytes, mut count) = (Vec::new(), 0, 0);
    backup.rewind()?;
    let mut at = None;
    while let Some(line) = backup.next()? {
        match line {
            Line::Bucket(..) => at = Some(at.map_or(0, |at: usize| at + 1)),
            Line::Entry(item) if at == Some(index) => {
                let entry = item.into_entry(&name);
                let entry = entry
                    .map_err(|problem| backup.damaged(&format!("line {}: {problem}", backup.seal.lines)))?;
                batch_bytes += entry.value.len();
                batch.push(entry);
                if batch.len() >= BATCH_ENTRIES_MAX || batch_bytes >= BATCH_BYTES_MAX {
                    bucket.restore(&batch)?;
                    count += u64::try_from(batch.len()).unwrap_or(u64::MAX);
                    (batch_bytes, batch) = (0, Vec::new());
                    progress.set(count);
                }
            }
            Line::Entry(_) | Line::Head | Line::End(_) => {}
        }
    }
    if !batch.is_empty() {
        bucket.restore(&batch)?;
        count += u64::try_from(batch.len()).unwrap_or(u64::MAX);
    }
    bucket.skip_revisions(plan.last_revision.saturating_add(1))?;
    Ok(count)
}

fn report(plan: &Plan, entries: u64, out: &mut Out) -> Result<(), Stop> {
    let bucket = &plan.config.bucket;
    if out.is_json() {
        let last = plan.last_revision;
        out.json(&serde_json::json!({ "bucket": bucket, "entries": entries, "last_revision": last }))?;
    } else {
        writeln!(out, "restored bucket {bucket}: {}", text::count(entries, "entry", "entries"))?;
    }
    out.flush()?;
    Ok(())
}

/// One bucket of a backup.
struct Plan {
    config: KeyValueConfig,
    last_revision: u64,
    entries: u64,
}

enum Line {
    Head,
    Bucket(Box<KeyValueConfig>, u64),
    Entry(Box<Item>),
    End(EndFields),
}

/// A backup that is being read.
struct BackupReader {
    from: BufReader<File>,
    name: String,
    seal: Seal,
    line: Vec<u8>,
}

impl BackupReader {
    fn open(path: &Path) -> Result<Self, Stop> {
        let from = BufReader::with_capacity(256 * 1024, files::open(path)?);
        Ok(Self { from, name: path.display().to_string(), seal: Seal::default(), line: Vec::new() })
    }

    fn rewind(&mut self) -> Result<(), Stop> {
        self.seal = Seal::default();
        self.from.rewind().map_err(|error| Failure::io(format!("cannot read {}", self.name), &error).into())
    }

    /// Reads the whole file and proves it.
    fn verify(&mut self) -> Result<Vec<Plan>, Stop> {
        let total = self.from.get_ref().metadata().map_or(0, |data| data.len());
        let progress = Progress::new("verifying", Unit::Bytes, total);
        let mut plans: Vec<Plan> = Vec::new();
        let (mut bytes, mut end) = (0_u64, None);
        let mut seal = self.seal.clone();
        while let Some(line) = self.next()? {
            bytes = bytes.saturating_add(u64::try_from(self.line.len()).unwrap_or(u64::MAX));
            progress.set(bytes);
            match line {
                _ if end.is_some() => return Err(self.damaged("something stands behind its last line")),
                Line::Head => {}
                Line::Bucket(config, last_revision) => {
                    plans.push(Plan { config: *config, last_revision, entries: 0 });
                }
                Line::Entry(_) => match plans.last_mut() {
                    Some(plan) => plan.entries += 1,
                    None => return Err(self.damaged("an entry stands before the first bucket")),
                },
                Line::End(fields) => {
                    end = Some((fields, seal.lines, seal.hex()));
                }
            }
            seal.clone_from(&self.seal);
        }
        match end {
            None => Err(self.damaged("its last line is missing, so it is not complete")),
            Some((end, lines, sha256)) if end.lines == lines && end.sha256 == sha256 => Ok(plans),
            Some(_) => Err(self.damaged("its checksum does not match its content")),
        }
    }

    /// Reads the next line; the first one must be the head.
    fn next(&mut self) -> Result<Option<Line>, Stop> {
        let read = read_line(&mut self.from, &mut self.line);
        if !read.map_err(|error| Failure::io(format!("cannot read {}", self.name), &error))? {
            if self.seal.lines == 0 {
                return Err(self.no_backup());
            }
            return Ok(None);
        }
        let is_first = self.seal.lines == 0;
        self.line.push(b'\n');
        self.seal.add(&self.line);
        if is_first {
            return self.head().map(Some);
        }
        let parsed = if self.line.starts_with(b"{\"end\":") {
            serde_json::from_slice(&self.line)
                .map(|end: End| Line::End(end.end))
                .map_err(|e| json_problem(&e))
        } else if self.line.starts_with(b"{\"bucket_config\":") {
            serde_json::from_slice(&self.line).map_err(|e| json_problem(&e)).and_then(|line: BucketLine| {
                let last_revision = line.bucket_config.last_revision;
                let config = line.bucket_config.into_config()?;
                Ok(Line::Bucket(Box::new(config), last_revision))
            })
        } else {
            Item::parse(&self.line).map(|item| Line::Entry(Box::new(item)))
        };
        parsed.map(Some).map_err(|problem| self.damaged(&format!("line {}: {problem}", self.seal.lines)))
    }

    fn head(&self) -> Result<Line, Stop> {
        let head: Head = serde_json::from_slice(&self.line).map_err(|_| self.no_backup())?;
        if head.jetkv_backup > FORMAT_VERSION {
            let found = head.jetkv_backup;
            let text =
                format!("{} has format version {found}, this jetkv reads up to {FORMAT_VERSION}", self.name);
            return Err(Failure::failed(text)
                .hint("restore it with the version of jetkv that wrote it, or a newer one")
                .into());
        }
        Ok(Line::Head)
    }

    fn no_backup(&self) -> Stop {
        let text = format!("{} is not a backup of jetkv", self.name);
        Failure::usage(text).hint("lines of `export` go in with `jetkv import`").into()
    }

    fn damaged(&self, what: &str) -> Stop {
        let failure =
            Failure::corrupt(format!("backup {} is damaged: {what}; nothing was restored", self.name));
        failure
            .hint("use another copy of the file; a backup is complete only when its command has ended")
            .into()
    }
}

#[derive(Deserialize)]
struct Head {
    jetkv_backup: u32,
}

#[derive(Deserialize)]
struct End {
    end: EndFields,
}

#[derive(Deserialize)]
struct EndFields {
    lines: u64,
    sha256: String,
}

#[derive(Deserialize)]
struct BucketLine {
    bucket_config: ConfigFields,
}

#[derive(Deserialize)]
struct ConfigFields {
    bucket: String,
    last_revision: u64,
    description: String,
    history: u32,
    ttl: Option<String>,
    max_bytes: Option<u64>,
    max_value_size: Option<u32>,
    storage: String,
    replicas: u32,
    compression: bool,
    limit_marker_ttl: Option<String>,
    metadata: BTreeMap<String, String>,
}

impl ConfigFields {
    fn into_config(self) -> Result<KeyValueConfig, String> {
        let span = |text: Option<String>| text.map(|text| duration::parse(&text)).transpose();
        let mut config = KeyValueConfig::new(self.bucket);
        config.description = self.description;
        config.history = self.history;
        config.ttl = span(self.ttl)?;
        config.max_bytes = self.max_bytes;
        config.max_value_size = self.max_value_size;
        config.storage = match self.storage.as_str() {
            "file" => Storage::File,
            "memory" => Storage::Memory,
            other => return Err(format!("unknown storage {other:?}")),
        };
        config.replicas = self.replicas;
        config.compression = self.compression;
        config.limit_marker_ttl = span(self.limit_marker_ttl)?;
        config.metadata = self.metadata;
        Ok(config)
    }
}

/// What goes to the store in one step.
const BATCH_ENTRIES_MAX: usize = 500;
const BATCH_BYTES_MAX: usize = 8 << 20;
