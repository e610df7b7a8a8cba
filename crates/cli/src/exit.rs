//! Why a command ends, and the exit code that says so.

use crate::local::LocalServer;
use crate::place::Door;
use jetkv::{ErrorKind, KvError};
use std::error::Error;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;

/// The exit codes that scripts rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Failed for a reason without a code of its own.
    Failed,
    /// Wrong usage: an argument, a name, a value that is out of range.
    Usage,
    /// No such store, bucket, key or revision.
    NotFound,
    /// The bucket or key exists, or is not at the revision given.
    Conflict,
    /// No server, a time-out, or another process holds the store.
    Unavailable,
    /// The operating system or the server does not allow it.
    Denied,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::NotFound => 3,
            Exit::Conflict => 4,
            Exit::Unavailable => 5,
            Exit::Denied => 6,
        })
    }
}

/// Why a command stopped before its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The library refused or failed.
    Kv(Box<KvError>),
    /// The command line itself refused or failed.
    Failed(Box<Failure>),
    /// Whoever read the output has gone, as in `jetkv ls | head -1`: no error.
    ClosedPipe,
}

impl Stop {
    /// Turns the stop into what is reported; `door` knows how to spell commands in hints.
    pub(crate) fn into_failure(self, door: &Door) -> Failure {
        match self {
            Self::Kv(error) => Failure::of(&error, door),
            Self::Failed(failure) => *failure,
            Self::ClosedPipe => Failure::new(Exit::Done, "closed", "the reader of the output has gone"),
        }
    }
}

impl From<KvError> for Stop {
    fn from(error: KvError) -> Self {
        Self::Kv(Box::new(error))
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

/// Errors of standard output; files have their own in [`crate::files`].
impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::ClosedPipe;
        }
        Failure::io("cannot write to standard output", &error).into()
    }
}

/// What is told to the user: the error, its causes, one hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// One word for programs, as in `--json`.
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    pub(crate) causes: Vec<String>,
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, kind: &'static str, message: impl Into<String>) -> Self {
        Self { exit, kind, message: message.into(), causes: Vec::new(), hint: None }
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, "failed", message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Exit::NotFound, "not_found", message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(Exit::Conflict, "conflict", message)
    }

    pub(crate) fn corrupt(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, "corrupt", message)
    }

    /// A file operation that failed: `what` says which one.
    pub(crate) fn io(what: impl Into<String>, error: &io::Error) -> Self {
        let (exit, kind) = match error.kind() {
            io::ErrorKind::PermissionDenied => (Exit::Denied, "denied"),
            io::ErrorKind::NotFound => (Exit::NotFound, "not_found"),
            _ => (Exit::Failed, "io"),
        };
        Self { causes: vec![error.to_string()], ..Self::new(exit, kind, what) }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Puts the place where it happened in front of the message, as in "line 7: ...".
    pub(crate) fn at(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// What the library said, with a hint that names the command to run next.
    pub(crate) fn of(error: &KvError, door: &Door) -> Self {
        let failure = Self::of_library(error);
        match command_hint(error, door) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }

    /// What the library said, with its own hint.
    pub(crate) fn of_library(error: &KvError) -> Self {
        let mut causes = Vec::new();
        let mut denied = false;
        let mut has_io_cause = false;
        let mut source = error.source();
        while let Some(cause) = source {
            causes.push(cause.to_string());
            if let Some(io_error) = as_io_error(cause) {
                has_io_cause = true;
                denied |= io_error.kind() == io::ErrorKind::PermissionDenied;
            }
            source = cause.source();
        }
        let (exit, kind) = match (error, error.kind()) {
            _ if denied => (Exit::Denied, "denied"),
            (KvError::StoreLocked { .. }, _) => (Exit::Unavailable, "unavailable"),
            (KvError::Denied { .. }, _) => (Exit::Denied, "denied"),
            (KvError::ValueTooLarge { .. } | KvError::PayloadTooLarge { .. }, _) => {
                (Exit::Usage, "limit_reached")
            }
            (_, ErrorKind::NotFound) => (Exit::NotFound, "not_found"),
            (_, ErrorKind::Conflict) => (Exit::Conflict, "conflict"),
            (_, ErrorKind::Invalid) => (Exit::Usage, "invalid"),
            (_, ErrorKind::LimitReached) => (Exit::Failed, "limit_reached"),
            (_, ErrorKind::Unavailable) if has_io_cause => (Exit::Failed, "io"),
            (_, ErrorKind::Unavailable) => (Exit::Unavailable, "unavailable"),
            (_, ErrorKind::Corrupt) => (Exit::Failed, "corrupt"),
            (_, ErrorKind::Closed) => (Exit::Failed, "closed"),
            _ => (Exit::Failed, "failed"),
        };
        Self { exit, kind, message: error.to_string(), causes, hint: error.hint() }
    }
}

/// Returns the error of the operating system that `cause` is, also when it is shared by several writers.
pub(crate) fn as_io_error<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    let shared = || cause.downcast_ref::<Arc<io::Error>>().map(Arc::as_ref);
    cause.downcast_ref::<io::Error>().or_else(shared)
}

