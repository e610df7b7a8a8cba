use super::line::LINE_BYTES_MAX;
use super::sink::Rotation;
use super::*;
use std::sync::mpsc::{self, Receiver};

fn clock() -> Timestamp {
    "2026-11-23T07:04:34.003989Z".parse().unwrap()
}

fn log(options: &LogOptions) -> (Log, Receiver<Vec<u8>>) {
    // Nothing fits into a channel of size 0 unless somebody reads: a pipe that is full.
    let (to, from) = mpsc::sync_channel(0);
    (Log::start(options, Sink::Test(to), clock).unwrap(), from)
}

/// Reads until a text has come.
fn read_until(from: &Receiver<Vec<u8>>, wanted: &str) -> String {
    let mut read = String::new();
    while !read.contains(wanted) {
        read += &String::from_utf8(from.recv().unwrap()).unwrap();
    }
    read
}

#[test]
fn lines_have_the_form_of_the_reference() {
    let (log, from) = log(&LogOptions::default());
    log.info(format_args!("Server is ready"));
    let pid = std::process::id();
    assert_eq!(
        read_until(&from, "\n"),
        format!("[{pid}] 2026/11/23 07:04:34.003989 [INF] Server is ready\n")
    );
    let without_time = LogOptions { time: false, debug: true, ..LogOptions::default() };
    log.set_levels(&without_time);
    log.write(LogLevel::Debug, format_args!("x"));
    assert_eq!(read_until(&from, "\n"), format!("[{pid}] [DBG] x\n"));
}

#[test]
fn lines_are_objects_if_that_is_wanted() {
    let options = LogOptions { format: LogFormat::Json, ..LogOptions::default() };
    let (log, from) = log(&options);
    let pid = std::process::id();
    let said = |level, line: fmt::Arguments<'_>| -> serde_json::Value {
        log.write(level, line);
        serde_json::from_str(&read_until(&from, "\n")).unwrap()
    };
    assert_eq!(
        said(LogLevel::Info, format_args!("  Server is \"ready\"\n[1] [INF] no")),
        serde_json::json!({
            "time": "2026-11-23T07:04:34.003989Z", "level": "info", "pid": pid,
            "message": "Server is \"ready\"\n[1] [INF] no",
        })
    );
    assert_eq!(
        said(LogLevel::Error, format_args!("127.0.0.1:50000 - cid:7 - authentication error - cid:8 - x")),
        serde_json::json!({
            "time": "2026-11-23T07:04:34.003989Z", "level": "error", "pid": pid,
            "client": "127.0.0.1:50000", "cid": 7, "message": "authentication error - cid:8 - x",
        })
    );
    assert_eq!(said(LogLevel::Warning, format_args!("a b - cid:7 - c"))["message"], "a b - cid:7 - c");
    let long = said(LogLevel::Info, format_args!("{}", "é".repeat(LINE_BYTES_MAX)));
    assert!(long["message"].as_str().unwrap().len() < LINE_BYTES_MAX + 8);
    log.set_levels(&LogOptions { time: false, ..options });
    log.info(format_args!("x"));
    let line = read_until(&from, "\n");
    assert_eq!(line, format!("{{\"level\":\"info\",\"pid\":{pid},\"message\":\"x\"}}\n"));
}

#[test]
fn levels_that_are_not_wanted_are_left_out() {
    let (log, from) = log(&LogOptions::default());
    log.write(LogLevel::Debug, format_args!("debug"));
    log.write(LogLevel::Trace, format_args!("trace"));
    log.warn(format_args!("last"));
    let read = read_until(&from, "last");
    assert!(!read.contains("debug") && !read.contains("trace"), "{read}");
}

#[test]
fn nobody_can_forge_a_line() {
    let (log, from) = log(&LogOptions::default());
    log.error(format_args!("a\n[1] [INF] b\r"));
    let read = read_until(&from, "b");
    assert_eq!(read.matches('\n').count(), 1, "{read}");
    assert!(read.ends_with("[ERR] a\\n[1] [INF] b\\r\n"), "{read}");
    log.error(format_args!("{}", "é".repeat(LINE_BYTES_MAX)));
    let line = read_until(&from, "\n");
    assert!(line.len() < LINE_BYTES_MAX + 8 && line.ends_with("…\n"));
}

#[test]
fn a_reader_that_has_stopped_blocks_nobody_and_learns_what_was_dropped() {
    let (log, from) = log(&LogOptions::default());
    let line = "x".repeat(1_000);
    for _ in 0..4 * QUEUE_BYTES_MAX / line.len() {
        log.info(format_args!("{line}"));
    }
    assert!(log.shared.queue.lock().waiting.len() <= QUEUE_BYTES_MAX);
    let mut read = read_until(&from, "x");
    while log.shared.queue.lock().waiting.len() > QUEUE_BYTES_MAX / 2 {
        read += &String::from_utf8(from.recv().unwrap()).unwrap();
    }
    log.info(format_args!("room again"));
    read += &read_until(&from, "room again");
    assert!(read.contains(" log lines were dropped: "), "no note");
    // Whoever should read does not any more: closing does not wait for it.
    log.info(format_args!("never read"));
    log.close(Duration::ZERO);
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let (log, from) = log(&LogOptions::default());
    drop(from);
    log.info(format_args!("lost"));
    log.close(Duration::from_secs(60));
    assert!(log.shared.queue.lock().waiting.is_empty());
}

#[test]
fn files_are_appended_to_set_aside_and_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let moved = dir.path().join("moved");
    let rotation = Rotation { size_limit: Some(100), files_max: Some(2) };
    let mut sink = Sink::file(&path, rotation).unwrap();
    let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap_or_default();
    sink.write(b"one\n");
    drop(sink);
    let mut sink = Sink::file(&path, rotation).unwrap();
    sink.write(b"two\n");
    assert_eq!(read(&path), "one\ntwo\n");
    for number in 1..=4 {
        sink.write(format!("{number}{}\n", "x".repeat(100)).as_bytes());
    }
    assert_eq!(read(&path), "");
    assert!(!dir.path().join("log.2").exists());
    assert!(read(&dir.path().join("log.3")).starts_with('3'));
    assert!(read(&dir.path().join("log.4")).starts_with('4'));
    std::fs::copy(&path, &moved).unwrap();
    std::fs::write(&path, "").unwrap();
    sink.reopen().unwrap();
    sink.write(b"three\n");
    assert_eq!(read(&path), "three\n");
}
