//! The step that cuts the power below a running server, on a disk in memory that is mounted through FUSE.

use crate::error::XtaskError;
use crate::shell;
use crate::steps::{Step, Verdict};
use crate::workspace::Workspace;
use std::path::Path;
use std::process::{Command, Stdio};

/// The package of the judge, and the program that it judges.
const PACKAGE: &str = "powercut";
const CLI_PROGRAM: &str = "jetkv";

/// What mounts the disk.
const FUSE: &str = "/dev/fuse";

/// Rounds on each model of a disk; some hundred are run by hand.
const ROUNDS: &str = "8";

/// Returns the step. Where no disk can be mounted it is absent: the engine's tests of power cuts run everywhere.
pub(crate) fn step() -> Step {
    Step { name: "power cuts", rerun: "cargo xtask power-cuts", run }
}

fn run(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    if workspace.member(PACKAGE).is_none() {
        return Ok(Verdict::Absent { reason: format!("the workspace has no package {PACKAGE}") });
    }
    if !Path::new(FUSE).exists() {
        return Ok(Verdict::Absent { reason: format!("there is no {FUSE} here to mount a disk with") });
    }
    let mut judge = Command::new(workspace.program(PACKAGE));
    judge.args(["--rounds", ROUNDS, "--jetkv"]).arg(workspace.program(CLI_PROGRAM));
    judge.current_dir(&workspace.workspace_root).stdin(Stdio::null());
    shell::run(&mut judge)?;
    Ok(Verdict::Passed)
}
