//! Running the compatibility suites: every official client against the reference server and against ours.

use crate::error::XtaskError;
use crate::report;
use crate::shell;
use crate::steps::{Step, Verdict};
use crate::workspace::Workspace;

/// The package that fetches the clients and runs their suites.
const PACKAGE: &str = "compat";

/// The package of our server; before it exists only the control can be run.
const SERVER_PACKAGE: &str = "jetkv-server";

/// The package whose program serves.
const CLI_PACKAGE: &str = "jetkv-cli";

/// The name of that program.
const PROGRAM: &str = "jetkv";

/// Returns the step that uses the console in a browser, and sends random requests to the HTTP door.
pub(crate) fn console_step() -> Step {
    Step { name: "console", rerun: "cargo xtask console", run: run_console }
}

fn run_console(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    let root = &workspace.workspace_root;
    shell::run(&mut shell::cargo(root, &["build", "--quiet", "--locked", "--package", CLI_PACKAGE]))?;
    let arguments = ["run", "--quiet", "--locked", "--package", PACKAGE, "--bin", "console", "--"];
    let mut check = shell::cargo(root, &arguments);
    check.arg(workspace.target_directory.join("debug").join(PROGRAM));
    shell::run(&mut check)?;
    Ok(Verdict::Passed)
}

/// Returns the one step of this chore.
pub(crate) fn step() -> Step {
    Step { name: "clients", rerun: "cargo xtask clients", run }
}

fn run(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    if workspace.member(PACKAGE).is_none() {
        return Ok(Verdict::Absent { reason: format!("the workspace has no package {PACKAGE}") });
    }
    let root = &workspace.workspace_root;
    // The tests of the package that need what is fetched are no part of the ordinary tests.
    shell::run(&mut shell::cargo(
        root,
        &["test", "--package", PACKAGE, "--locked", "--", "--include-ignored"],
    ))?;
    let mut suites = shell::cargo(root, &["run", "--quiet", "--locked", "--package", PACKAGE, "--"]);
    if workspace.member(SERVER_PACKAGE).is_none() {
        report::note("there is no server of ours yet; the suites run against the reference alone");
    } else {
        shell::run(&mut shell::cargo(root, &["build", "--quiet", "--locked", "--package", CLI_PACKAGE]))?;
        suites.arg("--jetkv").arg(workspace.target_directory.join("debug").join(PROGRAM));
    }
    shell::run(&mut suites)?;
    Ok(Verdict::Passed)
}
