//! Looking after a store: `check`, `repair`, `compact`.

use crate::cli::{CompactArgs, RepairArgs};
use crate::exit::{Failure, Stop};
use crate::output::{Out, RED, YELLOW};
use crate::place::{Door, Place};
use crate::progress::{Progress, Unit};
use crate::prompt::{Unattended, confirm};
use crate::run::with;
use crate::{size, text};
use jetkv::Damage;
use serde::Serialize;
use std::io::Write;

/// `check`
pub(crate) fn check(place: &Place<'_>, out: &mut Out) -> Result<(), Stop> {
    let bar = Progress::new("checking", Unit::Bytes, 0);
    let mut bytes = 0;
    let damages = place.store.check(|progress| {
        bytes = progress.done_bytes;
        bar.set_total(progress.total_bytes);
        bar.set(progress.done_bytes);
    })?;
    drop(bar);
    for damage in &damages {
        print(damage, out)?;
    }
    out.flush()?;
    let affecting = damages.iter().filter(|damage| damage.kind.affects_data()).count();
    if damages.is_empty() {
        if out.is_json() {
            return Ok(());
        }
        return Ok(writeln!(out, "no damage found, {} read", size::human(bytes))?);
    }
    let places =
        text::count(u64::try_from(damages.len()).unwrap_or(u64::MAX), "damaged place", "damaged places");
    let text = format!("{places} in store {}, {affecting} with loss of data", place.door.path().display());
    let hint = format!(
        "what is undamaged can still be read: save it with `{}`; `{}` gives up the rest",
        place.door.spell("backup --output FILE"),
        place.door.spell("repair")
    );
    Err(Failure::corrupt(text).hint(hint).into())
}

/// `repair`
pub(crate) fn repair(door: &Door, args: RepairArgs, out: &mut Out) -> Result<(), Stop> {
    if !args.force {
        let store = door.name();
        confirm(
            &format!("give up what is damaged in store {store} and set its files aside"),
            Unattended::Refuse,
        )?;
    }
    with(door.open_damaged()?, |place| {
        let report = place.store.repair()?;
        for damage in &report.given_up {
            print(damage, out)?;
        }
        for path in &report.quarantined {
            if out.is_json() {
                out.json(&serde_json::json!({ "set_aside": path.display().to_string() }))?;
            } else {
                writeln!(out, "{} {}", out.paint(YELLOW, "set aside"), path.display())?;
            }
        }
        if report.given_up.is_empty() && report.quarantined.is_empty() && !out.is_json() {
            writeln!(out, "nothing to repair")?;
        }
        Ok(())
    })
}

/// `compact BUCKET`
pub(crate) fn compact(place: &Place<'_>, args: CompactArgs, out: &mut Out) -> Result<(), Stop> {
    let bucket = place.bucket(&args.bucket)?;
    if !place.is_embedded() {
        // A server gives space back by itself, and does not tell how much.
        let removed = bucket.purge_deletes(args.older_than)?;
        if out.is_json() {
            return Ok(out.json(&serde_json::json!({ "bucket": args.bucket, "removed": removed }))?);
        }
        return Ok(writeln!(out, "removed {}", text::count(removed, "entry", "entries"))?);
    }
    let before = place.store.stats()?.disk_bytes;
    let removed = bucket.purge_deletes(args.older_than)?;
    place.store.compact()?;
    let after = place.store.stats()?.disk_bytes;
    if out.is_json() {
        let bucket = &args.bucket;
        return Ok(out.json(&serde_json::json!({
            "bucket": bucket, "removed": removed, "disk_bytes_before": before, "disk_bytes": after,
        }))?);
    }
    let entries = text::count(removed, "entry", "entries");
    Ok(writeln!(out, "removed {entries}; store: {} before, {} now", size::human(before), size::human(after))?)
}

fn print(damage: &Damage, out: &mut Out) -> Result<(), Stop> {
    if !out.is_json() {
        let word = out.paint(RED, "damaged:");
        return Ok(writeln!(out, "{word} {damage}")?);
    }
    #[derive(Serialize)]
    struct Line<'a> {
        damage: String,
        path: String,
        offset: u64,
        length: u64,
        bucket: Option<&'a str>,
        key: Option<&'a str>,
        first_revision: Option<u64>,
        last_revision: Option<u64>,
        affects_data: bool,
    }
    Ok(out.json(&Line {
        damage: damage.to_string(),
        path: damage.path.display().to_string(),
        offset: damage.offset,
        length: damage.length,
        bucket: damage.bucket.as_deref(),
        key: damage.key.as_deref(),
        first_revision: damage.revisions.map(|(first, _)| first),
        last_revision: damage.revisions.map(|(_, last)| last),
        affects_data: damage.kind.affects_data(),
    })?)
}
