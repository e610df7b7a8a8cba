//! The goals, row by row: our figure, the peer's figure of the same run, the ratio, and whether that is enough.

mod table;

use crate::Outcome;
use crate::report::{aligned, rounded};
use crate::results::Results;
use std::fmt::Write;

/// One line of the table of goals.
pub(crate) struct Goal {
    work: &'static str,
    /// What the ratio is to be.
    bound: Bound,
    ours: Figure,
    peer: Peer,
    /// What stands in the way, said where the goal is missed.
    missed: &'static str,
}

/// Names a figure, but not whose it is.
#[derive(Clone, Copy)]
struct Figure {
    section: &'static str,
    /// The beginning of the name of the work.
    work: &'static str,
    measure: &'static str,
}

/// What our figure is divided by.
#[derive(Clone, Copy)]
enum Peer {
    /// The same figure of nats-server.
    Reference,
    /// The least of the same figure of these engines; less is better in all of those.
    Best(&'static [&'static str]),
    /// What the machine takes: a sum of its figures, each so many times.
    Machine(&'static [(f64, Figure)]),
    /// This many, whatever the machine: the goal is a figure, no ratio.
    Fixed(f64),
}

#[derive(Clone, Copy)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// A goal with what was measured.
struct Judged<'a> {
    goal: &'a Goal,
    ours: f64,
    peer: f64,
    /// Whose figure the peer's is.
    of: String,
}

/// Writes the table of all goals, and says how many are met.
pub(crate) fn section(results: &Results) -> Outcome<String> {
    let mut lines = vec![["work", "goal", "jetkv", "peer", "ratio", "met"].map(str::to_owned).to_vec()];
    let (mut met, mut measured, mut reasons) = (0, 0, String::new());
    for goal in table::GOALS {
        let Some(judged) = goal.judge(results) else {
            lines.push(vec![
                goal.work.to_owned(),
                goal.bound_text(),
                "-".into(),
                "-".into(),
                "-".into(),
                "not measured".into(),
            ]);
            continue;
        };
        measured += 1;
        let verdict = if judged.is_met() { "yes" } else { "**no**" };
        met += u64::from(judged.is_met());
        if !judged.is_met() {
            writeln!(reasons, "- **{}** (×{}): {}", goal.work, rounded(judged.ratio()), goal.missed)?;
        }
        let peer = format!("{}: {}", judged.of, rounded(judged.peer));
        let ours = format!("{} {}", rounded(judged.ours), goal.unit());
        lines.push(vec![
            goal.work.to_owned(),
            goal.bound_text(),
            ours,
            peer,
            rounded(judged.ratio()),
            verdict.to_owned(),
        ]);
    }
    let mut text = format!(
        "## Goals\n\n{met} of {measured} goals are met. Every ratio is of two medians of the same run, ours to the peer's; \
        the sections below have the spread, the sizes and the machine.\n\n{}",
        aligned(&lines)
    );
    if !reasons.is_empty() {
        write!(text, "\nWhat is missed, why, and what would be needed:\n\n{reasons}")?;
    }
    Ok(text)
}

/// Writes the few lines that the README shows.
pub(crate) fn headlines(results: &Results) -> String {
    let mut lines = vec![["", "jetkv", "peer", ""].map(str::to_owned).to_vec()];
    for (title, work) in table::HEADLINES {
        let goal = table::GOALS.iter().find(|goal| goal.work == *work);
        if let Some(judged) = goal.and_then(|goal| goal.judge(results)) {
            let unit = judged.goal.unit();
            lines.push(vec![
                (*title).to_owned(),
                format!("{} {unit}", rounded(judged.ours)),
                format!("{} {unit} ({})", rounded(judged.peer), judged.of),
                judged.headline(),
            ]);
        }
    }
    format!(
        "{}\nMedians of one run on one machine with both sides at the same durability. [docs/benchmarks.md](docs/benchmarks.md) has every \
        figure, the goals that are missed, and how it is measured: `cargo xtask bench`.",
        aligned(&lines)
    )
}

impl Goal {
    fn judge(&self, results: &Results) -> Option<Judged<'_>> {
        let Figure { section, work, measure } = self.ours;
        let ours = results.median(section, work, measure, "jetkv")?;
        let (of, peer) = match self.peer {
            Peer::Reference => {
                ("nats-server".to_owned(), results.median(section, work, measure, "nats-server")?)
            }
            Peer::Best(engines) => {
                let found = engines.iter().filter_map(|engine| {
                    Some(((*engine).to_owned(), results.median(section, work, measure, engine)?))
                });
                found.min_by(|(_, one), (_, other)| one.total_cmp(other))?
            }
            Peer::Machine(parts) => {
                let sum = parts.iter().map(|(times, part)| {
                    Some(times * results.median(part.section, part.work, part.measure, MACHINE)?)
                });
                ("the machine".to_owned(), sum.sum::<Option<f64>>()?)
            }
            Peer::Fixed(number) => ("the goal".to_owned(), number),
        };
        (peer > 0.0).then_some(Judged { goal: self, ours, peer, of })
    }

    fn bound_text(&self) -> String {
        match (self.bound, self.peer) {
            (Bound::AtMost(ratio), Peer::Fixed(number)) => {
                format!("≤ {} {}", exact(ratio * number), self.unit())
            }
            (Bound::AtLeast(ratio), Peer::Fixed(number)) => {
                format!("≥ {} {}", exact(ratio * number), self.unit())
            }
            (Bound::AtMost(ratio), _) => format!("≤ × {}", exact(ratio)),
            (Bound::AtLeast(ratio), _) => format!("≥ × {}", exact(ratio)),
        }
    }

    /// Returns the part of the measure that is a unit: what follows the comma, or all of it.
    fn unit(&self) -> &'static str {
        self.ours.measure.rsplit(", ").next().unwrap_or(self.ours.measure)
    }
}

impl Judged<'_> {
    fn ratio(&self) -> f64 {
        self.ours / self.peer
    }

    fn is_met(&self) -> bool {
        match self.goal.bound {
            Bound::AtMost(most) => self.ratio() <= most,
            Bound::AtLeast(least) => self.ratio() >= least,
        }
    }

    /// Says how many times better or worse ours is.
    fn headline(&self) -> String {
        let better = match self.goal.bound {
            Bound::AtMost(_) => 1.0 / self.ratio(),
            Bound::AtLeast(_) => self.ratio(),
        };
        if better >= 1.0 {
            format!("{} × better", rounded(better))
        } else {
            format!("{} × worse", rounded(1.0 / better))
        }
    }
}

/// Writes a bound as it was set: 0.2, 20, 1.15.
fn exact(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Whose the figures of the machine are.
pub(crate) const MACHINE: &str = "machine";

#[cfg(test)]
mod tests;
