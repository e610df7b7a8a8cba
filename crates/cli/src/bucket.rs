//! Buckets: creating, changing, showing and listing them.

use crate::cli::{AddArgs, EditArgs, InfoArgs, Settings, StorageArg};
use crate::exit::Stop;
use crate::output::{BOLD, Out, RED};
use crate::place::Place;
use crate::table::{self, Columns};
use crate::{duration, size, text};
use jetkv::{KeyValueConfig, Status, Storage};
use jetkv_console::form::{StatusForm, storage_name, sync_name};
use std::io::Write;
use std::time::Duration;

/// `add BUCKET`
pub(crate) fn add(place: &Place<'_>, args: AddArgs, out: &mut Out) -> Result<(), Stop> {
    let mut config = KeyValueConfig::new(args.bucket);
    apply(&args.settings, &mut config);
    let bucket = place.store.create_key_value(config)?;
    show(&bucket.status()?, out)
}

/// `edit BUCKET`
pub(crate) fn edit(place: &Place<'_>, args: EditArgs, out: &mut Out) -> Result<(), Stop> {
    let mut config = place.bucket(&args.bucket)?.status()?.config;
    apply(&args.settings, &mut config);
    let bucket = place.store.update_key_value(config)?;
    show(&bucket.status()?, out)
}

/// `info [BUCKET]`
pub(crate) fn info(place: &Place<'_>, args: InfoArgs, out: &mut Out) -> Result<(), Stop> {
    match args.bucket {
        Some(bucket) => show(&place.bucket(&bucket)?.status()?, out),
        None => show_store(place, out),
    }
}

/// Changes what is given in `settings`; zero takes a limit away.
fn apply(settings: &Settings, config: &mut KeyValueConfig) {
    let limited = |span: Duration| (!span.is_zero()).then_some(span);
    if let Some(history) = settings.history {
        config.history = history;
    }
    if let Some(ttl) = settings.ttl {
        config.ttl = limited(ttl);
    }
    if let Some(bytes) = settings.max_bytes {
        config.max_bytes = (bytes > 0).then_some(bytes);
    }
    if let Some(bytes) = settings.max_value_size {
        config.max_value_size = (bytes > 0).then_some(bytes);
    }
    if let Some(storage) = settings.storage {
        config.storage = match storage {
            StorageArg::File => Storage::File,
            StorageArg::Memory => Storage::Memory,
        };
    }
    if let Some(description) = &settings.description {
        config.description.clone_from(description);
    }
    if let Some(compression) = settings.compress {
        config.compression = compression;
    }
    if let Some(ttl) = settings.marker_ttl {
        config.limit_marker_ttl = limited(ttl);
    }
    if let Some(replicas) = settings.replicas {
        config.replicas = replicas;
    }
    settings.metadata_into(&mut config.metadata);
}

/// Prints the status of a bucket, in the order of `nats kv info`.
fn show(status: &Status, out: &mut Out) -> Result<(), Stop> {
    if out.is_json() {
        return Ok(out.json(&StatusForm::new(status))?);
    }
    let config = &status.config;
    let or_unlimited = |bytes: Option<u64>| bytes.map_or("unlimited".into(), size::human);
    let mut fields = vec![
        ("Bucket Name", status.bucket.clone()),
        ("History Kept", status.history.to_string()),
        ("Values Stored", status.values.to_string()),
        ("Keys", status.keys.to_string()),
        ("Revisions", revisions(status)),
        ("Compressed", config.compression.to_string()),
    ];
    if let Some(ttl) = config.limit_marker_ttl {
        fields.push(("Limit Marker TTL", duration::human(ttl)));
    }
    fields.push(("Backing Store Kind", status.backing_store.to_string()));
    if !config.description.is_empty() {
        fields.push(("Description", config.description.clone()));
    }
    fields.push(("Bucket Size", size::human(status.bytes)));
    // Servers do not tell, and what is in memory takes none.
    if status.disk_bytes > 0 {
        fields.push(("Size On Disk", size::human(status.disk_bytes)));
    }
    fields.extend([
        ("Maximum Bucket Size", or_unlimited(config.max_bytes)),
        ("Maximum Value Size", or_unlimited(config.max_value_size.map(u64::from))),
        ("Maximum Age", status.ttl.map_or("unlimited".into(), duration::human)),
        ("JetStream Stream", format!("KV_{}", status.bucket)),
        ("Storage", storage_name(config.storage).into()),
        ("Written To Disk", sync_name(status.durability)),
        ("Created", text::time(status.created)),
    ]);
    if let Some(at) = status.last_update {
        fields.push(("Last Update", text::time(at)));
    }
    for (name, value) in &config.metadata {
        fields.push(("Metadata", format!("{name}={value}")));
    }
    for damage in &status.damages {
        fields.push(("Damage", out.paint(RED, damage)));
    }
    writeln!(
        out,
        "{}\n",
        out.paint(BOLD, format_args!("Information for Key-Value Store Bucket {}", status.bucket))
    )?;
    Ok(table::print_fields(out, &fields)?)
}

