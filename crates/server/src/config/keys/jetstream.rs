//! `jetstream { … }` and what an account says of its streams.

use super::blocks::is_empty;
use super::top::path;
use crate::config::assemble::{Draft, data_dir_of};
use crate::config::problems::Problems;
use crate::config::read;
use crate::config::syntax::{Entry, Map, Value};
use crate::options::{AccountJetStream, JetStreamLimits};
use jetkv_engine::Sync;

/// Reads `jetstream`: true, false, `enabled`, `disabled` or a map.
pub(super) fn jetstream(entry: &Entry, draft: &mut Draft, problems: &mut Problems) {
    match switch(entry, problems) {
        Switch::On => draft.jetstream.enabled = Some(true),
        Switch::Off => draft.jetstream.enabled = Some(false),
        Switch::Map(map) => {
            draft.jetstream.enabled = Some(true);
            for each in &map.entries {
                setting(each, draft, problems);
            }
        }
        Switch::Neither => {}
    }
}

/// Reads a directory for streams, here or at the outermost level, but not at both.
pub(super) fn store_dir(entry: &Entry, draft: &mut Draft, problems: &mut Problems) {
    if draft.jetstream.data_dir.is_some() {
        problems.error(&entry.place, "Duplicate 'store_dir' configuration");
    }
    draft.jetstream.data_dir = read::text(entry, problems).and_then(path).map(data_dir_of);
}

fn setting(entry: &Entry, draft: &mut Draft, problems: &mut Problems) {
    let jetstream = &mut draft.jetstream;
    match entry.key.to_ascii_lowercase().as_str() {
        "enabled" | "enable" => jetstream.enabled = read::boolean(entry, problems).or(jetstream.enabled),
        "store_dir" | "storedir" | "store" => store_dir(entry, draft, problems),
        "max_memory_store" | "max_mem_store" | "max_mem" => {
            jetstream.max_memory = storage_limit(entry, problems).or(jetstream.max_memory);
        }
        "max_file_store" | "max_file" => {
            jetstream.max_file = storage_limit(entry, problems).or(jetstream.max_file);
        }
        "cache_size" => {
            let number = read::number(entry, 0..=CACHE_BYTES_MAX, problems);
            jetstream.cache_bytes = number.and_then(|number| usize::try_from(number).ok());
        }
        "sync" | "sync_interval" => jetstream.sync = sync(entry, problems).or(jetstream.sync),
        "domain" => jetstream.domain = domain(entry, problems),
        "strict" => jetstream.strict = read::boolean(entry, problems).unwrap_or(jetstream.strict),
        "limits" => {
            for each in read::map(entry, problems).into_iter().flat_map(|map| &map.entries) {
                limit(each, &mut jetstream.limits, problems);
            }
        }
        "key" | "ek" | "encryption_key" | "cipher" | "prev_key" | "prev_ek" | "prev_encryption_key" => {
            if !is_empty(&entry.node.value) {
                problems.unsupported(entry);
            }
        }
        "unique_tag"
        | "max_outstanding_catchup"
        | "max_buffered_size"
        | "max_buffered_msgs"
        | "request_queue_limit"
        | "info_queue_limit"
        | "extension_hint"
        | "tpm" => {
            problems.no_effect(entry);
        }
        _ => problems.unknown(entry),
    }
}

/// More is a mistake rather than a wish.
const CACHE_BYTES_MAX: i64 = 32 << 30;

fn limit(entry: &Entry, limits: &mut JetStreamLimits, problems: &mut Problems) {
    match entry.key.to_ascii_lowercase().as_str() {
        "default_max_consumers" => set_limit(&mut limits.default_max_consumers, entry, problems),
        "max_ack_pending" => set_limit(&mut limits.max_ack_pending, entry, problems),
        "max_request_batch" => set_limit(&mut limits.max_request_batch, entry, problems),
        "duplicate_window" => limits.duplicate_window = read::span(entry, problems),
        "max_ha_assets" => problems.no_effect(entry),
        "batch" => {
            for each in read::map(entry, problems).into_iter().flat_map(|map| &map.entries) {
                batch_limit(each, limits, problems);
            }
        }
        _ => problems.unknown(entry),
    }
}

fn batch_limit(entry: &Entry, limits: &mut JetStreamLimits, problems: &mut Problems) {
    match entry.key.to_ascii_lowercase().as_str() {
        "max_inflight_per_stream" => set_limit(&mut limits.batch_max_inflight_per_stream, entry, problems),
        "max_inflight_total" => set_limit(&mut limits.batch_max_inflight_total, entry, problems),
        "max_msgs" => set_limit(&mut limits.batch_max_messages, entry, problems),
        "timeout" => limits.batch_timeout = read::span(entry, problems),
        _ => problems.unknown(entry),
    }
}

