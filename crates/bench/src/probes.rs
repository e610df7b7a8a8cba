//! What the machine takes by itself, measured in every run beside everything else: no store and no server can be below it.

use crate::goals::MACHINE;
use crate::report::Summary;
use crate::results::Row;
use crate::{Outcome, gauge};
use std::fmt::Write;
use std::path::Path;

/// Figures of the machine, run by run, in microseconds.
#[derive(Debug, Default)]
pub(crate) struct Probes {
    values: Vec<(&'static str, Vec<f64>)>,
}

impl Probes {
    /// Measures all of them once; files are in `dir`.
    pub(crate) fn sample(&mut self, dir: &Path) -> Outcome<()> {
        self.add(SYNC, gauge::append_and_sync(dir, TIMES)?.as_secs_f64());
        self.add(WRITE, gauge::append(dir, TIMES)?.as_secs_f64());
        self.add(TRIP, gauge::tcp_round_trip(TIMES)?.as_secs_f64());
        Ok(())
    }

    fn add(&mut self, title: &'static str, seconds: f64) {
        match self.values.iter_mut().find(|(name, _)| *name == title) {
            Some((_, values)) => values.push(seconds * 1e6),
            None => self.values.push((title, vec![seconds * 1e6])),
        }
    }

    /// Writes them as lines of a list.
    pub(crate) fn lines(&self) -> Outcome<String> {
        let mut text = String::new();
        for row in self.rows() {
            writeln!(text, "- {}: {} {MEASURE}", row.work, row.summary)?;
        }
        Ok(text)
    }

    /// Returns them as figures.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let row = |(title, values): &(&str, Vec<f64>)| {
            let (work, measure, of) = ((*title).to_owned(), MEASURE.to_owned(), MACHINE.to_owned());
            Summary::of(values).map(|summary| Row { work, measure, of, summary })
        };
        self.values.iter().filter_map(row).collect()
    }
}

/// The names of the figures, and their unit.
pub(crate) const SYNC: &str = "fdatasync after an append of 160 bytes";
/// See [`SYNC`].
pub(crate) const WRITE: &str = "append of 160 bytes, not synced";
/// See [`SYNC`].
pub(crate) const TRIP: &str = "one byte to another thread and back over loopback TCP";
/// See [`SYNC`].
pub(crate) const MEASURE: &str = "µs";

const TIMES: u64 = 500;