fn show_store(place: &Place<'_>, out: &mut Out) -> Result<(), Stop> {
    let names = place.store.key_value_names()?;
    if !place.is_embedded() {
        let server = place.door.name();
        if out.is_json() {
            return Ok(out.json(&serde_json::json!({ "server": server, "buckets": names }))?);
        }
        writeln!(out, "{}\n", out.paint(BOLD, format_args!("Information for Server of {server}")))?;
        return Ok(table::print_fields(out, &[("Buckets", names.len().to_string())])?);
    }
    let stats = place.store.stats()?;
    let damages = place.store.health()?;
    if out.is_json() {
        let store = place.door.path().display().to_string();
        return Ok(out.json(&serde_json::json!({
            "store": store, "buckets": names, "disk_bytes": stats.disk_bytes, "live_bytes": stats.live_bytes,
            "index_bytes": stats.index_bytes, "damages": damages.len(),
        }))?);
    }
    writeln!(
        out,
        "{}\n",
        out.paint(BOLD, format_args!("Information for Store {}", place.door.path().display()))
    )?;
    let fields = [
        ("Buckets", names.len().to_string()),
        ("Size On Disk", size::human(stats.disk_bytes)),
        ("Of It In Use", size::human(stats.live_bytes)),
        ("Index In Memory", size::human(stats.index_bytes)),
        ("Damaged Places", damages.len().to_string()),
    ];
    Ok(table::print_fields(out, &fields)?)
}

/// Lists the buckets, the largest first as `nats kv ls` does.
pub(crate) fn list(place: &Place<'_>, names_only: bool, out: &mut Out) -> Result<(), Stop> {
    if names_only {
        for name in place.store.key_value_names()? {
            if out.is_json() {
                out.json(&serde_json::json!({ "bucket": name }))?;
            } else {
                writeln!(out, "{name}")?;
            }
        }
        return Ok(());
    }
    let mut statuses = place.store.key_value_statuses()?;
    if out.is_json() {
        for status in &statuses {
            out.json(&StatusForm::new(status))?;
        }
        return Ok(());
    }
    if statuses.is_empty() {
        crate::output::note("No Key-Value buckets found");
        return Ok(());
    }
    statuses.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.bucket.cmp(&b.bucket)));
    let rows = statuses.iter().map(|status| {
        vec![
            status.bucket.clone(),
            status.config.description.clone(),
            text::time(status.created),
            size::human(status.bytes),
            status.values.to_string(),
            status.last_update.map_or("never".into(), text::time),
        ]
    });
    let head = &["Bucket", "Description", "Created", "Size", "Values", "Last Update"];
    Ok(table::print(out, Columns { head, right: &[3, 4], elastic: Some(1) }, rows.collect())?)
}

/// Returns which revisions are kept, as in `3 to 9`.
fn revisions(status: &Status) -> String {
    match (status.values, status.last_revision) {
        (_, 0) => "none yet".into(),
        (0, last) => format!("none, the last one was {last}"),
        (_, last) => format!("{} to {last}", status.first_revision),
    }
}
