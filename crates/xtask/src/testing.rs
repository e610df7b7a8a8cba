//! `cargo xtask test`: all tests of the workspace, the examples, power cuts, the library at every place, the console in a
//! browser, the suites of the official clients, and our server beside the reference.

use crate::compat;
use crate::error::XtaskError;
use crate::examples;
use crate::shell;
use crate::steps::{Step, Verdict};
use crate::workspace::{Package, Workspace};
use std::process::{Command, Stdio};

/// The package that compares servers, those with the command line and with our server, and the program that holds it.
const DIFFER_PACKAGE: &str = "differ";
const CLI_PACKAGE: &str = "jetkv-cli";
const SERVER_PACKAGE: &str = "jetkv-server";
const CLI_PROGRAM: &str = "jetkv";

/// The package that runs the library's suite at other places, and its tests that need the reference.
const PLACES_PACKAGE: &str = "places";
const PLACES_TESTS: [&str; 6] = ["reference", "races", "kills", "logins", "replica", "copy"];

/// Returns the steps in the order in which they run.
pub(crate) fn steps() -> [Step; 8] {
    [
        Step {
            name: "build",
            rerun: "cargo build --workspace --lib --bins --tests --examples --locked",
            run: build,
        },
        Step { name: "tests", rerun: "cargo test --workspace --locked", run: run_tests },
        example_step(),
        crate::power_cuts::step(),
        places_step(),
        compat::console_step(),
        compat::step(),
        differential_step(),
    ]
}

/// Returns the step that compares our server with the reference. It fetches the reference server.
pub(crate) fn differential_step() -> Step {
    Step { name: "differential", rerun: "cargo xtask differential", run: run_differential }
}

/// Returns the step that runs the library's suite at every place beyond a connection. It fetches the reference server.
pub(crate) fn places_step() -> Step {
    Step { name: "places", rerun: "cargo xtask places", run: run_places }
}

/// Returns the step that runs the examples of the library.
pub(crate) fn example_step() -> Step {
    Step { name: "examples", rerun: "cargo xtask examples", run: examples::run }
}

fn build(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    shell::run(&mut shell::build_all(&workspace.workspace_root))?;
    Ok(Verdict::Passed)
}

fn run_tests(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    shell::run(&mut shell::cargo(&workspace.workspace_root, &["test", "--workspace", "--locked"]))?;
    Ok(Verdict::Passed)
}

/// Most of these tests wait for time to pass, so many run at once.
fn run_places(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    if workspace.member(PLACES_PACKAGE).is_none() {
        return Ok(Verdict::Absent { reason: format!("the workspace has no package {PLACES_PACKAGE}") });
    }
    if let Some(missing) = compat::missing_reference(workspace)? {
        return Ok(missing);
    }
    let mut arguments = vec!["test", "--workspace", "--locked"];
    arguments.extend(PLACES_TESTS.iter().flat_map(|test| ["--test", test]));
    arguments.extend(["--", "--ignored", "--test-threads", "16"]);
    shell::run(&mut shell::cargo(&workspace.workspace_root, &arguments))?;
    Ok(Verdict::Passed)
}

/// Compares our server with the reference on random requests, kills it, and follows watches on it.
fn run_differential(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    if workspace.member(DIFFER_PACKAGE).is_none() {
        return Ok(Verdict::Absent { reason: format!("the workspace has no package {DIFFER_PACKAGE}") });
    }
    if let Some(missing) = compat::missing_reference(workspace)? {
        return Ok(missing);
    }
    let mut differ = Command::new(workspace.program(DIFFER_PACKAGE));
    differ.arg("check").current_dir(&workspace.workspace_root).stdin(Stdio::null());
    // Until the command line holds the server, the reference is compared with itself.
    let serves = |package: &Package| package.dependencies.iter().any(|each| each.name == SERVER_PACKAGE);
    if workspace.member(CLI_PACKAGE).is_some_and(serves) {
        differ.arg("--jetkv").arg(workspace.program(CLI_PROGRAM));
    }
    shell::run(&mut differ)?;
    Ok(Verdict::Passed)
}
