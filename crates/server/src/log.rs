//! What the server has to tell its operator.

use std::fmt;

/// Where the server's lines go. It prints nothing itself.
///
/// It is called on the threads that serve connections: it must not block, and what it cannot take it must drop.
pub trait LogSink: fmt::Debug + Send + Sync {
    /// Takes one line, without time and line end. Control characters of clients are escaped already.
    fn write(&self, level: LogLevel, line: fmt::Arguments<'_>);

    /// Says whether lines of this level are wanted; asked before a line of [`LogLevel::Debug`] or [`LogLevel::Trace`] is made.
    fn wants(&self, level: LogLevel) -> bool;
}

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// `FTL`: the server cannot go on.
    Fatal,
    /// `ERR`: something failed.
    Error,
    /// `WRN`: something may surprise the operator.
    Warning,
    /// `INF`: what happens in the life of a server.
    Info,
    /// `DBG`: what happens in the life of a connection.
    Debug,
    /// `TRC`: every operation.
    Trace,
}

/// Takes no line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SilentLog;

impl LogSink for SilentLog {
    fn write(&self, _level: LogLevel, _line: fmt::Arguments<'_>) {}

    fn wants(&self, _level: LogLevel) -> bool {
        false
    }
}
