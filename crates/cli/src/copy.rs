//! `copy`: buckets from one place to another.

use crate::cli::CopyArgs;
use crate::exit::{Failure, Stop};
use crate::output::{Out, note};
use crate::place::{Door, Place};
use crate::progress::{Progress, Unit};
use crate::run::with;
use crate::text;
use jetkv::blocking::KeyValue;
use jetkv::{BucketCopy, CopiedRevisions, CopyOptions, CopyStep, KvError};
use pollster::block_on;
use std::io::Write;

/// `copy FROM TO`
pub(crate) fn copy(door: &Door, args: &CopyArgs, out: &mut Out) -> Result<(), Stop> {
    if door.has_server_flag() {
        let hint = "both places are arguments: `jetkv copy FROM TO`, with nats://HOST:PORT or context:NAME for servers";
        return Err(Failure::usage("copy takes neither --server nor --context").hint(hint).into());
    }
    let (from, to) = (door.of_text(&args.from)?, door.of_text(&args.to)?);
    if from.is_same_directory(&to) {
        return Err(Failure::usage(format!("{} and {} are the same directory", args.from, args.to)).into());
    }
    let source = from.open().map_err(|stop| stop.into_failure(&from))?;
    with(source, |from| {
        // The target is not touched if there is nothing to copy.
        let names = names(from, args)?;
        if names.is_empty() {
            note(format_args!("no buckets in {}", from.door.name()));
            return Ok(());
        }
        let buckets = names.iter().map(|name| from.bucket(name)).collect::<Result<Vec<_>, _>>()?;
        let target = to.open_or_create().map_err(|stop| stop.into_failure(&to))?;
        with(target, |to| copy_buckets(&buckets, to, args, out))
    })
}

/// Returns the buckets that are wanted, each once: two copies of one into the same target would disturb each other.
fn names(from: &Place<'_>, args: &CopyArgs) -> Result<Vec<String>, KvError> {
    if args.buckets.is_empty() {
        return from.store.key_value_names();
    }
    let mut names: Vec<String> = Vec::new();
    for name in &args.buckets {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    Ok(names)
}

fn copy_buckets(buckets: &[KeyValue], to: &Place<'_>, args: &CopyArgs, out: &mut Out) -> Result<(), Stop> {
    let mut copies = Vec::new();
    for bucket in buckets {
        let (name, source) = (bucket.bucket(), bucket.to_async());
        let options = args.replicas.map_or(CopyOptions::new(), |count| CopyOptions::new().replicas(count));
        let opened = block_on(BucketCopy::open_with(&source, &to.store.to_async(), name, options));
        let mut copy = opened.map_err(|error| explain(error, bucket, to))?;
        catch_up(&mut copy)?;
        report(name, &copy, out)?;
        copies.push(copy);
    }
    if !args.follow {
        return Ok(());
    }
    // Each bucket waits for its own changes; the first that fails ends the command.
    let (failed, failures) = std::sync::mpsc::channel();
    for mut copy in copies {
        let failed = failed.clone();
        std::thread::spawn(move || {
            let error = loop {
                if let Err(error) = block_on(copy.advance()) {
                    break error;
                }
            };
            failed.send(error).ok();
        });
    }
    drop(failed);
    match failures.recv() {
        Ok(error) => Err(error.into()),
        Err(_) => Ok(()),
    }
}

fn catch_up(copy: &mut BucketCopy) -> Result<(), Stop> {
    let progress = Progress::new("copying", Unit::Entries, 0);
    while let CopyStep::Copied { entries, left } = block_on(copy.advance())? {
        progress.set_total(entries.saturating_add(left));
        progress.set(entries);
    }
    Ok(())
}

fn report(name: &str, copy: &BucketCopy, out: &mut Out) -> Result<(), Stop> {
    let are_kept = copy.revisions() == CopiedRevisions::Kept;
    if out.is_json() {
        out.json(&serde_json::json!({
            "bucket": name, "entries": copy.entries(), "position": copy.position(),
            "revisions": if are_kept { "kept" } else { "new" }, "changed": copy.changed(),
        }))?;
    } else {
        let entries = text::count(copy.entries(), "entry", "entries");
        let what = if are_kept { "revisions and times kept" } else { "with new revisions and times" };
        writeln!(out, "copied bucket {name}: {entries}, {what}")?;
        for change in copy.changed() {
            writeln!(out, "  {change}")?;
        }
    }
    Ok(out.flush()?)
}

fn explain(error: KvError, source: &KeyValue, to: &Place<'_>) -> Stop {
    let KvError::BucketExists { bucket } = &error else { return error.into() };
    // Another address of the same server: nobody is to be told to delete what was to be copied.
    let facts = |bucket: &KeyValue| {
        bucket.status().map(|status| (status.created, status.config, status.last_revision)).ok()
    };
    if to
        .store
        .key_value(bucket)
        .ok()
        .and_then(|there| facts(&there))
        .is_some_and(|there| facts(source) == Some(there))
    {
        return Failure::usage(format!("bucket {bucket:?} in {} is the one to copy", to.door.name())).into();
    }
    let text = format!("bucket {bucket:?} exists in {} and is no copy of this one", to.door.name());
    let hint = format!("delete it there first with `{}`", to.door.spell(&format!("del {bucket}")));
    Failure::conflict(text).hint(hint).into()
}
