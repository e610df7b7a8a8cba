//! `import`: JSON lines into a bucket, in batches.

use crate::cli::ImportArgs;
use crate::exit::{Failure, Stop};
use crate::files::Input;
use crate::line::Item;
use crate::output::Out;
use crate::place::{Door, Place};
use crate::progress::{Progress, Unit};
use crate::run::with;
use crate::text;
use jetkv::blocking::KeyValue;
use jetkv::{KeyValueConfig, KvError, Operation, Revision, Write};
use serde::Serialize;
use std::io::Write as _;

/// `import BUCKET [FILE]`
pub(crate) fn import(door: &Door, args: ImportArgs, out: &mut Out) -> Result<(), Stop> {
    let input = Input::open(args.file.as_deref())?;
    import_from(door, &args, input, out)
}

/// Imports `input`, whatever file the arguments name.
pub(crate) fn import_from(
    door: &Door,
    args: &ImportArgs,
    mut input: Input,
    out: &mut Out,
) -> Result<(), Stop> {
    // Whoever writes to the pipe may hold the store until it has something to say.
    input.wait()?;
    let place = if args.create { door.open_or_create()? } else { door.open()? };
    with(place, |place| {
        let bucket = open_bucket(place, args)?;
        let mut importer = Importer::new(&bucket);
        let result = importer.run(&mut input);
        let counts = &importer.counts;
        match result {
            Ok(()) => counts.print(&args.bucket, out),
            Err(stop) => {
                let mut failure = stop.into_failure(door);
                failure.message = format!(
                    "{} ({} imported before it)",
                    failure.message,
                    text::count(counts.imported, "line", "lines")
                );
                Err(failure.into())
            }
        }
    })
}

fn open_bucket(place: &Place<'_>, args: &ImportArgs) -> Result<KeyValue, Stop> {
    match place.store.key_value(&args.bucket) {
        Ok(bucket) => {
            let history = bucket.status()?.history;
            match args.history {
                Some(wanted) if wanted != history => {
                    let text =
                        format!("bucket {:?} exists with a history of {history}, not {wanted}", args.bucket);
                    let edit = place.door.spell(&format!("edit {} --history {wanted}", args.bucket));
                    Err(Failure::conflict(text)
                        .hint(format!("leave --history out, or run `{edit}` first"))
                        .into())
                }
                _ => Ok(bucket),
            }
        }
        Err(KvError::BucketNotFound { .. }) if args.create => {
            let config = KeyValueConfig::new(args.bucket.as_str()).history(args.history.unwrap_or(1));
            Ok(place.store.create_key_value(config)?)
        }
        Err(error @ KvError::BucketNotFound { .. }) => match place.with_similar_bucket(error) {
            Stop::Failed(failure) => {
                let hint = failure.hint.clone().unwrap_or_default();
                Err(failure.hint(format!("{hint}; --create makes a new bucket")).into())
            }
            stop => Err(stop),
        },
        Err(error) => Err(error.into()),
    }
}

/// Writes items in batches; a batch that is refused is tried item by item, so that the bad one is found.
pub(crate) struct Importer<'a> {
    bucket: &'a KeyValue,
    batch: Vec<(u64, Item)>,
    batch_bytes: usize,
    counts: Counts,
}

/// What was imported.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    imported: u64,
    puts: u64,
    deletes: u64,
    purges: u64,
    last_revision: Revision,
}

impl<'a> Importer<'a> {
    pub(crate) fn new(bucket: &'a KeyValue) -> Self {
        Self { bucket, batch: Vec::new(), batch_bytes: 0, counts: Counts::default() }
    }

