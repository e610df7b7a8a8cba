//! `export`: entries as JSON lines.

use crate::cli::ExportArgs;
use crate::exit::Stop;
use crate::files::NewFile;
use crate::output::{Out, json_line};
use crate::place::Place;
use crate::progress::{Progress, Unit};
use crate::text;
use jetkv::blocking::KeyValue;
use jetkv::{Entry, WatchEvent, WatchOptions};
use jetkv_console::form::EntryForm;
use std::io::Write;
use std::time::Duration;

/// `export BUCKET [FILTER]`
pub(crate) fn export(place: &Place<'_>, args: ExportArgs, out: &mut Out) -> Result<(), Stop> {
    let bucket = place.bucket(&args.bucket)?;
    let options = if args.history {
        WatchOptions::new().include_history()
    } else {
        WatchOptions::new().ignore_deletes()
    };
    // Entries that scroll by on the same terminal are progress enough.
    let silent = args.output.is_none() && out.is_terminal();
    let progress =
        if silent { None } else { Some(Progress::new("exporting", Unit::Entries, bucket.status()?.values)) };
    let mut count = 0;
    let mut advance = || {
        count += 1;
        if let Some(progress) = &progress {
            progress.set(count);
        }
    };
    match &args.output {
        None => each_entry(&bucket, &args.filter, options, |entry| {
            advance();
            Ok(out.json(&EntryForm::new(entry))?)
        })?,
        Some(path) => {
            let mut file = NewFile::create(path)?;
            each_entry(&bucket, &args.filter, options, |entry| {
                advance();
                json_line(&mut file, &EntryForm::new(entry)).map_err(|error| file.cannot_write(&error))
            })?;
            file.finish()?;
            drop(progress);
            if out.is_json() {
                let file = path.display().to_string();
                out.json(&serde_json::json!({ "bucket": args.bucket, "file": file, "entries": count }))?;
            } else {
                let entries = text::count(count, "entry", "entries");
                writeln!(out, "exported {entries} to {}", path.display())?;
            }
        }
    }
    Ok(())
}

/// Calls `visit` with each entry that is there now, in revision order.
pub(crate) fn each_entry(
    bucket: &KeyValue,
    filter: &str,
    options: WatchOptions,
    mut visit: impl FnMut(&Entry) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut watcher = bucket.watch_with(filter, options)?;
    loop {
        match watcher.next_timeout(EVENT_WAIT)? {
            Some(WatchEvent::Entry(entry)) => visit(&entry)?,
            Some(WatchEvent::EndOfInitial) => break,
            None => {}
        }
    }
    watcher.stop();
    Ok(())
}

const EVENT_WAIT: Duration = Duration::from_secs(1);
