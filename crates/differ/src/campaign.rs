//! Many seeds of one area, and what came of them.

use crate::fault::{Fault, FaultKind};
use crate::pair::{Difference, Outcome, Pace, Pair};
use crate::script::Script;
use crate::{Area, DifferError, minimise};
use compat::Program;
use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::ops::Range;
use testkit::Rng;

/// What is compared.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// The server that is right.
    pub left: Program,
    /// The server that is judged.
    pub right: Program,
    /// The area.
    pub area: Area,
    /// Its seeds; one seed is one script.
    pub seeds: Range<u64>,
    /// After how many differences it ends.
    pub differences_max: usize,
}

/// What came of a campaign.
#[derive(Debug, Default)]
pub struct Tally {
    /// How many scripts ran.
    pub scripts: usize,
    /// How many steps they did, those behind a difference aside.
    pub steps: usize,
    /// How many messages were compared and equal.
    pub messages: usize,
    /// The seeds that met each exception.
    pub excused: BTreeMap<&'static str, Vec<u64>>,
    /// Differences that did not come again each time, with their seeds: the machine was busy, or the reference is of two
    /// minds.
    pub unsteady: Vec<(u64, Difference)>,
    /// The differences.
    pub found: Vec<Finding>,
}

/// A difference with the script that shows it.
#[derive(Debug)]
pub struct Finding {
    /// The script, cut down to what is needed.
    pub script: Script,
    /// What differs.
    pub difference: Difference,
}

impl Campaign {
    /// Runs every seed; differences are run again, cut down, and told to `found` one by one.
    ///
    /// # Errors
    /// As for [`Pair::run`].
    pub fn run(&self, mut found: impl FnMut(&Finding)) -> Result<Tally, DifferError> {
        let mut pair = Pair::start(&self.left, &self.right, self.area.setup())?;
        let mut tally = Tally::default();
        for seed in self.seeds.clone() {
            let script = self.area.script(seed);
            tally.scripts += 1;
            match pair.run(&script, Pace::normal(), None)? {
                Outcome::Same { messages } => {
                    tally.steps += script.steps.len();
                    tally.messages += messages;
                }
                Outcome::Excused { name, at } => {
                    tally.steps += at + 1;
                    tally.excused.entry(name).or_default().push(seed);
                }
                Outcome::Different(first) => {
                    tally.steps += first.at + 1;
                    let before = tally.found.len();
                    look_closer(&mut pair, &script, first, &mut tally)?;
                    tally.found.iter().skip(before).for_each(&mut found);
                }
            }
            if tally.found.len() >= self.differences_max {
                break;
            }
        }
        Ok(tally)
    }

    /// Plants one difference in the answers to every seed, and returns those that were not noticed, with their seeds;
    /// and how many were planted. Both programs must be the same.
    ///
    /// # Errors
    /// As for [`Pair::run`].
    pub fn run_planted(&self) -> Result<(Vec<(u64, Fault)>, usize), DifferError> {
        let mut pair = Pair::start(&self.left, &self.right, self.area.setup())?;
        let (mut missed, mut planted) = (Vec::new(), 0);
        for seed in self.seeds.clone() {
            let script = self.area.script(seed);
            // Where nothing comes back nothing can be planted.
            let Outcome::Same { messages } = pair.run(&script, Pace::normal(), None)? else { continue };
            let mut rng = Rng::new(seed);
            let kind = *rng.pick(&[FaultKind::Change, FaultKind::Drop]);
            let fault = Fault { at: rng.index(messages), kind, seed };
            if messages == 0 {
                continue;
            }
            planted += 1;
            if !matches!(pair.run(&script, Pace::hasty(), Some(fault))?, Outcome::Different(_)) {
                missed.push((seed, fault));
            }
        }
        Ok((missed, planted))
    }
}

/// Runs a script with a difference again and again; if the difference stays, cuts the script down.
fn look_closer(
    pair: &mut Pair,
    script: &Script,
    first: Difference,
    tally: &mut Tally,
) -> Result<(), DifferError> {
    let mut confirmed = first.clone();
    // Once with all patience; then a few times more, since the reference itself takes some decisions by chance.
    for pace in [Pace::slow(), Pace::normal(), Pace::normal()] {
        match pair.run(script, pace, None)? {
            Outcome::Same { messages } => {
                tally.messages += messages;
                tally.unsteady.push((script.seed, first));
                return Ok(());
            }
            Outcome::Excused { name, .. } => {
                tally.excused.entry(name).or_default().push(script.seed);
                return Ok(());
            }
            Outcome::Different(difference) => confirmed = difference,
        }
    }
    let small = minimise(pair, script, &confirmed, Pace::hasty(), MINIMISE_RUNS)?;
    // At the hasty pace the last candidate may have differed by chance.
    let finding = match pair.run(&small, Pace::slow(), None)? {
        Outcome::Different(difference) => Finding { script: small, difference },
        _ => Finding { script: script.filtered(|at| at <= confirmed.at), difference: confirmed },
    };
    tally.found.push(finding);
    Ok(())
}

impl Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} scripts, {} steps, {} messages equal, {} differences",
            self.scripts,
            self.steps,
            self.messages,
            self.found.len()
        )?;
        for (name, seeds) in &self.excused {
            write!(formatter, ", {} × {name}", seeds.len())?;
        }
        if !self.unsteady.is_empty() {
            let seeds: Vec<_> = self.unsteady.iter().map(|(seed, _)| seed).collect();
            write!(formatter, ", unsteady seeds {seeds:?}")?;
        }
        Ok(())
    }
}

impl Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}script:\n{}", self.difference, self.script)
    }
}

const MINIMISE_RUNS: usize = 80;
