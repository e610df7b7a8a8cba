//! Cutting a script down to the steps that a difference needs (delta debugging).

use crate::DifferError;
use crate::pair::{Difference, Outcome, Pace, Pair};
use crate::script::{Action, Script};

/// Returns a smaller script that still shows a difference after the same step, after at most `runs` runs.
///
/// Parts of the script are left out, halves first and single steps last, for as long as the difference remains.
///
/// # Errors
/// As for [`Pair::run`].
pub fn minimise(
    pair: &mut Pair,
    script: &Script,
    difference: &Difference,
    pace: Pace,
    mut runs: usize,
) -> Result<Script, DifferError> {
    // What comes behind the difference is not needed.
    let mut smallest = script.filtered(|at| at <= difference.at);
    let mut part = smallest.steps.len() / 2;
    while part > 0 {
        let mut start = 0;
        let mut has_shrunk = false;
        while start < smallest.steps.len() {
            if runs == 0 {
                return Ok(smallest);
            }
            let cut = start..start + part;
            let candidate = smallest.filtered(|at| !cut.contains(&at));
            if candidate.steps.len() == smallest.steps.len() || !has_connection(&candidate) {
                start += part;
                continue;
            }
            runs -= 1;
            match pair.run(&candidate, pace, None)? {
                Outcome::Different(found) if found.step == difference.step => {
                    smallest = candidate;
                    has_shrunk = true;
                }
                _ => start += part,
            }
        }
        if !has_shrunk || part > smallest.steps.len() {
            part = (part / 2).min(smallest.steps.len() / 2);
        }
    }
    Ok(smallest)
}

fn has_connection(script: &Script) -> bool {
    script.steps.iter().any(|step| matches!(step.action, Action::Open(_)))
}
