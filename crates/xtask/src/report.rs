//! Everything that xtask prints: headlines, findings, the table at the end, errors.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "xtask is a program for people who read its output"
)]

use crate::error::XtaskError;
use crate::steps::{Finished, Verdict};
use std::error::Error;
use std::io::Write;
use std::time::Duration;

/// Prints the line that opens a step.
pub(crate) fn headline(step: &str, rerun: &str) {
    println!("\n=== {step} ({rerun})");
    flush();
}

/// Prints the line that closes a step.
pub(crate) fn closing(finished: &Finished) {
    println!("--- {}: {} in {}", finished.step, verdict(&finished.verdict), seconds(finished.took));
    flush();
}

/// Prints one line of information inside a step.
pub(crate) fn note(text: &str) {
    println!("    {text}");
    flush();
}

/// Prints one finding of a check.
pub(crate) fn finding(text: &str) {
    println!("{text}");
    flush();
}

/// Prints the table of all steps that ran, and the total time.
pub(crate) fn summary(finished: &[Finished], not_run: usize) {
    let width = finished.iter().map(|each| each.step.len()).max().unwrap_or(0);
    println!("\n=== summary");
    for each in finished {
        println!("{:width$}  {:>8}  {}", each.step, seconds(each.took), verdict(&each.verdict));
    }
    let total: Duration = finished.iter().map(|each| each.took).sum();
    println!("{:width$}  {:>8}", "total", seconds(total));
    if not_run > 0 {
        println!("{not_run} further step(s) were not run");
    }
    flush();
}

/// Prints an error and its causes on standard error.
pub(crate) fn failure(error: &XtaskError) {
    eprintln!("error: {error}");
    let mut cause = error.source();
    while let Some(each) = cause {
        eprintln!("  caused by: {each}");
        cause = each.source();
    }
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Passed => "passed".to_owned(),
        Verdict::Absent { reason } => format!("nothing to run: {reason}"),
        Verdict::Skipped { reason } => format!("SKIPPED: {reason}"),
        Verdict::Failed => "FAILED".to_owned(),
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// Keeps our lines in order with those of the programs we start, which write to the same place.
fn flush() {
    // A closed pipe is no fault of the chore.
    let _ = std::io::stdout().flush();
}