/// Hints that name a command; the library cannot know them.
fn command_hint(error: &KvError, door: &Door) -> Option<String> {
    Some(match error {
        KvError::StoreNotFound { .. } => {
            format!("create a store and its first bucket with `{}`", door.spell("add BUCKET"))
        }
        KvError::Unsupported { .. } if !door.names_servers() => {
            let pid = LocalServer::of(door.path())?.pid;
            format!("process {pid} serves this store: stop it and run the command again")
        }
        KvError::StoreLocked { .. } => "another jetkv command or program holds this store; \
             wait until it ends, or wait longer with `--wait 30s`"
            .into(),
        KvError::BucketNotFound { bucket } => {
            format!(
                "`{}` lists the buckets, `{}` creates this one",
                door.spell("ls"),
                door.spell(&format!("add {bucket}"))
            )
        }
        KvError::BucketExists { bucket } => {
            format!("change it with `{}`", door.spell(&format!("edit {bucket}")))
        }
        KvError::KeyExists { bucket, key, revision } => format!(
            "replace it with `{}`, or overwrite it with `put`",
            door.spell(&format!("update {bucket} {key} VALUE --revision {revision}"))
        ),
        KvError::WrongRevision { bucket, key, found: 0, .. } => {
            format!("the key has no revision; use `{}`", door.spell(&format!("create {bucket} {key} VALUE")))
        }
        KvError::WrongRevision { bucket, key, found, .. } => {
            format!("run `{}` and retry with --revision {found}", door.spell(&format!("get {bucket} {key}")))
        }
        KvError::ValueTooLarge { bucket, .. } => {
            format!("raise the limit with `{}`", door.spell(&format!("edit {bucket} --max-value-size SIZE")))
        }
        KvError::BucketFull { bucket, .. } => format!(
            "make room with `{}`, or raise the limit with `{}`",
            door.spell(&format!("compact {bucket}")),
            door.spell(&format!("edit {bucket} --max-bytes SIZE"))
        ),
        KvError::Unsupported { place: "remote", .. } => {
            "stop the server and run the command on its directory, with --store".into()
        }
        KvError::TtlNotSupported { bucket } | KvError::BatchNotSupported { bucket } => {
            format!("`{}` makes the bucket take it", door.spell(&format!("edit {bucket}")))
        }
        KvError::Denied { .. } => {
            "log in with NATS_CREDS, or NATS_USER and NATS_PASSWORD, or a --context that does".into()
        }
        KvError::TimedOut { .. } => "read what is there before a write is done again; \
             NATS_TIMEOUT=30s lets commands wait longer"
            .into(),
        KvError::Damaged { .. } if door.is_served() => {
            let check =
                if door.names_servers() { "jetkv --store DIR check".to_owned() } else { door.spell("check") };
            format!(
                "the log of the server and /healthz?details=1 of its HTTP port tell of damage; `{check}` names all, \
                 once the server is stopped"
            )
        }
        KvError::Damaged { .. } => format!("`{}` names all that is damaged", door.spell("check")),
        KvError::Poisoned { .. } => "look at the disk, then run the command again".into(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
