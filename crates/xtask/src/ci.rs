//! `cargo xtask ci`: all that a change must pass before it lands.

use crate::error::XtaskError;
use crate::instructions;
use crate::licences;
use crate::report;
use crate::shell;
use crate::steps::{Step, Verdict};
use crate::testing;
use crate::tidy;
use crate::workspace::Workspace;
use std::path::Path;
use std::process::{Command, Stdio};

/// Returns the steps in the order in which they run, the quick ones first.
pub(crate) fn steps() -> Vec<Step> {
    let mut steps = vec![
        Step { name: "format", rerun: "cargo fmt --all --check", run: check_format },
        tidy::step(),
        licence_step(),
        Step {
            name: "clippy",
            rerun: "cargo clippy --workspace --all-targets --locked -- -D warnings",
            run: run_clippy,
        },
        Step {
            name: "clippy-embedded",
            rerun: "cargo clippy --package jetkv --no-default-features --locked -- -D warnings",
            run: run_clippy_embedded,
        },
    ];
    steps.extend(testing::steps());
    steps.push(instructions::step());
    steps.push(Step {
        name: "docs",
        rerun: "RUSTDOCFLAGS='-D warnings' cargo doc --workspace --lib --no-deps --locked",
        run: build_docs,
    });
    steps
}

/// Returns the step that checks licences, sources and bans.
pub(crate) fn licence_step() -> Step {
    Step { name: "licences", rerun: "cargo xtask licences", run: check_licences }
}

fn check_format(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    run_cargo(&workspace.workspace_root, &["fmt", "--all", "--check"])
}

fn run_clippy(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    let arguments = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    run_cargo(&workspace.workspace_root, &arguments)
}

/// The workspace is built with all features of the library, so nothing else looks at it without.
fn run_clippy_embedded(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    let arguments =
        ["clippy", "--package", "jetkv", "--no-default-features", "--locked", "--", "-D", "warnings"];
    run_cargo(&workspace.workspace_root, &arguments)
}

/// Builds the documentation of the libraries. Programs are left out because the program `jetkv` and the library
/// `jetkv` would be written to the same place, which cargo refuses.
fn build_docs(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    let arguments = ["doc", "--workspace", "--lib", "--no-deps", "--locked"];
    shell::run(shell::cargo(&workspace.workspace_root, &arguments).env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(Verdict::Passed)
}

/// Checks with cargo-deny where it is installed, else with the part of its rules that xtask knows.
fn check_licences(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    report::note(
        "advisories are not checked here: that needs cargo-deny and its database from the network; \
         run `cargo deny check advisories`",
    );
    if has_cargo_deny() {
        let arguments = ["deny", "--offline", "check", "licenses", "bans", "sources"];
        return run_cargo(&workspace.workspace_root, &arguments);
    }
    report::note("cargo-deny is not installed; xtask checks licences, sources and bans by deny.toml itself");
    licences::check(workspace)?;
    Ok(Verdict::Passed)
}

fn has_cargo_deny() -> bool {
    let mut command = Command::new("cargo-deny");
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn run_cargo(root: &Path, arguments: &[&str]) -> Result<Verdict, XtaskError> {
    shell::run(&mut shell::cargo(root, arguments))?;
    Ok(Verdict::Passed)
}
