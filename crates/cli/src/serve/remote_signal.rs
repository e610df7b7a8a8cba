//! `--signal CMD=PID`: tells a server that runs already what to do.

use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::Path;

/// Why no signal was sent; the texts are the reference's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignalError {
    /// No such command.
    #[error("unknown signal {0:?}; it is one of stop, quit, term, reload, reopen, ldm")]
    Command(String),
    /// Neither a number nor a file with one.
    #[error("invalid pid: {0}")]
    Pid(String),
    /// No process to tell.
    #[error("no nats-server processes running")]
    None,
    /// Several of them; somebody has to choose.
    #[error("multiple nats-server processes running:\n{}", .0.iter().map(u32::to_string).collect::<Vec<_>>().join("\n"))]
    Several(Vec<u32>),
    /// The system refused.
    #[error("signal {command:?} {pid}: {cause}")]
    Refused {
        /// The command.
        command: String,
        /// The process.
        pid: String,
        /// What the system says.
        cause: String,
    },
}

/// Sends what `text` says, `CMD` or `CMD=PID` or `CMD=FILE`.
///
/// # Errors
/// [`SignalError`].
pub(crate) fn send(text: &str) -> Result<(), SignalError> {
    let (command, target) = match text.split_once('=') {
        Some((command, target)) => (command, Some(target)),
        None => (text, None),
    };
    let signal = signal(command).ok_or_else(|| SignalError::Command(command.to_owned()))?;
    let pid = match target {
        Some(target) => pid(target)?,
        None => the_only(processes("nats-server"))?,
    };
    kill_process(pid, signal).map_err(|error| SignalError::Refused {
        command: command.to_owned(),
        pid: pid.as_raw_nonzero().to_string(),
        cause: error.to_string(),
    })
}

/// The reference's `stop` is a SIGKILL; ours stops cleanly, which a store that recovers from anything also survives.
fn signal(command: &str) -> Option<Signal> {
    Some(match command {
        "stop" | "term" => Signal::TERM,
        "quit" => Signal::INT,
        "reload" => Signal::HUP,
        "reopen" => Signal::USR1,
        "ldm" => Signal::USR2,
        _ => return None,
    })
}

/// Reads a process id, or the file that holds one.
fn pid(target: &str) -> Result<Pid, SignalError> {
    let invalid = || SignalError::Pid(target.to_owned());
    let number = match target.parse::<i32>() {
        Ok(number) => number,
        Err(_) => {
            let content = fs::read_to_string(target).map_err(|_| invalid())?;
            content.trim().parse().map_err(|_| invalid())?
        }
    };
    // 0 and below stand for groups of processes; 1 is the system's.
    if number <= 0 { Err(invalid()) } else { Pid::from_raw(number).ok_or_else(invalid) }
}

fn the_only(found: Vec<u32>) -> Result<Pid, SignalError> {
    match found.as_slice() {
        [] => Err(SignalError::None),
        [only] => i32::try_from(*only).ok().and_then(Pid::from_raw).ok_or(SignalError::None),
        _ => Err(SignalError::Several(found)),
    }
}

/// Returns the processes of this name, ourselves left out, where the system lists them under `/proc`.
fn processes(name: &str) -> Vec<u32> {
    let own = std::process::id();
    let mut found = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "asks the system about processes")]
    let Ok(entries) = fs::read_dir(Path::new("/proc")) else { return found };
    for entry in entries.filter_map(Result::ok) {
        let Some(pid) = entry.file_name().to_str().and_then(|text| text.parse::<u32>().ok()) else {
            continue;
        };
        let is_named =
            fs::read_to_string(entry.path().join("comm")).is_ok_and(|comm| comm.trim_end() == name);
        if is_named && pid != own {
            found.push(pid);
        }
    }
    found
}

#[cfg(test)]
mod tests;
