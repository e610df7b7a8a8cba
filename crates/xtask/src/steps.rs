//! Steps, and running them one after the other until the first that fails.

use crate::error::XtaskError;
use crate::report;
use crate::workspace::Workspace;
use std::time::{Duration, Instant};

/// One step of a chore.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// The step's name in headlines and in the summary.
    pub(crate) name: &'static str,
    /// The command that runs this step alone.
    pub(crate) rerun: &'static str,
    /// What the step does.
    pub(crate) run: fn(&Workspace) -> Result<Verdict, XtaskError>,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It ran and found no fault.
    Passed,
    /// The workspace does not hold the crate that the step is about; this is no fault.
    Absent { reason: String },
    /// It should have run and did not; a fault when `CI=true`.
    Skipped { reason: String },
    /// It ran and found a fault.
    Failed,
}

/// A step that has ended.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    /// The step's name.
    pub(crate) step: &'static str,
    /// How it ended.
    pub(crate) verdict: Verdict,
    /// How long it took.
    pub(crate) took: Duration,
}

/// Whether a skipped step is a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Skips {
    /// Somebody is at work on one thing: skipped steps are only named.
    Allowed,
    /// Nobody reads along, so a skipped step must not look like a good one.
    Forbidden,
}

/// Runs `steps` in order up to the first that fails, and prints a summary.
///
/// # Errors
/// [`XtaskError::Step`] for the step that failed.
pub(crate) fn run(steps: &[Step], workspace: &Workspace) -> Result<(), XtaskError> {
    let skips = skips_from(std::env::var("CI").ok().as_deref());
    let mut finished = Vec::new();
    let result = run_until_failure(steps, workspace, skips, &mut finished);
    report::summary(&finished, steps.len() - finished.len());
    result
}

fn run_until_failure(
    steps: &[Step],
    workspace: &Workspace,
    skips: Skips,
    finished: &mut Vec<Finished>,
) -> Result<(), XtaskError> {
    for step in steps {
        report::headline(step.name, step.rerun);
        let began = now();
        let result = (step.run)(workspace).and_then(|verdict| judge(verdict, skips));
        let verdict = result.as_ref().map_or(Verdict::Failed, Clone::clone);
        let ended = Finished { step: step.name, verdict, took: began.elapsed() };
        report::closing(&ended);
        finished.push(ended);
        result.map_err(|source| XtaskError::Step {
            step: step.name,
            rerun: step.rerun,
            source: Box::new(source),
        })?;
    }
    Ok(())
}

fn judge(verdict: Verdict, skips: Skips) -> Result<Verdict, XtaskError> {
    match (verdict, skips) {
        (Verdict::Skipped { reason }, Skips::Forbidden) => Err(XtaskError::Skipped { reason }),
        (verdict, _) => Ok(verdict),
    }
}

fn skips_from(ci: Option<&str>) -> Skips {
    if ci == Some("true") { Skips::Forbidden } else { Skips::Allowed }
}

#[expect(clippy::disallowed_methods, reason = "the chore tells how long the real machine took")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests;
