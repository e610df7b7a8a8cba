//! The report: a line per figure with its goal, a column per server, and a verdict on the last one.

use super::Program;
use crate::report::{aligned, rounded};
use std::collections::BTreeMap;

/// Every figure, in the order of the steps.
#[derive(Debug, Default)]
pub(super) struct Board {
    rows: Vec<Row>,
    values: BTreeMap<(usize, usize), f64>,
}

#[derive(Debug)]
struct Row {
    work: String,
    measure: &'static str,
    goal: Goal,
}

/// What a figure has to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Goal {
    AtMost(f64),
    Exactly(f64),
    /// It is only told.
    None,
}

impl Board {
    /// Notes what server number `column` reached.
    pub(super) fn note(&mut self, column: usize, work: &str, measure: &'static str, value: f64, goal: Goal) {
        eprintln!("  {work}: {value:.3} {measure}");
        let found = self.rows.iter().position(|row| row.work == work && row.measure == measure);
        let row = found.unwrap_or_else(|| {
            self.rows.push(Row { work: work.to_owned(), measure, goal });
            self.rows.len() - 1
        });
        self.values.insert((row, column), value);
    }

    /// Writes the rows as Markdown.
    pub(super) fn markdown(&self, programs: &[Program]) -> String {
        let mut head = vec!["work".to_owned(), "measure".to_owned(), "goal".to_owned()];
        head.extend(programs.iter().map(|program| program.name.clone()));
        head.push("verdict".to_owned());
        let mut lines = vec![head];
        for (number, row) in self.rows.iter().enumerate() {
            let mut line = vec![row.work.clone(), row.measure.to_owned(), row.goal.text()];
            let values = (0..programs.len()).map(|column| self.values.get(&(number, column)).copied());
            let values: Vec<Option<f64>> = values.collect();
            line.extend(values.iter().map(|value| value.map_or("-".to_owned(), shown)));
            let last = values.last().copied().flatten();
            line.push(last.map_or("-", |value| row.goal.verdict(value)).to_owned());
            lines.push(line);
        }
        aligned(&lines)
    }
}

impl Goal {
    fn text(self) -> String {
        match self {
            Self::AtMost(most) => format!("≤ {}", rounded(most)),
            Self::Exactly(value) => format!("= {}", rounded(value)),
            Self::None => "-".to_owned(),
        }
    }

    fn verdict(self, value: f64) -> &'static str {
        let holds = match self {
            Self::AtMost(most) => value <= most,
            Self::Exactly(wanted) => (value - wanted).abs() < 0.5,
            Self::None => return "-",
        };
        if holds { "reached" } else { "missed" }
    }
}

fn shown(value: f64) -> String {
    if value.is_infinite() { "not in time".to_owned() } else { rounded(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_server_is_judged_by_the_goal() {
        let programs = [Program::reference("a".into()), Program::own("b".into())];
        let mut board = Board::default();
        board.note(0, "idle", "kB", 33.0, Goal::AtMost(10.0));
        board.note(1, "idle", "kB", 9.0, Goal::AtMost(10.0));
        board.note(0, "left", "consumers", 0.0, Goal::Exactly(0.0));
        board.note(1, "left", "consumers", 2.0, Goal::Exactly(0.0));
        board.note(1, "time", "s", f64::INFINITY, Goal::AtMost(6.0));
        let text = board.markdown(&programs);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[2].contains("reached") && lines[3].contains("missed"), "{text}");
        assert!(lines[4].contains("not in time") && lines[4].contains("missed"), "{text}");
    }
}
