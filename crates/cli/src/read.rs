//! Reading keys: `get`, `ls`, `history`.

use crate::bucket;
use crate::cli::{GetArgs, KeyArgs, LsArgs};
use crate::exit::{Failure, Stop};
use crate::output::{self, BOLD, Out};
use crate::place::Place;
use crate::table::{self, Columns};
use crate::text;
use jetkv::blocking::KeyValue;
use jetkv::{Entry, KeyInfo, Operation, Page};
use jetkv_console::form::{EntryForm, operation_name};
use serde::Serialize;
use std::io::Write;

/// `get BUCKET KEY`
pub(crate) fn get(place: &Place<'_>, args: GetArgs, out: &mut Out) -> Result<(), Stop> {
    if args.raw && out.is_json() {
        return Err(Failure::usage("--raw and --json cannot be used together").into());
    }
    let (name, key) = (&args.key.bucket, &args.key.key);
    let bucket = place.bucket(name)?;
    let entry = match args.revision {
        Some(revision) => bucket.get_revision(key, revision)?.ok_or_else(|| {
            let text = format!("revision {revision} of key {key:?} not found in bucket {name:?}");
            let history = place.door.spell(&format!("history {name} {key}"));
            Failure::not_found(text).hint(format!("`{history}` shows the revisions that are kept"))
        })?,
        None => bucket.get(key)?.map_or_else(|| Err(no_key(place, &bucket, key)), Ok)?,
    };
    if args.raw {
        return Ok(out.write_all(&entry.value)?);
    }
    if out.is_json() {
        return Ok(out.json(&EntryForm::new(&entry))?);
    }
    let head = out.paint(BOLD, format_args!("{} > {}", entry.bucket, entry.key));
    let what = match entry.operation {
        Operation::Put => "created",
        Operation::Delete => "deleted",
        Operation::Purge => "purged",
    };
    writeln!(out, "{head} revision: {} {what} @ {}\n", entry.revision, entry.created)?;
    match text::printable(&entry.value) {
        Some(value) => writeln!(out, "{value}")?,
        None => {
            writeln!(out, "{}", text::base64(&entry.value))?;
            out.flush()?;
            output::note("(not printable, shown in base64; --raw prints the bytes)");
        }
    }
    Ok(())
}

/// `ls [BUCKET [FILTER]]`
pub(crate) fn ls(place: &Place<'_>, args: LsArgs, out: &mut Out) -> Result<(), Stop> {
    let Some(name) = &args.bucket else { return bucket::list(place, args.names, out) };
    let bucket = place.bucket(name)?;
    let filter = args.filter.as_deref().unwrap_or(">");
    let mut found = false;
    let mut rows = Vec::new();
    each_key(&bucket, filter, |key| {
        found = true;
        if out.is_json() && args.names {
            #[derive(Serialize)]
            struct Line<'a> {
                bucket: &'a str,
                key: &'a str,
                revision: u64,
            }
            return Ok(out.json(&Line { bucket: name, key: &key.key, revision: key.revision })?);
        }
        if !out.is_json() && !args.values {
            return Ok(writeln!(out, "{}", key.key)?);
        }
        // The value may have expired since the page was read.
        let Some(entry) = bucket.get(&key.key)? else { return Ok(()) };
        if out.is_json() {
            out.json(&EntryForm::new(&entry))?;
        } else {
            rows.push(vec![
                entry.key,
                entry.revision.to_string(),
                text::time(entry.created),
                text::short(&entry.value, VALUE_WIDTH),
            ]);
        }
        Ok(())
    })?;
    if !found && !out.is_json() {
        output::note(match args.filter {
            Some(filter) => format!("No keys matching {filter:?} found in bucket"),
            None => "No keys found in bucket".into(),
        });
    }
    if !rows.is_empty() {
        let head = &["Key", "Revision", "Created", "Value"];
        table::print(out, Columns { head, right: &[1], elastic: Some(3) }, rows)?;
    }
    Ok(())
}

/// `history BUCKET KEY`
pub(crate) fn history(place: &Place<'_>, args: KeyArgs, out: &mut Out) -> Result<(), Stop> {
    let bucket = place.bucket(&args.bucket)?;
    let entries = bucket.history(&args.key)?;
    if entries.is_empty() {
        return Err(no_key(place, &bucket, &args.key));
    }
    if out.is_json() {
        for entry in &entries {
            out.json(&EntryForm::new(entry))?;
        }
        return Ok(());
    }
    let head = &["Revision", "Op", "Created", "Length", "Value"];
    let columns = Columns { head, right: &[0, 3], elastic: Some(4) };
    Ok(table::print(out, columns, entries.iter().map(history_row).collect())?)
}

fn history_row(entry: &Entry) -> Vec<String> {
    vec![
        entry.revision.to_string(),
        operation_name(entry.operation).to_uppercase(),
        text::time(entry.created),
        crate::size::human(u64::try_from(entry.value.len()).unwrap_or(u64::MAX)),
        text::short(&entry.value, VALUE_WIDTH),
    ]
}

/// Says that a key has no value, and what the user may have meant.
pub(crate) fn no_key(place: &Place<'_>, bucket: &KeyValue, key: &str) -> Stop {
    let name = bucket.bucket();
    let failure = Failure::not_found(format!("key {key:?} not found in bucket {name:?}"));
    if let Ok(Some(marker)) = bucket.entry(key) {
        let history = place.door.spell(&format!("history {name} {key}"));
        return failure
            .hint(format!("it was deleted at revision {}; `{history}` shows what is left", marker.revision))
            .into();
    }
    let page = Page { after: None, limit: SIMILAR_KEYS_MAX, include_deletes: false };
    let keys = bucket.list(">", page).map(|page| page.keys).unwrap_or_default();
    let hint = match text::most_similar(key, keys.iter().map(|info| info.key.as_str())) {
        Some(similar) => format!("did you mean {similar:?}?"),
        None => format!("`{}` lists the keys", place.door.spell(&format!("ls {name}"))),
    };
    failure.hint(hint).into()
}

/// Calls `visit` with each key that has a value, in token order.
fn each_key(
    bucket: &KeyValue,
    filter: &str,
    mut visit: impl FnMut(KeyInfo) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut after = None;
    loop {
        let page = bucket.list(filter, Page { after, limit: PAGE_KEYS, include_deletes: false })?;
        page.keys.into_iter().try_for_each(&mut visit)?;
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

const PAGE_KEYS: usize = 1_000;
const SIMILAR_KEYS_MAX: usize = 10_000;
const VALUE_WIDTH: usize = 60;
