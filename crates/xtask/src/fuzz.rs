//! `cargo xtask fuzz`: builds the fuzz targets for libFuzzer with the stable compiler, and runs one after the other.

use crate::error::XtaskError;
use crate::report;
use crate::shell;
use crate::workspace::Workspace;
use clap::Args;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long, and what.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// How long each target runs, in seconds
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// The targets; all of them if none is named
    targets: Vec<String>,
}

/// Runs the targets up to the first that finds something.
///
/// # Errors
/// What a target or the build reports; the input that made a target fail is in `fuzz/artifacts`.
pub(crate) fn run(options: &Options, workspace: &Workspace) -> Result<(), XtaskError> {
    let fuzz = workspace.workspace_root.join("fuzz");
    let triple = host()?;
    build(&fuzz, &workspace.workspace_root, &triple)?;
    let known = targets(&fuzz)?;
    let chosen = if options.targets.is_empty() { &known } else { &options.targets };
    for target in chosen {
        report::note(&format!("target {target}, {} s", options.seconds));
        let program = fuzz.join("target").join(&triple).join("release").join(target);
        let (corpus, artifacts) = (fuzz.join("corpus").join(target), fuzz.join("artifacts").join(target));
        for directory in [&corpus, &artifacts] {
            std::fs::create_dir_all(directory).map_err(fault(directory))?;
        }
        let mut command = Command::new(program);
        command.arg(&corpus).env("JETKV_FUZZ_SEEDS", &corpus).args(LIMITS);
        command.arg(format!("-max_total_time={}", options.seconds));
        command.arg(format!("-artifact_prefix={}/", artifacts.display()));
        shell::run_within(&mut command, Duration::from_secs(options.seconds) + GRACE)?;
    }
    Ok(())
}

/// The target triple is named so that build scripts and macros are built without instrumentation.
fn build(fuzz: &Path, root: &Path, triple: &str) -> Result<(), XtaskError> {
    let lock = fuzz.join("Cargo.lock");
    if !lock.exists() {
        // The versions that the workspace is tested with.
        std::fs::copy(root.join("Cargo.lock"), &lock).map_err(fault(&lock))?;
    }
    let mut cargo = shell::cargo(fuzz, &["build", "--quiet", "--release", "--bins", "--target", triple]);
    cargo.env("RUSTFLAGS", INSTRUMENTATION.join(" ")).env_remove("CARGO_TARGET_DIR");
    shell::run(&mut cargo)
}

fn host() -> Result<String, XtaskError> {
    let told = shell::output(Command::new("rustc").arg("-vV"))?;
    let told = String::from_utf8_lossy(&told);
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.unwrap_or_default().to_owned())
}

/// Returns the names of all targets, in their order.
#[expect(clippy::disallowed_methods, reason = "the sources of this repository")]
fn targets(fuzz: &Path) -> Result<Vec<String>, XtaskError> {
    let directory = fuzz.join("fuzz_targets");
    let entries = std::fs::read_dir(&directory).map_err(fault(&directory))?;
    let name = |entry: io::Result<std::fs::DirEntry>| {
        let path = entry.ok()?.path();
        let is_source = path.extension().is_some_and(|extension| extension == "rs");
        is_source.then(|| path.file_stem()?.to_str().map(str::to_owned)).flatten()
    };
    let mut names: Vec<String> = entries.filter_map(name).collect();
    names.sort();
    Ok(names)
}

fn fault(path: &Path) -> impl FnOnce(io::Error) -> XtaskError {
    let path: PathBuf = path.to_owned();
    move |source| XtaskError::File { path, source }
}

/// What cargo-fuzz asks the compiler for, without its sanitizer, which only nightly compilers have.
const INSTRUMENTATION: &[&str] = &[
    "--cfg fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Longer than a second is a hang; the memory of one input is bounded by the target itself.
const LIMITS: &[&str] = &["-timeout=1", "-rss_limit_mb=1024", "-max_len=8192", "-print_final_stats=1"];

/// How long a target may take to load its corpus and to end.
const GRACE: Duration = Duration::from_secs(120);