fn set_limit(to: &mut Option<u32>, entry: &Entry, problems: &mut Problems) {
    if let Some(limit) = read::limit(entry, problems) {
        *to = limit;
    }
}

/// Reads a size; 0 is a limit here, everything below it is none.
fn storage_limit(entry: &Entry, problems: &mut Problems) -> Option<Option<u64>> {
    let number = read::number(entry, i64::MIN..=i64::MAX, problems)?;
    Some(u64::try_from(number).ok())
}

/// Reads `always`, `os` (this server's own), or a span of time between two syncs.
fn sync(entry: &Entry, problems: &mut Problems) -> Option<Sync> {
    match &entry.node.value {
        Value::Text(text) if text.eq_ignore_ascii_case("always") => Some(Sync::Always),
        Value::Text(text) if text.eq_ignore_ascii_case("os") => Some(Sync::Os),
        // A word, and no number with a unit that is wrong.
        Value::Text(text) if text.starts_with(char::is_alphabetic) => {
            let error = format_args!(
                "error parsing {}: {text:?} is neither \"always\" nor \"os\" nor a duration like \"100ms\"",
                entry.key
            );
            problems.error(&entry.place, error);
            None
        }
        _ => match read::span(entry, problems)? {
            span if span.is_zero() => {
                read::wrong(entry, "\"always\", \"os\" or a duration above zero", problems)
            }
            span => Some(Sync::Every(span)),
        },
    }
}

fn domain(entry: &Entry, problems: &mut Problems) -> Option<String> {
    let domain = read::text(entry, problems)?;
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '.' | '*' | '>');
    if domain.chars().all(plain) {
        return Some(domain).filter(|domain| !domain.is_empty());
    }
    problems.error(
        &entry.place,
        format_args!("invalid domain name {domain:?}: it must be one token of a subject"),
    );
    None
}

/// Reads what an account may use: true, false, `enabled`, `disabled` or a map of limits.
pub(super) fn account(entry: &Entry, problems: &mut Problems) -> Option<AccountJetStream> {
    match switch(entry, problems) {
        Switch::On => Some(AccountJetStream::default()),
        Switch::Off | Switch::Neither => None,
        Switch::Map(map) => {
            let mut limits = AccountJetStream::default();
            let mut enabled = true;
            for each in &map.entries {
                if each.key.eq_ignore_ascii_case("enabled") {
                    enabled = read::boolean(each, problems).unwrap_or(enabled);
                } else {
                    account_limit(each, &mut limits, problems);
                }
            }
            enabled.then_some(limits)
        }
    }
}

fn account_limit(entry: &Entry, limits: &mut AccountJetStream, problems: &mut Problems) {
    match entry.key.to_ascii_lowercase().as_str() {
        "max_memory" | "max_mem" | "mem" | "memory" => {
            limits.max_memory = storage_limit(entry, problems).flatten();
        }
        "max_store" | "max_file" | "max_disk" | "store" | "disk" => {
            limits.max_file = storage_limit(entry, problems).flatten();
        }
        "max_streams" | "streams" => set_limit(&mut limits.max_streams, entry, problems),
        "max_consumers" | "consumers" => set_limit(&mut limits.max_consumers, entry, problems),
        "max_ack_pending" => set_limit(&mut limits.max_ack_pending, entry, problems),
        "max_bytes_required" | "max_stream_bytes" | "max_bytes" => {
            limits.max_bytes_required = read::boolean(entry, problems).unwrap_or(false);
        }
        "mem_max_stream_bytes" | "memory_max_stream_bytes" => {
            limits.memory_max_stream_bytes = read::bytes_limit(entry, problems).flatten();
        }
        "disk_max_stream_bytes" | "store_max_stream_bytes" => {
            limits.disk_max_stream_bytes = read::bytes_limit(entry, problems).flatten();
        }
        "cluster_traffic" => problems.no_effect(entry),
        _ => problems.unknown(entry),
    }
}

/// What `jetstream` may be.
enum Switch<'a> {
    On,
    Off,
    Map(&'a Map),
    /// Something else, which is noted.
    Neither,
}

fn switch<'a>(entry: &'a Entry, problems: &mut Problems) -> Switch<'a> {
    match &entry.node.value {
        Value::Bool(true) => Switch::On,
        Value::Bool(false) => Switch::Off,
        Value::Map(map) => Switch::Map(map),
        Value::Text(text) => match text.to_ascii_lowercase().as_str() {
            "enabled" | "enable" => Switch::On,
            "disabled" | "disable" => Switch::Off,
            _ => {
                let text = format_args!("Expected 'enabled' or 'disabled' for string value, got '{text}'");
                problems.error(&entry.place, text);
                Switch::Neither
            }
        },
        other => {
            let found = read::kind(other);
            problems.error(
                &entry.place,
                format_args!("Expected map, bool or string to define JetStream, got {found}"),
            );
            Switch::Neither
        }
    }
}
