//! Values of arguments.

use super::Lifetime;
use crate::duration;

/// Reads when writes reach the disk.
pub(super) fn parse_sync(text: &str) -> Result<jetkv::Sync, String> {
    match text.split_once('=') {
        None if text == "always" => Ok(jetkv::Sync::Always),
        None if text == "os" => Ok(jetkv::Sync::Os),
        // A bare number would count seconds, and who writes 100 means milliseconds more often than not.
        Some(("every", span)) if span.trim().parse::<f64>().is_ok() => {
            Err(format!("{span} needs a unit, as in every={span}ms or every={span}s"))
        }
        Some(("every", span)) => duration::parse(span).map(jetkv::Sync::Every),
        _ => Err("expected always, every=DURATION like every=100ms, or os".into()),
    }
}

/// Reads how long a value lives.
pub(super) fn parse_ttl(text: &str) -> Result<Lifetime, String> {
    if text == "never" { Ok(Lifetime::Never) } else { duration::parse(text).map(Lifetime::For) }
}

/// Reads `NAME=VALUE`.
pub(super) fn parse_metadata(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.into(), value.into())),
        _ => Err("expected NAME=VALUE like team=web".into()),
    }
}

/// Reads `NAME:VALUE`.
pub(super) fn parse_header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().into(), value.trim().into())),
        _ => Err("expected NAME:VALUE like trace:4711".into()),
    }
}
