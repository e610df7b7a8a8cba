//! `cargo xtask test`: all tests of the workspace, the examples, and the command line from end to end.

use crate::error::XtaskError;
use crate::examples;
use crate::shell;
use crate::steps::{Step, Verdict};
use crate::workspace::{Package, Workspace};

/// The package of the command line.
const CLI_PACKAGE: &str = "jetkv-cli";

/// The integration test of that package that drives the built program from end to end.
const CLI_TEST: &str = "cli";

/// The package that compares servers, the one with our server, and the program that holds it.
const DIFFER_PACKAGE: &str = "differ";
const SERVER_PACKAGE: &str = "jetkv-server";
const CLI_PROGRAM: &str = "jetkv";

/// The package that runs the library's suite at other places.
const PLACES_PACKAGE: &str = "places";

/// Returns the steps in the order in which they run.
pub(crate) fn steps() -> [Step; 3] {
    [
        Step { name: "tests", rerun: "cargo test --workspace --locked", run: run_tests },
        example_step(),
        Step {
            name: "command line",
            rerun: "cargo test --package jetkv-cli --test cli --locked -- --include-ignored",
            run: run_command_line,
        },
    ]
}

/// Returns the step that compares our server with the reference. It is no part of `cargo xtask test` as long as there are
/// differences that are known and not mended.
pub(crate) fn differential_step() -> Step {
    Step {
        name: "differential",
        rerun: "cargo run --package differ --locked -- check",
        run: run_differential,
    }
}

/// Returns the step that runs the library's suite at every place beyond a connection. It fetches the reference server.
pub(crate) fn places_step() -> Step {
    Step {
        name: "places",
        rerun: "cargo test --package places --locked -- --include-ignored --test-threads 16",
        run: run_places,
    }
}

/// Returns the step that runs the examples of the library.
pub(crate) fn example_step() -> Step {
    Step { name: "examples", rerun: "cargo xtask examples", run: examples::run }
}

fn run_tests(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    shell::run(&mut shell::cargo(&workspace.workspace_root, &["test", "--workspace", "--locked"]))?;
    Ok(Verdict::Passed)
}

/// Runs the end-to-end test with its slow parts, which are marked `#[ignore]` and thus no part of the first step.
fn run_command_line(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    let Some(package) = workspace.member(CLI_PACKAGE) else {
        return Ok(Verdict::Absent { reason: format!("the workspace has no package {CLI_PACKAGE}") });
    };
    if !package.targets_of_kind("test").any(|target| target.name == CLI_TEST) {
        return Ok(Verdict::Skipped {
            reason: format!("package {CLI_PACKAGE} has no integration test called {CLI_TEST}"),
        });
    }
    let arguments =
        ["test", "--package", CLI_PACKAGE, "--test", CLI_TEST, "--locked", "--", "--include-ignored"];
    shell::run(&mut shell::cargo(&workspace.workspace_root, &arguments))?;
    Ok(Verdict::Passed)
}

/// Most of these tests wait for time to pass, so many run at once.
fn run_places(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    if workspace.member(PLACES_PACKAGE).is_none() {
        return Ok(Verdict::Absent { reason: format!("the workspace has no package {PLACES_PACKAGE}") });
    }
    let arguments =
        ["test", "--package", PLACES_PACKAGE, "--locked", "--", "--include-ignored", "--test-threads", "16"];
    shell::run(&mut shell::cargo(&workspace.workspace_root, &arguments))?;
    Ok(Verdict::Passed)
}

/// Compares our server with the reference on random requests, kills it, and follows watches on it.
fn run_differential(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    if workspace.member(DIFFER_PACKAGE).is_none() {
        return Ok(Verdict::Absent { reason: format!("the workspace has no package {DIFFER_PACKAGE}") });
    }
    let root = &workspace.workspace_root;
    let mut arguments = vec!["run", "--package", DIFFER_PACKAGE, "--locked", "--", "check"];
    let program = workspace.program(CLI_PROGRAM);
    // Until the command line holds the server, the reference is compared with itself.
    let serves = |package: &Package| package.dependencies.iter().any(|each| each.name == SERVER_PACKAGE);
    if workspace.member(CLI_PACKAGE).is_some_and(serves) {
        shell::run(&mut shell::cargo(root, &["build", "--package", CLI_PACKAGE, "--locked"]))?;
        arguments.extend(["--jetkv", program.as_str()]);
    }
    shell::run(&mut shell::cargo(root, &arguments))?;
    Ok(Verdict::Passed)
}