    fn run(&mut self, input: &mut Input) -> Result<(), Stop> {
        let progress = input.bytes.map(|bytes| Progress::new("importing", Unit::Bytes, bytes));
        let mut line = Vec::new();
        let (mut number, mut bytes) = (0_u64, 0_u64);
        while input.next_line(&mut line)? {
            number += 1;
            bytes = bytes.saturating_add(u64::try_from(line.len()).unwrap_or(u64::MAX)).saturating_add(1);
            if let Some(progress) = &progress {
                progress.set(bytes);
            }
            let text = if number == 1 { line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line) } else { &line };
            if text.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match Item::parse(text) {
                Ok(item) => self.push(number, item)?,
                Err(problem) => {
                    // What stood before the bad line is imported, so that the report is simple: all lines before it.
                    self.flush()?;
                    let hint = "a line is an object like {\"key\":\"web.port\",\"value\":\"8080\"}; \
                                fix the line and import the file again";
                    let name = &input.name;
                    return Err(Failure::usage(format!("line {number} of {name}: {problem}"))
                        .hint(hint)
                        .into());
                }
            }
        }
        self.flush()
    }

    /// Adds an item that stands on line `number`.
    pub(crate) fn push(&mut self, number: u64, item: Item) -> Result<(), Stop> {
        self.batch_bytes += item.key.len() + item.value.len();
        self.batch.push((number, item));
        if self.batch.len() >= BATCH_ITEMS_MAX || self.batch_bytes >= BATCH_BYTES_MAX {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Writes what is waiting.
    pub(crate) fn flush(&mut self) -> Result<(), Stop> {
        let batch = std::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        if batch.is_empty() {
            return Ok(());
        }
        match self.bucket.batch(batch.iter().map(|(_, item)| write_of(item)).collect()) {
            Ok(revisions) => {
                for ((_, item), revision) in batch.iter().zip(revisions) {
                    self.counts.add(item, revision);
                }
                Ok(())
            }
            // Nothing of the batch was written: one by one, all before the bad line are, and the line is named.
            Err(_) => batch.iter().try_for_each(|(number, item)| self.write_one(*number, item)),
        }
    }

    fn write_one(&mut self, number: u64, item: &Item) -> Result<(), Stop> {
        let result = match item.operation {
            Operation::Put => self.bucket.put_with(&item.key, &item.value, item.options()),
            Operation::Delete => self.bucket.delete(&item.key),
            Operation::Purge => self.bucket.purge(&item.key),
        };
        match result {
            Ok(revision) => {
                self.counts.add(item, revision);
                Ok(())
            }
            Err(error) => Err(Failure::of_library(&error).at(&format!("line {number}")).into()),
        }
    }
}

fn write_of(item: &Item) -> Write {
    match item.operation {
        Operation::Put => Write::put(item.key.as_str(), item.value.clone()).with_options(item.options()),
        Operation::Delete => Write::delete(item.key.as_str()),
        Operation::Purge => Write::purge(item.key.as_str()),
    }
}

impl Counts {
    fn add(&mut self, item: &Item, revision: Revision) {
        self.imported += 1;
        match item.operation {
            Operation::Put => self.puts += 1,
            Operation::Delete => self.deletes += 1,
            Operation::Purge => self.purges += 1,
        }
        self.last_revision = revision;
    }

    fn print(&self, bucket: &str, out: &mut Out) -> Result<(), Stop> {
        if out.is_json() {
            #[derive(Serialize)]
            struct Line<'a> {
                bucket: &'a str,
                imported: u64,
                puts: u64,
                deletes: u64,
                purges: u64,
                last_revision: Revision,
            }
            let Self { imported, puts, deletes, purges, last_revision, .. } = *self;
            return Ok(out.json(&Line { bucket, imported, puts, deletes, purges, last_revision })?);
        }
        let mut text =
            format!("imported {} into bucket {bucket}: ", text::count(self.imported, "line", "lines"));
        text += &text::count(self.puts, "put", "puts");
        for (number, one, many) in [(self.deletes, "delete", "deletes"), (self.purges, "purge", "purges")] {
            if number > 0 {
                text += ", ";
                text += &text::count(number, one, many);
            }
        }
        Ok(writeln!(out, "{text}, last revision {}", self.last_revision)?)
    }
}

const BATCH_ITEMS_MAX: usize = 500;
const BATCH_BYTES_MAX: usize = 1024 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
