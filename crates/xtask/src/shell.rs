//! Starting other programs and waiting for them.

use crate::error::XtaskError;
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

/// How often a program with a time limit is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Returns a command that runs the cargo we were started by in the directory `root`.
pub(crate) fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root).stdin(Stdio::null());
    // What cargo told us of our own package is not for others: build scripts that ask for it, as that of ring does, would
    // run again, and all that needs them would be built again, whenever somebody builds without us in between.
    for (name, _) in std::env::vars_os() {
        if OWN_VARIABLES.iter().any(|own| name.to_string_lossy().starts_with(own)) {
            command.env_remove(&name);
        }
    }
    command
}

/// What the variables begin with that tell a program of its package.
const OWN_VARIABLES: [&str; 2] = ["CARGO_MANIFEST", "CARGO_PKG_"];

/// Returns the command that builds every program and every test, all with the same features, so that no step builds
/// again what another one has built.
pub(crate) fn build_all(root: &Path) -> Command {
    cargo(root, &["build", "--workspace", "--lib", "--bins", "--tests", "--examples", "--locked", "--quiet"])
}

/// Runs `command`, which prints to our own output, until it ends.
///
/// # Errors
/// [`XtaskError::Start`] if it does not exist, [`XtaskError::Command`] if it reports a failure.
pub(crate) fn run(command: &mut Command) -> Result<(), XtaskError> {
    let status = command.status().map_err(|source| start_fault(command, source))?;
    judge(command, status)
}

/// Runs `command` like [`run`], and kills it if it has not ended by itself within `limit`.
///
/// # Errors
/// As for [`run`]; [`XtaskError::Timeout`] if it was killed.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> Result<(), XtaskError> {
    let mut waited = Duration::ZERO;
    let mut child = command.spawn().map_err(|source| start_fault(command, source))?;
    loop {
        if let Some(status) = child.try_wait().map_err(|source| start_fault(command, source))? {
            return judge(command, status);
        }
        if waited >= limit {
            // Both calls fail only if the program ended in the meantime; it was too late all the same.
            let _ = child.kill();
            let _ = child.wait();
            return Err(XtaskError::Timeout { command: line_of(command), limit });
        }
        thread::sleep(POLL_INTERVAL);
        waited += POLL_INTERVAL;
    }
}

/// Runs `command` and returns what it printed on standard output.
///
/// # Errors
/// As for [`run`].
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>, XtaskError> {
    command.stderr(Stdio::inherit());
    let output = command.output().map_err(|source| start_fault(command, source))?;
    judge(command, output.status)?;
    Ok(output.stdout)
}

fn start_fault(command: &Command, source: io::Error) -> XtaskError {
    XtaskError::Start { command: line_of(command), source }
}

fn judge(command: &Command, status: ExitStatus) -> Result<(), XtaskError> {
    if status.success() { Ok(()) } else { Err(XtaskError::Command { command: line_of(command), status }) }
}

/// Returns the command as a person would type it.
fn line_of(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut line = program.to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_does_not_end_is_killed() {
        let error = run_within(Command::new("sleep").arg("600"), Duration::from_millis(100)).unwrap_err();
        assert!(matches!(error, XtaskError::Timeout { .. }), "{error}");
    }

    #[test]
    fn a_program_that_fails_is_named_with_its_arguments() {
        let error =
            run_within(Command::new("/bin/sh").args(["-c", "exit 3"]), POLL_INTERVAL * 100).unwrap_err();
        assert!(error.to_string().starts_with("`sh -c exit 3` ended with"), "{error}");
        assert!(run(Command::new("/bin/sh").args(["-c", "exit 3"])).is_err());
        assert!(output(Command::new("/bin/sh").args(["-c", "exit 3"])).is_err());
    }

    #[test]
    fn a_program_that_does_not_exist_is_no_panic() {
        let error = run(&mut Command::new("no-such-program-anywhere")).unwrap_err();
        assert!(matches!(error, XtaskError::Start { .. }), "{error}");
    }
}
