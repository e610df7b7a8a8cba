//! Numbers of instructions by work, with the compiler they belong to; how they are stored and compared.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// What every work took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Figures {
    /// What `rustc` says of itself.
    pub(super) compiler: String,
    /// What it compiled for.
    pub(super) target: String,
    /// Instructions of one operation of each work.
    pub(super) works: Vec<(String, u64)>,
}

/// How far figures may be apart before it is a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tolerance {
    /// Both are of the same compiler.
    Narrow,
    /// Compilers differ, and so does what they make of the same source.
    Wide,
}

#[derive(Deserialize)]
struct Stored {
    compiler: String,
    target: String,
    instructions: BTreeMap<String, u64>,
}

impl Figures {
    /// Reads what [`Self::to_toml`] wrote.
    pub(super) fn parse(text: &str) -> Result<Self, toml::de::Error> {
        let Stored { compiler, target, instructions } = toml::from_str(text)?;
        Ok(Self { compiler, target, works: instructions.into_iter().collect() })
    }

    /// Writes the figures as a file that people read in a difference.
    pub(super) fn to_toml(&self) -> String {
        let mut text = format!(
            "{HEAD}compiler = \"{}\"\ntarget = \"{}\"\n\n[instructions]\n",
            self.compiler, self.target
        );
        for (work, count) in &self.works {
            text.push_str(&format!("{work} = {count}\n"));
        }
        text
    }

    /// Returns how far `counted` may be from these.
    pub(super) fn tolerance(&self, counted: &Self) -> Tolerance {
        let same = self.compiler == counted.compiler && self.target == counted.target;
        if same { Tolerance::Narrow } else { Tolerance::Wide }
    }

    /// Tells `say` how each work stands to these figures, and returns what is wrong.
    pub(super) fn compare(
        &self,
        counted: &Self,
        tolerance: Tolerance,
        say: &mut dyn FnMut(&str),
    ) -> Vec<String> {
        let mut faults = Vec::new();
        for (work, now) in &counted.works {
            let Some((_, before)) = self.works.iter().find(|(name, _)| name == work) else {
                faults.push(format!("{work} takes {now} instructions, and no figure of it is stored"));
                continue;
            };
            let permille = change(*before, *now);
            let line = format!("{work}: {now} instructions, {before} before ({})", percent(permille));
            if permille.abs() <= tolerance.permille() {
                say(&line);
            } else if permille > 0 {
                faults.push(format!("{line}: more than {tolerance} more"));
            } else {
                say(&format!("{line}: store it with --renew, or the gain may be lost again unnoticed"));
            }
        }
        let gone = self.works.iter().filter(|(work, _)| counted.works.iter().all(|(name, _)| name != work));
        faults.extend(gone.map(|(work, _)| format!("{work} is stored, and nothing does it any more")));
        faults
    }
}

impl Tolerance {
    fn permille(self) -> i64 {
        match self {
            Self::Narrow => 30,
            Self::Wide => 150,
        }
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.permille() / 10)
    }
}

/// Returns by how many thousandths `now` is above `before`.
fn change(before: u64, now: u64) -> i64 {
    let (before, now) = (i128::from(before), i128::from(now));
    let permille = (now - before) * 1_000 / before.max(1);
    i64::try_from(permille).unwrap_or(i64::MAX)
}

fn percent(permille: i64) -> String {
    let sign = if permille < 0 { '-' } else { '+' };
    format!("{sign}{}.{} %", permille.abs() / 10, permille.abs() % 10)
}

const HEAD: &str = "\
# Instructions of one operation of each work of `bench instructions`, counted by callgrind in the release build.
# `cargo xtask instructions` compares with these; `cargo xtask instructions --renew` writes them.
";

#[cfg(test)]
mod tests;
