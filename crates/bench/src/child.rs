//! Phases in processes of their own: the parent starts this program again, the child prints its figures.

use crate::Outcome;
use crate::engines::EngineName;
use crate::flags::Flags;
use crate::phases::{Figures, Phase};
use crate::sizes::Sizes;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs `phase` in a child process and returns what it measured.
pub(crate) fn spawn(phase: Phase, engine: EngineName, dir: &Path, sizes: &Sizes) -> Outcome<Figures> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(COMMAND).arg("--phase").arg(phase.to_string()).arg("--engine").arg(engine.as_str());
    command.arg("--dir").arg(dir);
    for (name, value) in sizes.named() {
        command.arg(format!("--{name}")).arg(value.to_string());
    }
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8(output.stdout)?;
    let aborted = phase == Phase::Crash && text.lines().any(|line| line == ABORTING);
    if !output.status.success() && !aborted {
        return Err(format!("{engine} failed in phase {phase}: {}", output.status).into());
    }
    let mut figures = Figures::default();
    for line in text.lines().filter_map(|line| line.strip_prefix(FIGURE)) {
        let (row, value) = line.split_once(' ').ok_or("a figure without a value")?;
        figures.push(row, value.parse()?);
    }
    Ok(figures)
}

/// Is the child.
pub(crate) fn run(mut flags: Flags) -> Outcome<()> {
    let phase: Phase = flags.take_optional("phase")?.ok_or("--phase is missing")?;
    let engine: EngineName = flags.take_optional("engine")?.ok_or("--engine is missing")?;
    let dir: PathBuf = flags.take_optional("dir")?.ok_or("--dir is missing")?;
    let sizes = Sizes::take(&mut flags)?;
    flags.finish()?;
    for (row, value) in phase.run(engine, &dir, &sizes)?.0 {
        println!("{FIGURE}{row} {value}");
    }
    Ok(())
}

/// The command that only this program gives itself.
pub(crate) const COMMAND: &str = "child-phase";
/// What the child of [`Phase::Crash`] says last, so that an abort for another reason is not taken for success.
pub(crate) const ABORTING: &str = "aborting as asked";

const FIGURE: &str = "figure ";
