//! One line of the log, as text or as JSON.

use super::stamp;
use jetkv_server::LogLevel;
use jetkv_types::Timestamp;
use serde::Serialize;
use std::fmt::{self, Write};

/// What stands before the text of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) pid: u32,
    /// `None` if lines have no time.
    pub(super) time: Option<Timestamp>,
    pub(super) level: LogLevel,
}

/// Returns a line in the reference's form: `[pid] 2026/11/23 07:04:34.003989 [INF] text`.
pub(super) fn text(head: Head, line: fmt::Arguments<'_>) -> String {
    let mut text = format!("[{}] ", head.pid);
    if let Some(time) = head.time {
        stamp::push(&mut text, time);
        text.push(' ');
    }
    let start = text.len() + 6;
    write!(text, "{} {line}", tag(head.level)).ok();
    cut(&mut text, LINE_BYTES_MAX);
    // A line end inside a line would let its author forge the next one.
    if text.get(start..).is_some_and(|rest| rest.contains(['\n', '\r'])) {
        text = text.replace('\n', "\\n").replace('\r', "\\r");
    }
    text.push('\n');
    text
}

/// The same as an object. What a text line says of the client in its first words has fields of its own.
#[derive(Serialize)]
struct Object<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    level: &'static str,
    pid: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cid: Option<u64>,
    message: &'a str,
}

/// Returns a line as a JSON object: `{"time":"2026-11-23T07:04:34.003989Z","level":"info","pid":1,"message":"text"}`.
pub(super) fn json(head: Head, line: fmt::Arguments<'_>) -> String {
    let mut whole = line.to_string();
    cut(&mut whole, LINE_BYTES_MAX);
    let (client, message) = match of_client(&whole) {
        Some((client, cid, message)) => (Some((client, cid)), message),
        // The reference indents what belongs together.
        None => (None, whole.trim()),
    };
    let object = Object {
        time: head.time.map(|time| time.to_string()),
        level: word(head.level),
        pid: head.pid,
        client: client.map(|(client, _)| client),
        cid: client.map(|(_, cid)| cid),
        message,
    };
    // Texts and numbers always have a JSON form.
    let mut text = serde_json::to_string(&object).unwrap_or_default();
    text.push('\n');
    text
}

/// Splits `127.0.0.1:4222 - cid:7 - what happened`.
fn of_client(line: &str) -> Option<(&str, u64, &str)> {
    let (client, rest) = line.split_once(" - cid:")?;
    let (cid, message) = rest.split_once(" - ")?;
    if client.contains(' ') {
        return None;
    }
    Some((client, cid.parse().ok()?, message))
}

/// Cuts what is too long.
fn cut(text: &mut String, bytes_max: usize) {
    if text.len() > bytes_max {
        let end = (0..=bytes_max).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
}

fn tag(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Fatal => "[FTL]",
        LogLevel::Error => "[ERR]",
        LogLevel::Warning => "[WRN]",
        LogLevel::Info => "[INF]",
        LogLevel::Debug => "[DBG]",
        LogLevel::Trace => "[TRC]",
    }
}

fn word(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Fatal => "fatal",
        LogLevel::Error => "error",
        LogLevel::Warning => "warning",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    }
}

/// Most bytes of a line; the rest is cut off.
pub(super) const LINE_BYTES_MAX: usize = 16 << 10;
