//! Medians, spreads and ratios as a Markdown table.

use crate::engines::EngineName;
use crate::results;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Every value that was measured, by row and engine, in the order of the runs.
#[derive(Debug, Default)]
pub(crate) struct Samples(BTreeMap<(String, EngineName), Vec<f64>>);

/// Median, least and greatest of the runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Summary {
    /// The middle value; the mean of the two if their number is even.
    pub(crate) median: f64,
    /// The least value.
    pub(crate) min: f64,
    /// The greatest value.
    pub(crate) max: f64,
}

impl Samples {
    /// Adds the value of one run.
    pub(crate) fn add(&mut self, row: String, engine: EngineName, value: f64) {
        self.0.entry((row, engine)).or_default().push(value);
    }

    /// Sums up a row of an engine, if it was measured.
    pub(crate) fn summary(&self, row: &str, engine: EngineName) -> Option<Summary> {
        Summary::of(self.0.get(&(row.to_owned(), engine))?)
    }

    /// Writes the table: a line per workload, a column per engine.
    pub(crate) fn table(&self, engines: &[EngineName]) -> String {
        let mut lines = vec![vec!["work".to_owned(), "unit".to_owned()]];
        lines[0].extend(engines.iter().map(ToString::to_string));
        for row in ROWS {
            let mut cells = vec![row.title.to_owned(), row.unit.to_owned()];
            cells.extend(engines.iter().map(|engine| self.cell(row.name, *engine)));
            if cells[2..].iter().any(|cell| cell != NOT_MEASURED) {
                lines.push(cells);
            }
        }
        aligned(&lines)
    }

    /// Returns every figure.
    pub(crate) fn results(&self) -> Vec<results::Row> {
        let mut found = Vec::new();
        for row in ROWS {
            for engine in EngineName::ALL {
                if let Some(summary) = self.summary(row.name, *engine) {
                    let (work, measure) = (row.title.to_owned(), row.unit.to_owned());
                    found.push(results::Row { work, measure, of: engine.to_string(), summary });
                }
            }
        }
        found
    }

    fn cell(&self, row: &str, engine: EngineName) -> String {
        let Some(summary) = self.summary(row, engine) else { return NOT_MEASURED.to_owned() };
        match self.summary(row, EngineName::Jetkv) {
            Some(own) if engine != EngineName::Jetkv && own.median > 0.0 => {
                format!("{summary} ×{}", rounded(summary.median / own.median))
            }
            _ => summary.to_string(),
        }
    }
}

impl Summary {
    /// Sums up values, unless there are none.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median = match sorted.len() % 2 {
            0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
            _ => sorted[middle],
        };
        Some(Self { median, min, max })
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}–{})", rounded(self.median), rounded(self.min), rounded(self.max))
    }
}

/// Writes a number with about three digits that mean something.
pub(crate) fn rounded(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size < 0.1 => format!("{value:.4}"),
        size if size < 1.0 => format!("{value:.3}"),
        size if size < 10.0 => format!("{value:.2}"),
        size if size < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// Writes a Markdown table whose first line is the head.
pub(crate) fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        for (cell, width) in line.iter().zip(&widths) {
            let _ = write!(text, "| {cell:width$} ");
        }
        text.push_str("|\n");
        if number == 0 {
            widths.iter().for_each(|width| {
                let _ = write!(text, "| {} ", "-".repeat(*width));
            });
            text.push_str("|\n");
        }
    }
    text
}

struct Row {
    name: &'static str,
    title: &'static str,
    unit: &'static str,
}

const fn row(name: &'static str, title: &'static str, unit: &'static str) -> Row {
    Row { name, title, unit }
}

const NOT_MEASURED: &str = "-";

/// Less is better in every row.
const ROWS: &[Row] = &[
    row("load.cpu", "put, not synced: CPU", "µs/put"),
    row("load.wall", "put, not synced: wall", "µs/put"),
    row("overwrite.cpu", "overwrite, not synced: CPU", "µs/put"),
    row("overwrite.wall", "overwrite, not synced: wall", "µs/put"),
    row("get1.cpu", "random get, 1 thread: CPU", "µs/get"),
    row("get1.wall", "random get, 1 thread: wall", "µs/get"),
    row("get2.cpu", "random get, 2 threads: CPU", "µs/get"),
    row("get2.wall", "random get, 2 threads: wall", "µs/get"),
    row("durable1.p50", "durable put, 1 writer: median", "µs"),
    row("durable1.p99", "durable put, 1 writer: 99 %", "µs"),
    row("durable1.cpu", "durable put, 1 writer: CPU", "µs/put"),
    row("durable1.syncs", "durable put, 1 writer: syncs", "per put"),
    row("durable8.wall", "durable put, 8 writers: wall", "µs/put"),
    row("durable8.p50", "durable put, 8 writers: median", "µs"),
    row("durable8.cpu", "durable put, 8 writers: CPU", "µs/put"),
    row("durable8.syncs", "durable put, 8 writers: syncs", "per put"),
    row("durable64.wall", "durable put, many writers: wall", "µs/put"),
    row("durable64.p50", "durable put, many writers: median", "µs"),
    row("durable64.p99", "durable put, many writers: 99 %", "µs"),
    row("durable64.cpu", "durable put, many writers: CPU", "µs/put"),
    row("durable64.syncs", "durable put, many writers: syncs", "per put"),
    row("batch.wall", "durable batch of 1,000: wall", "µs/record"),
    row("batch.cpu", "durable batch of 1,000: CPU", "µs/record"),
    row("scan_values.cpu", "scan of 1,000 with values: CPU", "µs/key"),
    row("scan_values.wall", "scan of 1,000 with values: wall", "µs/key"),
    row("scan_keys.cpu", "scan of 1,000, keys only: CPU", "µs/key"),
    row("scan_keys.wall", "scan of 1,000, keys only: wall", "µs/key"),
    row("scan_first.ms", "first scan after an opening: wall", "ms"),
    row("count.cpu", "count of all keys: CPU", "µs"),
    row("watch.p50", "watch, change to event: median", "µs"),
    row("watch.p99", "watch, change to event: 99 %", "µs"),
    row("open.clean.ms", "open after a clean stop", "ms"),
    row("open.dirty.ms", "open after an abort", "ms"),
    row("load.memory", "memory after load", "bytes/key"),
    row("load.index", "index after load, key included", "bytes/key"),
    row("open.clean.memory", "memory after open", "bytes/key"),
    row("open.clean.index", "index after open, key included", "bytes/key"),
    row("load.allocated", "disk after load, allocated", "bytes/key"),
    row("load.length", "disk after load, file lengths", "bytes/key"),
    row("overwrite.allocated", "disk after overwrite, allocated", "bytes/key"),
    row("overwrite.length", "disk after overwrite, file lengths", "bytes/key"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_has_the_median_the_spread_and_the_ratio() {
        let mut samples = Samples::default();
        for value in [3.0, 1.0, 2.0] {
            samples.add("get1.cpu".to_owned(), EngineName::Jetkv, value);
        }
        let table = samples.table(&[EngineName::Jetkv]);
        assert!(table.contains("| 2.00 (1.00–3.00) |"), "{table}");
        assert!(!table.contains("load"), "rows that nobody measured stay out: {table}");
        assert_eq!(Summary::of(&[4.0, 1.0]).unwrap().median, 2.5);
    }
}
