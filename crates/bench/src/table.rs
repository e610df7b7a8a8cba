//! A report: a line per figure, a column per server or size, and the ratio of the last column to the first.

use crate::report::{Summary, aligned, rounded};
use crate::results::Row;
use std::collections::BTreeMap;

/// Every value that was measured, in the order of the first run.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<(String, &'static str)>,
    values: BTreeMap<(usize, usize), Vec<f64>>,
}

impl Table {
    /// Adds the value that server number `column` reached in one run.
    pub(crate) fn add(&mut self, column: usize, work: &str, measure: &'static str, value: f64) {
        let found = self.rows.iter().position(|(title, unit)| title == work && *unit == measure);
        let row = found.unwrap_or_else(|| {
            self.rows.push((work.to_owned(), measure));
            self.rows.len() - 1
        });
        self.values.entry((row, column)).or_default().push(value);
    }

    /// Writes the rows as Markdown.
    pub(crate) fn markdown(&self, servers: &[&str]) -> String {
        let mut head = vec!["work".to_owned(), "measure".to_owned()];
        head.extend(servers.iter().map(ToString::to_string));
        let compared = servers.len() > 1;
        if let (true, Some(first), Some(last)) = (compared, servers.first(), servers.last()) {
            head.push(format!("{last} / {first}"));
        }
        let mut lines = vec![head];
        for (row, (work, measure)) in self.rows.iter().enumerate() {
            let summaries: Vec<Option<Summary>> =
                (0..servers.len()).map(|column| self.of_row(row, column)).collect();
            let mut line = vec![work.clone(), (*measure).to_owned()];
            line.extend(summaries.iter().map(|summary| match summary {
                Some(summary) => summary.to_string(),
                None => "-".to_owned(),
            }));
            if compared {
                line.push(match (summaries.first(), summaries.last()) {
                    (Some(Some(first)), Some(Some(last))) if first.median > 0.0 => {
                        rounded(last.median / first.median)
                    }
                    _ => "-".to_owned(),
                });
            }
            lines.push(line);
        }
        aligned(&lines)
    }

    /// Sums up what one column reached, if it was measured.
    pub(crate) fn summary(&self, column: usize, work: &str, measure: &str) -> Option<Summary> {
        let row = self.rows.iter().position(|(title, unit)| title == work && *unit == measure)?;
        self.of_row(row, column)
    }

    /// Returns every figure with the name of its column.
    pub(crate) fn results(&self, columns: &[&str]) -> Vec<Row> {
        let mut found = Vec::new();
        for (row, (work, measure)) in self.rows.iter().enumerate() {
            for (column, name) in columns.iter().enumerate() {
                if let Some(summary) = self.of_row(row, column) {
                    let (work, measure, of) = (work.clone(), (*measure).to_owned(), (*name).to_owned());
                    found.push(Row { work, measure, of, summary });
                }
            }
        }
        found
    }

    fn of_row(&self, row: usize, column: usize) -> Option<Summary> {
        self.values.get(&(row, column)).and_then(|values| Summary::of(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_order_and_compare_the_last_server_with_the_first() {
        let mut table = Table::default();
        for value in [4.0, 6.0, 5.0] {
            table.add(0, "put", "µs", value);
            table.add(1, "put", "µs", value / 5.0);
        }
        table.add(0, "get", "µs", 3.0);
        let text = table.markdown(&["nats-server", "jetkv"]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].contains("| jetkv / nats-server |"), "{text}");
        assert!(lines[2].starts_with("| put ") && lines[2].contains("| 0.200 "), "{text}");
        assert!(lines[3].starts_with("| get ") && lines[3].contains("| - "), "{text}");
    }
}
