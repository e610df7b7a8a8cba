//! `cargo xtask instructions`: how many instructions fixed pieces of work take, compared with what they took before.
//!
//! Callgrind counts them, so a busy machine changes nothing. What is counted is what ships: the release build of the
//! engine and the server, driven by `bench instructions`.

mod figures;

use crate::error::XtaskError;
use crate::report;
use crate::shell;
use crate::steps::{Step, Verdict};
use crate::workspace::Workspace;
use figures::{Figures, Tolerance};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The package that does the work, and the file with what it took before.
const PACKAGE: &str = "bench";
const STORED: &str = "crates/bench/instructions.toml";

/// What callgrind counts: everything that the thread does inside of this function.
const MEASURED: &str = "*instructions*measured*";

/// What the work says before the number of its operations.
const OPERATIONS: &str = "operations ";

/// Returns the step of this chore.
pub(crate) fn step() -> Step {
    Step { name: "instructions", rerun: "cargo xtask instructions", run: compare }
}

/// Counts anew and stores the figures as what is right from now on.
///
/// # Errors
/// If something does not build or run, or callgrind is missing.
pub(crate) fn renew(workspace: &Workspace) -> Result<(), XtaskError> {
    let Some(valgrind) = valgrind() else { return Err(XtaskError::Skipped { reason: MISSING.to_owned() }) };
    report::note(&valgrind);
    let counted = count(workspace)?;
    let path = workspace.workspace_root.join(STORED);
    fs::write(&path, counted.to_toml()).map_err(|source| XtaskError::Golden { path, source })
}

fn compare(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    if workspace.member(PACKAGE).is_none() {
        return Ok(Verdict::Absent { reason: format!("the workspace has no package {PACKAGE}") });
    }
    let Some(valgrind) = valgrind() else { return Ok(Verdict::Skipped { reason: MISSING.to_owned() }) };
    let path = workspace.workspace_root.join(STORED);
    let text = fs::read_to_string(&path).map_err(|source| XtaskError::Read { path: path.clone(), source })?;
    let stored = Figures::parse(&text)
        .map_err(|source| XtaskError::InstructionFile { path, source: Box::new(source) })?;
    let counted = count(workspace)?;
    let tolerance = stored.tolerance(&counted);
    if tolerance == Tolerance::Wide {
        report::note(&format!(
            "the stored figures are of {} on {}, these of {} on {} with {valgrind}: only differences beyond {tolerance} are \
             faults; `cargo xtask instructions --renew` stores these",
            stored.compiler, stored.target, counted.compiler, counted.target
        ));
    }
    let faults = stored.compare(&counted, tolerance, &mut |line| report::note(line));
    faults.iter().for_each(|fault| report::finding(fault));
    if faults.is_empty() {
        return Ok(Verdict::Passed);
    }
    report::note(&format!(
        "`callgrind_annotate {}/WORK.callgrind` tells where they go; if the change is worth it, \
         `cargo xtask instructions --renew` stores the new figures, in the same commit",
        profiles(workspace).display()
    ));
    Err(XtaskError::Findings { count: faults.len() })
}

fn count(workspace: &Workspace) -> Result<Figures, XtaskError> {
    let root = &workspace.workspace_root;
    shell::run(&mut shell::cargo(
        root,
        &["build", "--release", "--package", PACKAGE, "--locked", "--quiet"],
    ))?;
    let program = workspace.release_program(PACKAGE);
    let profiles = profiles(workspace);
    fs::create_dir_all(&profiles).map_err(|source| XtaskError::Read { path: profiles.clone(), source })?;
    let (compiler, target) = compiler()?;
    let names = shell::output(command(&program, root).arg("instructions"))?;
    let names = String::from_utf8_lossy(&names).into_owned();
    let names: Vec<&str> = names.lines().collect();
    let next = AtomicUsize::new(0);
    // Each works through what is left: who shares the machine changes the time, not the figures.
    let work = || {
        let mut counted = Vec::new();
        while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
            let each = count_one(&program, name, workspace, &profiles.join(format!("{name}.callgrind")))?;
            counted.push(((*name).to_owned(), each));
        }
        Ok(counted)
    };
    let counted = thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, Result<Vec<_>, XtaskError>>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect::<Result<Vec<_>, XtaskError>>()
    })?;
    let mut works: Vec<(String, u64)> = counted.into_iter().flatten().collect();
    works.sort_by_key(|(work, _)| names.iter().position(|name| name == work));
    Ok(Figures { compiler, target, works })
}

/// Returns the instructions of one operation of a work.
fn count_one(program: &Path, name: &str, workspace: &Workspace, profile: &Path) -> Result<u64, XtaskError> {
    let root = &workspace.workspace_root;
    let log = profile.with_extension("log");
    let mut valgrind = command(Path::new(VALGRIND), root);
    valgrind.args(["--tool=callgrind", "--quiet"]).arg(format!("--toggle-collect={MEASURED}"));
    valgrind.arg(format!("--log-file={}", log.display()));
    valgrind.arg(format!("--callgrind-out-file={}", profile.display()));
    valgrind
        .arg(program)
        .args(["instructions", "--work", name, "--dir"])
        .arg(profile.with_extension("store"));
    let printed = String::from_utf8_lossy(&shell::output(&mut valgrind)?).into_owned();
    let told = fs::read_to_string(profile)
        .map_err(|source| XtaskError::Read { path: profile.to_owned(), source })?;
    let number = |text: &str, before: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(before))?;
        line.trim().parse::<u64>().ok().filter(|number| *number > 0)
    };
    match (number(&told, TOTALS), number(&printed, OPERATIONS)) {
        (Some(instructions), Some(operations)) => Ok(instructions / operations),
        _ => Err(XtaskError::Uncounted { work: name.to_owned() }),
    }
}

fn command(program: &Path, root: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root).stdin(Stdio::null());
    command
}

/// Returns where callgrind leaves what it counted.
fn profiles(workspace: &Workspace) -> PathBuf {
    workspace.target_directory.join("instructions")
}

/// Returns what valgrind says of its version, if it is there.
fn valgrind() -> Option<String> {
    let output = Command::new(VALGRIND).arg("--version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

/// Returns the compiler's version and what it compiles for.
fn compiler() -> Result<(String, String), XtaskError> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let told = shell::output(Command::new(rustc).arg("-vV").stdin(Stdio::null()))?;
    let told = String::from_utf8_lossy(&told).into_owned();
    let host = told.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or("an unknown machine");
    Ok((told.lines().next().unwrap_or("an unknown compiler").to_owned(), host.to_owned()))
}

const VALGRIND: &str = "valgrind";

/// Works that are counted at the same time.
const AT_ONCE: usize = 2;

/// What stands before the sum in a file of callgrind.
const TOTALS: &str = "totals:";

const MISSING: &str = "valgrind is not installed, which counts the instructions: `apt-get install valgrind`";
