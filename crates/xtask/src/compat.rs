//! Running the compatibility suites: every official client against the reference server and against ours.

use crate::error::XtaskError;
use crate::report;
use crate::shell;
use crate::steps::{Step, Verdict};
use crate::workspace::Workspace;
use std::ffi::OsStr;
use std::process::{Command, Stdio};

/// The package that fetches the clients and runs their suites.
const PACKAGE: &str = "compat";

/// The exit code by which its program says that something cannot be had on this machine.
const UNAVAILABLE: i32 = 3;

/// The package of our server; before it exists only the control can be run.
const SERVER_PACKAGE: &str = "jetkv-server";

/// The program of the same package that drives a browser.
const CONSOLE_CHECK: &str = "console";

/// The program that serves.
const PROGRAM: &str = "jetkv";

/// The directory of the README's pictures.
const PICTURES: &str = "docs/images";

/// Returns the step that uses the console in a browser, and sends random requests to the HTTP door.
pub(crate) fn console_step() -> Step {
    Step { name: "console", rerun: "cargo xtask console", run: run_console }
}

/// Returns the step that makes the pictures of the README.
pub(crate) fn pictures_step() -> Step {
    Step { name: "pictures", rerun: "cargo xtask pictures", run: make_pictures }
}

fn run_console(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    check_console(workspace, &[])
}

fn make_pictures(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    let directory = workspace.workspace_root.join(PICTURES);
    check_console(workspace, &["--pictures".as_ref(), directory.as_os_str()])
}

fn check_console(workspace: &Workspace, arguments: &[&OsStr]) -> Result<Verdict, XtaskError> {
    if workspace.member(PACKAGE).is_none() {
        return Ok(Verdict::Absent { reason: format!("the workspace has no package {PACKAGE}") });
    }
    shell::run(&mut shell::build_all(&workspace.workspace_root))?;
    let mut check = Command::new(workspace.program(CONSOLE_CHECK));
    check.arg(workspace.program(PROGRAM)).args(arguments);
    or_unavailable(&mut check, workspace, "a browser, or what drives it, cannot be had here")
}

/// Runs a program that may say that something cannot be had on this machine.
fn or_unavailable(command: &mut Command, workspace: &Workspace, reason: &str) -> Result<Verdict, XtaskError> {
    match shell::run(command.current_dir(&workspace.workspace_root).stdin(Stdio::null())) {
        Err(XtaskError::Command { status, .. }) if status.code() == Some(UNAVAILABLE) => {
            Ok(Verdict::Skipped { reason: reason.to_owned() })
        }
        result => result.map(|()| Verdict::Passed),
    }
}

/// Returns the one step of this chore.
pub(crate) fn step() -> Step {
    Step { name: "clients", rerun: "cargo xtask clients", run }
}

fn run(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    if workspace.member(PACKAGE).is_none() {
        return Ok(Verdict::Absent { reason: format!("the workspace has no package {PACKAGE}") });
    }
    if let Some(missing) = missing_reference(workspace)? {
        return Ok(missing);
    }
    let mut suites = Command::new(workspace.program(PACKAGE));
    suites.current_dir(&workspace.workspace_root).stdin(Stdio::null());
    if workspace.member(SERVER_PACKAGE).is_none() {
        report::note("there is no server of ours yet; the suites run against the reference alone");
    } else {
        suites.arg("--jetkv").arg(workspace.program(PROGRAM));
    }
    shell::run(&mut suites)?;
    Ok(Verdict::Passed)
}

/// Builds everything and fetches the reference server; returns what to say if it cannot be had on this machine.
pub(crate) fn missing_reference(workspace: &Workspace) -> Result<Option<Verdict>, XtaskError> {
    shell::run(&mut shell::build_all(&workspace.workspace_root))?;
    let mut fetch = Command::new(workspace.program(PACKAGE));
    fetch.arg("--fetch");
    let verdict = or_unavailable(&mut fetch, workspace, "the reference server cannot be had here")?;
    Ok((verdict != Verdict::Passed).then_some(verdict))
}

/// Fetches the reference server, and builds no more than that needs.
///
/// # Errors
/// If it cannot be had on this machine, which its program has said.
pub(crate) fn fetch_reference(workspace: &Workspace) -> Result<(), XtaskError> {
    let build = ["build", "--package", PACKAGE, "--locked", "--quiet"];
    shell::run(&mut shell::cargo(&workspace.workspace_root, &build))?;
    fetch(workspace)
}

fn fetch(workspace: &Workspace) -> Result<(), XtaskError> {
    let mut fetch = Command::new(workspace.program(PACKAGE));
    fetch.arg("--fetch").current_dir(&workspace.workspace_root).stdin(Stdio::null());
    shell::run(&mut fetch)
}
