//! The digest of a configuration that `-t` and `/varz` show: SHA-256 over its JSON form, as the reference computes it.

use super::tree::{Map, Node, Value};
use ring::digest::{SHA256, digest as hash};
use std::fmt::Write;

/// Returns the digest as `sha256:` and 64 hexadecimal digits.
pub(in crate::config) fn digest(map: &Map) -> String {
    let mut json = String::new();
    write_map(&mut json, map);
    json.push('\n');
    let mut text = String::from("sha256:");
    for byte in hash(&SHA256, json.as_bytes()).as_ref() {
        write!(text, "{byte:02x}").ok();
    }
    text
}

/// Recurses at most as deep as values may nest, which the parser bounds.
fn write_node(json: &mut String, node: &Node) {
    match &node.value {
        Value::Text(text) | Value::Date(text) => write_text(json, text),
        Value::Integer(number) | Value::Size(number, _) => {
            write!(json, "{number}").ok();
        }
        Value::Float(number) => write_float(json, *number),
        Value::Bool(truth) => json.push_str(if *truth { "true" } else { "false" }),
        Value::Array(items) => {
            json.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    json.push(',');
                }
                write_node(json, item);
            }
            json.push(']');
        }
        Value::Map(map) => write_map(json, map),
    }
}

fn write_map(json: &mut String, map: &Map) {
    let mut entries: Vec<_> = map.entries.iter().collect();
    entries.sort_by(|one, other| one.key.cmp(&other.key));
    json.push('{');
    for (at, entry) in entries.into_iter().enumerate() {
        if at > 0 {
            json.push(',');
        }
        write_text(json, &entry.key);
        json.push(':');
        write_node(json, &entry.node);
    }
    json.push('}');
}

/// Writes a text with the escapes of Go's encoder, which is careful about HTML.
fn write_text(json: &mut String, text: &str) {
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                write!(json, "\\u{:04x}", u32::from(c)).ok();
            }
            _ => json.push(c),
        }
    }
    json.push('"');
}

/// Writes a number as Go does: very small and very large ones with an exponent.
fn write_float(json: &mut String, number: f64) {
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let sign = if exponent.starts_with('-') { "" } else { "+" };
        write!(json, "{digits}e{sign}{exponent}").ok();
    } else {
        write!(json, "{number}").ok();
    }
}
