//! Runs the compatibility suites against the reference server, as the control, and against ours.

mod flags;
mod report;

use compat::{CompatError, Outcome, Peers, Program, Suite, run_suite};
use flags::Flags;
use std::process::{Command, ExitCode};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// The exit code that says that the reference server cannot be had on this machine.
const UNAVAILABLE: u8 = 3;

/// How many suites are prepared at once: one waits for the network while others are compiled.
const PREPARED_AT_ONCE: usize = 3;

fn main() -> ExitCode {
    let Some(flags) = Flags::read(std::env::args().skip(1)) else {
        report::line(flags::USAGE);
        return ExitCode::from(2);
    };
    match run(&flags) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            report::fault(&error);
            match error {
                CompatError::Unavailable { .. } => ExitCode::from(UNAVAILABLE),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

/// Returns whether every suite ran, and well.
fn run(flags: &Flags) -> Result<bool, CompatError> {
    let peers = Peers::in_target();
    if flags.fetch_only {
        return Program::reference(&peers).map(|_| true);
    }
    let wanted =
        |suite: &&Suite| flags.suites.is_empty() || flags.suites.iter().any(|name| name == suite.name);
    let suites: Vec<&Suite> = Suite::ALL.iter().filter(wanted).collect();
    if suites.is_empty() {
        report::line("no suite of that name");
        return Ok(false);
    }
    let servers = servers(flags, &peers)?;
    let mut ready = Vec::new();
    let mut unavailable = 0;
    for (suite, prepared) in suites.iter().zip(prepare(&suites, &peers)) {
        match prepared {
            Ok(()) => ready.push(*suite),
            Err(fault @ CompatError::Unavailable { .. }) => {
                unavailable += 1;
                report::skipped(suite, &fault);
            }
            Err(fault) => return Err(fault),
        }
    }
    let results: Vec<_> = servers.iter().map(|server| drive(&ready, server, &peers)).collect();
    let names: Vec<&str> = servers.iter().map(Program::name).collect();
    report::results(&ready, &names, &results, flags.verbose);
    let well = results.iter().flatten().all(|result| result.as_ref().is_ok_and(Outcome::all_well));
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    if unavailable > 0 {
        let meaning = if ci { "a failure because CI=true" } else { "no failure here, but one when CI=true" };
        report::line(&format!(
            "{unavailable} suite(s) SKIPPED because something could not be fetched: {meaning}"
        ));
    }
    Ok(well && !(ci && unavailable > 0))
}

fn servers(flags: &Flags, peers: &Peers) -> Result<Vec<Program>, CompatError> {
    let reference = (!flags.without_reference).then(|| Program::reference(peers)).transpose()?;
    Ok(reference.into_iter().chain(flags.jetkv.clone().map(Program::jetkv)).collect())
}

/// Fetches and builds what the suites need, several at a time, and tells for each whether it worked.
fn prepare(suites: &[&Suite], peers: &Peers) -> Vec<Result<(), CompatError>> {
    report::line(&format!("preparing {} suite(s)", suites.len()));
    let mut results: Vec<_> = suites.iter().map(|_| Ok(())).collect();
    let waiting = Mutex::new(suites.iter().zip(&mut results));
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    thread::scope(|scope| {
        for _ in 0..PREPARED_AT_ONCE {
            scope.spawn(|| {
                while let Some((suite, result)) = next() {
                    *result = suite.prepare(peers).map(drop);
                    report::line(&format!("prepared {} for {}", suite.name, suite.client));
                }
            });
        }
    });
    results
}

/// Runs all suites at once, each against a server of its own.
fn drive(suites: &[&Suite], server: &Program, peers: &Peers) -> Vec<Result<Outcome, CompatError>> {
    report::line(&format!("running {} suite(s) against {}", suites.len(), server.name()));
    thread::scope(|scope| {
        let start = |suite: &&Suite| {
            let command: Result<Command, CompatError> = suite.prepare(peers);
            scope.spawn(move || run_suite(command?, server))
        };
        let running: Vec<_> = suites.iter().map(start).collect();
        running
            .into_iter()
            .map(|each| each.join().unwrap_or_else(|fault| std::panic::resume_unwind(fault)))
            .collect()
    })
}
