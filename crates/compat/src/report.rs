//! Everything that the runner prints.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the runner is a program for people who read its output"
)]

use compat::{CompatError, Outcome, Suite};
use std::error::Error;

/// How many lines of a server's log are shown beside a suite that failed.
const LOG_LINES: usize = 12;

/// Prints one line of information.
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// Prints an error and its causes on standard error.
pub(crate) fn fault(error: &CompatError) {
    eprintln!("error: {}", with_causes(error));
}

/// Prints that a suite is left out, and why.
pub(crate) fn skipped(suite: &Suite, fault: &CompatError) {
    println!("SKIPPED {}: {}", suite.name, with_causes(fault));
}

/// Prints what went wrong, and the table: a row for each suite, a column for each server.
pub(crate) fn results(
    suites: &[&Suite],
    servers: &[&str],
    results: &[Vec<Result<Outcome, CompatError>>],
    verbose: bool,
) {
    for (server, outcomes) in servers.iter().zip(results) {
        for (suite, outcome) in suites.iter().zip(outcomes) {
            details(suite, server, outcome, verbose);
        }
    }
    println!("\n{:14} {:30} {}", "suite", "client", servers.map_row(|server| (*server).to_owned()));
    for (row, suite) in suites.iter().enumerate() {
        let cells = results.map_row(|outcomes| outcomes.get(row).map(cell).unwrap_or_default());
        println!("{:14} {:30} {cells}", suite.name, suite.client);
    }
}

fn details(suite: &Suite, server: &str, outcome: &Result<Outcome, CompatError>, verbose: bool) {
    match outcome {
        Err(fault) => println!("\nFAIL {} against {server}: {}", suite.name, with_causes(fault)),
        Ok(outcome) if verbose => println!("\n=== {} against {server}\n{}", suite.name, outcome.output),
        Ok(outcome) if !outcome.all_well() => {
            println!("\n=== {} against {server}", suite.name);
            for line in outcome.output.lines().filter(|line| !line.starts_with("ok ")) {
                println!("{line}");
            }
            println!("(the program ended with {}; the server's last words:)", outcome.status);
            let log: Vec<&str> = outcome.server_log.lines().collect();
            for line in &log[log.len().saturating_sub(LOG_LINES)..] {
                println!("  {line}");
            }
        }
        Ok(_) => {}
    }
}

fn cell(outcome: &Result<Outcome, CompatError>) -> String {
    match outcome {
        Err(_) => "FAIL: no verdicts".to_owned(),
        Ok(outcome) => {
            let verdicts = &outcome.verdicts;
            let seconds = outcome.took.as_secs_f64();
            match (outcome.all_well(), verdicts.complete) {
                (true, _) => format!("{} ok, {seconds:.1} s", verdicts.passed),
                (false, true) => {
                    format!("FAIL {} of {}", verdicts.failed.len(), verdicts.failed.len() + verdicts.passed)
                }
                (false, false) => format!("FAIL: ended early after {}", verdicts.passed),
            }
        }
    }
}

fn with_causes(error: &CompatError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(each) = cause {
        text.push_str(&format!(": {each}"));
        cause = each.source();
    }
    text
}

/// Formats the cells of a row in columns of equal width.
trait Row<T> {
    fn map_row(&self, cell: impl Fn(&T) -> String) -> String;
}

impl<T> Row<T> for [T] {
    fn map_row(&self, cell: impl Fn(&T) -> String) -> String {
        self.iter().map(|each| format!("{:26}", cell(each))).collect()
    }
}
