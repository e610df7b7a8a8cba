//! The plan of what goes wrong: faults and the cut, by the number of the operation.

use std::io;

/// What goes wrong with an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Any operation fails with an I/O error and without effect.
    Eio,
    /// Reading from a file fails with an I/O error.
    ReadEio,
    /// Whatever changes the disk, syncs included, fails with an I/O error; reads go on working.
    WriteEio,
    /// Whatever takes space fails with `StorageFull` and without effect: writing, setting a length, creating a file
    /// or a directory, renaming, locking.
    Enospc,
    /// A random part of the data is written, or some of a directory's entries are removed, and then an I/O error.
    ShortWrite,
    /// A sync of a file or a directory fails with an I/O error.
    ///
    /// As on Linux, the content that a failed file sync (of any kind of fault) should have saved is given up: reads
    /// still show it, but a later sync that succeeds does not make it durable.
    SyncFails,
}

/// How long a fault lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultMode {
    /// One operation fails.
    Once,
    /// All operations from then on fail that the fault can happen to.
    Persistent,
}

/// One call on the file system or on a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Open,
    Create,
    Rename,
    RemoveFile,
    CreateDir,
    RemoveDir,
    SyncDir,
    List,
    Lock,
    Read,
    Write,
    SyncData,
    SetLen,
    Len,
}

/// What becomes of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is done.
    Go,
    /// A part of it is done, to be drawn from this seed.
    Short(u64),
    /// It fails.
    Fail(FaultKind),
}

/// The faults to come and the operations so far.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) op_count: u64,
    pub(super) cut_at: Option<u64>,
    pub(super) fired: bool,
    pub(super) trace: Option<Vec<String>>,
    faults: Vec<Fault>,
}

#[derive(Debug)]
struct Fault {
    op_index: u64,
    kind: FaultKind,
    mode: FaultMode,
}

impl Plan {
    pub(super) fn new(trace: Option<Vec<String>>) -> Self {
        Self { trace, ..Self::default() }
    }

    pub(super) fn add(&mut self, op_index: u64, kind: FaultKind, mode: FaultMode) {
        self.faults.push(Fault { op_index, kind, mode });
    }

    pub(super) fn clear(&mut self) {
        self.faults.clear();
        self.cut_at = None;
    }

    /// Numbers the next operation and says what becomes of it; fails if the power is gone by then.
    pub(super) fn next(&mut self, op: Op, detail: impl FnOnce() -> String) -> io::Result<Verdict> {
        let op_index = self.op_count;
        self.op_count += 1;
        let outcome = self.judge(op_index, op);
        if let Some(trace) = &mut self.trace {
            let ending = match outcome {
                Ok(Verdict::Go) => String::new(),
                Ok(Verdict::Short(_)) => " !ShortWrite".to_owned(),
                Ok(Verdict::Fail(kind)) => format!(" !{kind:?}"),
                Err(_) => " !PowerOff".to_owned(),
            };
            trace.push(format!("{op_index} {op:?} {}{ending}", detail()));
        }
        outcome
    }

    fn judge(&mut self, op_index: u64, op: Op) -> io::Result<Verdict> {
        if self.cut_at.is_some_and(|cut_at| op_index >= cut_at) {
            self.fired = true;
            return Err(power_off());
        }
        let due = |fault: &Fault| op_index >= fault.op_index && fault.kind.can_happen_to(op);
        let Some(position) = self.faults.iter().position(due) else { return Ok(Verdict::Go) };
        self.fired = true;
        let kind = self.faults[position].kind;
        if self.faults[position].mode == FaultMode::Once {
            self.faults.remove(position);
        }
        Ok(if kind == FaultKind::ShortWrite { Verdict::Short(op_index) } else { Verdict::Fail(kind) })
    }
}

impl Verdict {
    pub(super) fn go(self) -> io::Result<()> {
        match self {
            Self::Go => Ok(()),
            Self::Short(_) => Err(FaultKind::ShortWrite.error()),
            Self::Fail(kind) => Err(kind.error()),
        }
    }
}

impl FaultKind {
    pub(super) fn error(self) -> io::Error {
        match self {
            Self::Enospc => io::ErrorKind::StorageFull.into(),
            Self::Eio | Self::ReadEio | Self::WriteEio | Self::ShortWrite | Self::SyncFails => {
                io::Error::from_raw_os_error(EIO)
            }
        }
    }

    fn can_happen_to(self, op: Op) -> bool {
        match self {
            Self::Eio => true,
            Self::ReadEio => op == Op::Read,
            Self::WriteEio => !matches!(op, Op::Open | Op::List | Op::Read | Op::Len),
            Self::Enospc => {
                matches!(op, Op::Create | Op::Rename | Op::CreateDir | Op::Lock | Op::Write | Op::SetLen)
            }
            Self::ShortWrite => matches!(op, Op::Write | Op::RemoveDir),
            Self::SyncFails => matches!(op, Op::SyncData | Op::SyncDir),
        }
    }
}

/// Returns the error of every operation in a world that has ended.
pub(super) fn power_off() -> io::Error {
    io::Error::other("the simulated machine is off")
}

const EIO: i32 = 5;
