//! `tls { … }`

use super::blocks::is_empty;
use crate::config::assemble::Draft;
use crate::config::problems::Problems;
use crate::config::read;
use crate::config::syntax::{Entry, Value};
use crate::options::{HandshakeFirst, TlsOptions, TlsVersion};
use jetkv_jetstream::duration;
use std::time::Duration;

/// Reads the section.
pub(super) fn tls(entry: &Entry, draft: &mut Draft, problems: &mut Problems) {
    let Some(map) = read::map(entry, problems) else { return };
    let mut found = TlsOptions::new("", "");
    for each in &map.entries {
        match each.key.to_ascii_lowercase().as_str() {
            "cert_file" => found.cert_file = read::text(each, problems).unwrap_or_default().into(),
            "key_file" => found.key_file = read::text(each, problems).unwrap_or_default().into(),
            "ca_file" => found.ca_file = read::text(each, problems).map(Into::into),
            "verify" => found.verify = read::boolean(each, problems).unwrap_or(true),
            "verify_and_map" => {
                found.verify_and_map = read::boolean(each, problems).unwrap_or(true);
                found.verify |= found.verify_and_map;
            }
            "timeout" => found.timeout = read::seconds(each, problems).unwrap_or(found.timeout),
            "handshake_first" | "first" | "immediate" => {
                found.handshake_first = handshake_first(each, problems);
            }
            "min_version" => found.min_version = min_version(each, problems),
            "insecure" => {
                if !is_empty(&each.node.value) {
                    problems.no_effect(each);
                }
            }
            "cipher_suites"
            | "curve_preferences"
            | "pinned_certs"
            | "certs"
            | "connection_rate_limit"
            | "verify_cert_and_check_known_urls"
            | "cert_store"
            | "cert_match_by"
            | "cert_match"
            | "cert_match_skip_invalid"
            | "ca_certs_match"
            | "ocsp_peer" => {
                if !is_empty(&each.node.value) {
                    problems.unsupported(each);
                }
            }
            _ if each.referenced => {}
            _ => {
                let text = format_args!("error parsing tls config, unknown field {:?}", each.key);
                problems.error(&each.place, text);
            }
        }
    }
    for (missing, name) in
        [(found.cert_file.as_os_str(), "cert_file"), (found.key_file.as_os_str(), "key_file")]
    {
        if missing.is_empty() {
            problems.error(&entry.place, format_args!("missing '{name}' in TLS configuration"));
        }
    }
    draft.options.tls = Some(found);
}

/// Reads true, false, `auto` (50 ms) or how long a client may take to begin the handshake.
fn handshake_first(entry: &Entry, problems: &mut Problems) -> HandshakeFirst {
    match &entry.node.value {
        Value::Bool(true) => return HandshakeFirst::Always,
        Value::Bool(false) => return HandshakeFirst::Never,
        Value::Text(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "on" => return HandshakeFirst::Always,
            "false" | "off" => return HandshakeFirst::Never,
            "auto" | "auto_fallback" => return HandshakeFirst::Within(AUTO_FALLBACK),
            other => {
                if let Ok(span) = duration::parse(other) {
                    return HandshakeFirst::Within(span);
                }
            }
        },
        _ => {}
    }
    let shown = match &entry.node.value {
        Value::Text(text) => text.as_str(),
        other => read::kind(other),
    };
    problems.error(&entry.place, format_args!("field {:?}'s value {shown:?} is invalid", entry.key));
    HandshakeFirst::Never
}

fn min_version(entry: &Entry, problems: &mut Problems) -> TlsVersion {
    let text = read::text(entry, problems);
    match text.as_deref().map(|text| text.trim_start_matches("TLS").trim()) {
        Some("1.2") | None => TlsVersion::Tls12,
        Some("1.3") => TlsVersion::Tls13,
        Some(other) => {
            let text = format_args!("error parsing tls config: unsupported TLS version: {other}");
            problems.error(&entry.place, text);
            TlsVersion::Tls12
        }
    }
}

/// How long `auto` waits for the first byte of a handshake.
const AUTO_FALLBACK: Duration = Duration::from_millis(50);
