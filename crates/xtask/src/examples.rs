//! Running the examples of the library: each must end by itself, without a fault and in time.

use crate::error::XtaskError;
use crate::report;
use crate::shell;
use crate::steps::Verdict;
use crate::workspace::{Target, Workspace};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The package whose examples are run.
const PACKAGE: &str = "jetkv";

/// How long one example may run; building it does not count.
const TIME_MAX: Duration = Duration::from_secs(60);

/// Builds and runs every example of the library, from the root of the repository and with no standard input.
///
/// # Errors
/// For the first example that does not build, fails, or does not end in time.
pub(crate) fn run(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    let Some(package) = workspace.member(PACKAGE) else {
        return Ok(Verdict::Absent { reason: format!("the workspace has no package {PACKAGE}") });
    };
    let examples: Vec<&Target> = package.targets_of_kind("example").collect();
    if examples.is_empty() {
        return Ok(Verdict::Skipped { reason: format!("package {PACKAGE} has no examples") });
    }
    let root = &workspace.workspace_root;
    shell::run(&mut shell::build_all(root))?;
    for example in examples {
        report::note(&format!("example {}", example.name));
        if example.required_features.is_empty() {
            let mut program = Command::new(workspace.program(&format!("examples/{}", example.name)));
            shell::run_within(program.current_dir(root).stdin(Stdio::null()), TIME_MAX)?;
            continue;
        }
        let features = example.required_features.join(",");
        let choice = [
            "--package",
            PACKAGE,
            "--example",
            &example.name,
            "--features",
            &features,
            "--locked",
            "--quiet",
        ];
        shell::run(shell::cargo(root, &["build"]).args(choice))?;
        // On Unix cargo becomes the example, so that killing what we started kills the example.
        shell::run_within(shell::cargo(root, &["run"]).args(choice), TIME_MAX)?;
    }
    Ok(Verdict::Passed)
}
