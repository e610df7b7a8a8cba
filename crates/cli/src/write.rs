//! Writing keys: `put`, `create`, `update`, `del`, `purge`, `revert`.

use crate::cli::{DelArgs, PurgeArgs, PutArgs, RevertArgs, UpdateArgs};
use crate::exit::{Failure, Stop};
use crate::output::{BOLD, Out};
use crate::place::{Door, Place};
use crate::prompt::{Unattended, confirm};
use crate::run::with;
use crate::{files, line, output};
use jetkv::{Operation, PurgeOptions, Revision};
use jetkv_console::form::user_headers;
use serde::Serialize;
use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal, Write};

/// `put BUCKET KEY [VALUE]`
pub(crate) fn put(door: &Door, args: PutArgs, out: &mut Out) -> Result<(), Stop> {
    let value = value_of(args.value)?;
    with(door.open()?, |place| {
        let options = line::options(args.write.ttl, &args.write.header);
        let revision = place.bucket(&args.bucket)?.put_with(&args.key, &value, options)?;
        done(out, "stored", &args.bucket, &args.key, revision)
    })
}

/// `create BUCKET KEY [VALUE]`
pub(crate) fn create(door: &Door, args: PutArgs, out: &mut Out) -> Result<(), Stop> {
    let value = value_of(args.value)?;
    with(door.open()?, |place| {
        let options = line::options(args.write.ttl, &args.write.header);
        let revision = place.bucket(&args.bucket)?.create_with(&args.key, &value, options)?;
        done(out, "created", &args.bucket, &args.key, revision)
    })
}

/// `update BUCKET KEY VALUE REVISION`
pub(crate) fn update(door: &Door, args: UpdateArgs, out: &mut Out) -> Result<(), Stop> {
    let value = value_of(Some(args.value))?;
    let expected = args.at.or(args.revision).unwrap_or_default();
    with(door.open()?, |place| {
        let options = line::options(args.write.ttl, &args.write.header);
        let revision = place.bucket(&args.bucket)?.update_with(&args.key, &value, expected, options)?;
        done(out, "updated", &args.bucket, &args.key, revision)
    })
}

/// `del BUCKET [KEY]`
pub(crate) fn del(door: &Door, args: DelArgs, out: &mut Out) -> Result<(), Stop> {
    let Some(key) = args.key else { return del_bucket(door, &args.bucket, args.force, out) };
    with(door.open()?, |place| {
        let bucket = place.bucket(&args.bucket)?;
        let revision = match args.revision {
            Some(expected) => bucket.delete_if(&key, expected)?,
            None => bucket.delete(&key)?,
        };
        done(out, "deleted", &args.bucket, &key, revision)
    })
}

fn del_bucket(door: &Door, bucket: &str, force: bool, out: &mut Out) -> Result<(), Stop> {
    if !force {
        confirm(&format!("delete the whole bucket {bucket:?} with all its keys"), Unattended::Refuse)?;
    }
    with(door.open()?, |place| {
        let deleted = place.store.delete_key_value(bucket);
        deleted.map_err(|error| place.with_similar_bucket(error))?;
        if out.is_json() {
            out.json(&serde_json::json!({ "bucket": bucket, "deleted": true }))?;
        } else {
            writeln!(out, "{bucket} deleted")?;
        }
        Ok(())
    })
}

/// `purge BUCKET KEY`
pub(crate) fn purge(door: &Door, args: PurgeArgs, out: &mut Out) -> Result<(), Stop> {
    let (bucket, key) = (args.key.bucket, args.key.key);
    if !args.force {
        confirm(&format!("purge key {key:?} of bucket {bucket:?} with its history"), Unattended::GoOn)?;
    }
    let mut options = PurgeOptions::new();
    if let Some(expected) = args.revision {
        options = options.expected(expected);
    }
    if let Some(ttl) = args.ttl {
        options = options.ttl(ttl);
    }
    with(door.open()?, |place| {
        let revision = place.bucket(&bucket)?.purge_with(&key, options)?;
        done(out, "purged", &bucket, &key, revision)
    })
}

/// `revert BUCKET KEY REVISION`
pub(crate) fn revert(place: &Place<'_>, args: RevertArgs, out: &mut Out) -> Result<(), Stop> {
    let (name, key, revision) = (&args.key.bucket, &args.key.key, args.revision);
    let bucket = place.bucket(name)?;
    let Some(last) = bucket.entry(key)? else { return Err(crate::read::no_key(place, &bucket, key)) };
    let hint = format!("`{}` shows what there is", place.door.spell(&format!("history {name} {key}")));
    let Some(entry) = bucket.get_revision(key, revision)? else {
        let text = format!("revision {revision} of key {key:?} not found in bucket {name:?}");
        return Err(Failure::not_found(text).hint(hint).into());
    };
    if entry.operation != Operation::Put {
        let text = format!(
            "revision {revision} of key {key:?} in bucket {name:?} is a delete marker and has no value"
        );
        return Err(Failure::usage(text).hint(hint).into());
    }
    if last.revision == revision {
        let text = format!("key {key:?} in bucket {name:?} is at revision {revision} already");
        return Err(Failure::usage(text).hint(hint).into());
    }
    let headers: Vec<(String, String)> =
        user_headers(&entry.headers).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let options = line::options(None, &headers);
    let written = bucket.update_with(key, &entry.value, last.revision, options)?;
    done(out, "reverted", name, key, written)
}

/// Prints where the write went: exactly these fields, in this order.
fn done(out: &mut Out, what: &str, bucket: &str, key: &str, revision: Revision) -> Result<(), Stop> {
    #[derive(Serialize)]
    struct Line<'a> {
        bucket: &'a str,
        key: &'a str,
        revision: Revision,
    }
    if out.is_json() {
        out.json(&Line { bucket, key, revision })?;
    } else {
        let place = out.paint(BOLD, format_args!("{bucket} > {key}"));
        writeln!(out, "{place} revision: {revision} {what}")?;
    }
    Ok(())
}

/// Returns the bytes of the argument, or of standard input for `-` or nothing.
///
/// It is called before the store is opened, because whoever writes to the pipe may need the store, too.
fn value_of(argument: Option<OsString>) -> Result<Vec<u8>, Stop> {
    match argument {
        Some(value) if value != OsStr::new("-") => Ok(value.into_encoded_bytes()),
        argument => {
            if argument.is_none() && io::stdin().is_terminal() {
                output::note("reading the value from the terminal; Ctrl-D ends it");
            }
            files::read_stdin()
        }
    }
}
