//! Texts for people: values, names that look alike, times.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jetkv::Timestamp;

/// Returns the value as text if a terminal can show it: UTF-8 without control characters other than tab and line break.
pub(crate) fn printable(value: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(value).ok()?;
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    (!text.contains(odd)).then_some(text)
}

/// Returns the value on one line of at most `width` characters, base64 if it is not printable.
pub(crate) fn short(value: &[u8], width: usize) -> String {
    let shown = value.get(..width.saturating_mul(4)).unwrap_or(value);
    let line = match printable(value) {
        Some(text) => text.chars().take(width + 1).map(|c| if c.is_control() { ' ' } else { c }).collect(),
        None => base64(shown),
    };
    if line.chars().count() <= width {
        return line;
    }
    let kept: String = line.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// Returns the bytes in base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads base64 with padding.
pub(crate) fn from_base64(text: &str) -> Result<Vec<u8>, String> {
    STANDARD.decode(text).map_err(|error| error.to_string())
}

/// Returns the time in UTC to the second, as in `2026-11-23 06:46:09Z`.
pub(crate) fn time(at: Timestamp) -> String {
    let text = at.to_string();
    match text.get(..19) {
        Some(seconds) => format!("{}Z", seconds.replacen('T', " ", 1)),
        None => text,
    }
}

/// Returns the name that was most likely meant by `given`, if one comes close.
pub(crate) fn most_similar<'a>(given: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = given.to_lowercase();
    names
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= 2 && *distance < name.len().min(given.len()))
        .min()
        .map(|(_, name)| name)
}

/// Returns `1 entry`, `2 entries`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
