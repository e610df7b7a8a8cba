//! The server's log: lines go into a bounded queue, and a thread of its own writes them.
//!
//! Nobody who logs ever waits for a disk or a pipe: a line that does not fit is dropped, and how many were is said as soon
//! as there is room (COMPAT 1: a program that starts us may never read our standard error).

mod line;
mod sink;
mod stamp;

pub(crate) use sink::Sink;

use jetkv_server::options::{LogFormat, LogOptions};
use jetkv_server::{LogLevel, LogSink};
use jetkv_types::Timestamp;
use line::Head;
use parking_lot::{Condvar, Mutex};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// The log; clones write to the same place.
#[derive(Clone)]
pub(crate) struct Log {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Mutex<Queue>,
    /// Rung when there is something to write, and when everything is written.
    bell: Condvar,
    clock: fn() -> Timestamp,
    pid: u32,
    debug: AtomicBool,
    trace: AtomicBool,
    time: AtomicBool,
    json: AtomicBool,
}

#[derive(Default)]
struct Queue {
    /// Lines that wait, each with its end.
    waiting: Vec<u8>,
    /// Lines that were dropped since the last one that fitted.
    dropped: u64,
    /// What else the writer has to do, before the lines that wait.
    order: Option<Order>,
    /// Whether the writer is at work.
    writing: bool,
    closing: bool,
}

enum Order {
    /// Go on with another sink.
    Replace(Sink),
    /// Open the file again, which was moved away.
    Reopen,
}

impl Log {
    /// Starts a log that writes to `sink`; times come from `clock`.
    ///
    /// # Errors
    /// If the system has no thread for it.
    pub(crate) fn start(options: &LogOptions, sink: Sink, clock: fn() -> Timestamp) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            bell: Condvar::new(),
            clock,
            pid: std::process::id(),
            debug: AtomicBool::new(false),
            trace: AtomicBool::new(false),
            time: AtomicBool::new(true),
            json: AtomicBool::new(false),
        });
        let of_writer = Arc::clone(&shared);
        thread::Builder::new().name("log".into()).spawn(move || of_writer.write_all(sink))?;
        let log = Self { shared };
        log.set_levels(options);
        Ok(log)
    }

    /// Changes what is wanted.
    pub(crate) fn set_levels(&self, options: &LogOptions) {
        self.shared.debug.store(options.debug, Ordering::Relaxed);
        self.shared.trace.store(options.trace, Ordering::Relaxed);
        self.shared.time.store(options.time, Ordering::Relaxed);
        self.shared.json.store(options.format == LogFormat::Json, Ordering::Relaxed);
    }

    /// Goes on with another sink.
    pub(crate) fn replace_sink(&self, sink: Sink) {
        self.order(Order::Replace(sink));
    }

    /// Opens the log file again, as after `mv log log.1`.
    pub(crate) fn reopen(&self) {
        self.order(Order::Reopen);
    }

    /// Waits until everything is written, but not longer than `patience`: whoever should read may have stopped.
    pub(crate) fn close(&self, patience: Duration) {
        let mut queue = self.shared.queue.lock();
        queue.closing = true;
        self.shared.bell.notify_all();
        let unfinished = |queue: &mut Queue| queue.writing || !queue.waiting.is_empty();
        self.shared.bell.wait_while_for(&mut queue, unfinished, patience);
    }

    /// Logs a line that matters in the life of the server.
    pub(crate) fn info(&self, line: fmt::Arguments<'_>) {
        self.write(LogLevel::Info, line);
    }

    /// Logs what may surprise the operator.
    pub(crate) fn warn(&self, line: fmt::Arguments<'_>) {
        self.write(LogLevel::Warning, line);
    }

    /// Logs what failed.
    pub(crate) fn error(&self, line: fmt::Arguments<'_>) {
        self.write(LogLevel::Error, line);
    }

    fn order(&self, order: Order) {
        self.shared.queue.lock().order = Some(order);
        self.shared.bell.notify_all();
    }
}

impl LogSink for Log {
    fn write(&self, level: LogLevel, line: fmt::Arguments<'_>) {
        if self.wants(level) {
            self.shared.enqueue(level, line);
        }
    }

    fn wants(&self, level: LogLevel) -> bool {
        match level {
            LogLevel::Debug => self.shared.debug.load(Ordering::Relaxed),
            LogLevel::Trace => self.shared.trace.load(Ordering::Relaxed),
            _ => true,
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").finish_non_exhaustive()
    }
}

impl Shared {
    fn enqueue(&self, level: LogLevel, line: fmt::Arguments<'_>) {
        let line = self.formatted(level, line);
        let mut queue = self.queue.lock();
        if queue.waiting.len() + line.len() + NOTE_BYTES_MAX > QUEUE_BYTES_MAX {
            queue.dropped = queue.dropped.saturating_add(1);
            return;
        }
        if queue.dropped > 0 {
            let dropped = std::mem::take(&mut queue.dropped);
            let note = self.formatted(
                LogLevel::Warning,
                format_args!("{dropped} log lines were dropped: the log was not written fast enough"),
            );
            queue.waiting.extend_from_slice(note.as_bytes());
        }
        queue.waiting.extend_from_slice(line.as_bytes());
        drop(queue);
        self.bell.notify_all();
    }

    fn formatted(&self, level: LogLevel, line: fmt::Arguments<'_>) -> String {
        let time = self.time.load(Ordering::Relaxed).then(|| (self.clock)());
        let head = Head { pid: self.pid, time, level };
        if self.json.load(Ordering::Relaxed) { line::json(head, line) } else { line::text(head, line) }
    }

    /// The life of the thread.
    fn write_all(&self, mut sink: Sink) {
        let mut batch = Vec::new();
        let mut queue = self.queue.lock();
        loop {
            if let Some(order) = queue.order.take() {
                drop(queue);
                let failed = match order {
                    Order::Replace(new) => {
                        sink = new;
                        None
                    }
                    Order::Reopen => sink.reopen().err(),
                };
                if let Some(error) = failed {
                    let line = format_args!("the log file could not be opened again: {error}");
                    self.enqueue(LogLevel::Error, line);
                }
                queue = self.queue.lock();
                continue;
            }
            if !queue.waiting.is_empty() {
                std::mem::swap(&mut queue.waiting, &mut batch);
                queue.writing = true;
                drop(queue);
                sink.write(&batch);
                batch.clear();
                queue = self.queue.lock();
                queue.writing = false;
                self.bell.notify_all();
                continue;
            }
            if queue.closing {
                return;
            }
            self.bell.wait(&mut queue);
        }
    }
}

/// Most bytes that wait for the writer.
const QUEUE_BYTES_MAX: usize = 1 << 20;

/// Room for the note about dropped lines.
const NOTE_BYTES_MAX: usize = 256;

#[cfg(test)]
mod tests;
