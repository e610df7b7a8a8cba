//! Rules for the table of compatibility: every case that it names exists, and every row names one or says why there is none.

use super::{Finding, Text, numbered};
use std::path::Path;

/// The document that says which case covers what.
const DOCUMENT: &str = "docs/compat.md";

/// The directory that holds a directory for each suite.
const SUITES: &str = "crates/compat/suites";

/// The heading of the column that names cases.
const HEADING: &str = "case";

/// What a cell begins with that names no case; the reason follows.
const WITHOUT: &str = "none: ";

/// Finds what is wrong with the document among `texts`.
pub(super) fn check(texts: &[Text]) -> Vec<Finding> {
    let path = Path::new(DOCUMENT);
    let Some(document) = texts.iter().find(|each| each.path == path) else {
        return vec![Finding::new(path, 1, "the file is missing; it says which case covers what")];
    };
    let exists = |suite: &str, case: &str| {
        let directory = Path::new(SUITES).join(suite);
        let quoted = format!("\"{case}\"");
        texts.iter().any(|each| each.path.starts_with(&directory) && each.text.contains(&quoted))
    };
    let mut found = Vec::new();
    for (line, cell) in last_cells(&document.text) {
        found.extend(cell_faults(cell, exists).into_iter().map(|fault| Finding::new(path, line, fault)));
    }
    found
}

/// Returns the last cell of each row of the tables whose last column is about cases, with its line.
fn last_cells(text: &str) -> Vec<(usize, &str)> {
    let mut cells = Vec::new();
    let mut in_table = false;
    for (line, content) in numbered(text) {
        let Some(row) = content.strip_prefix('|') else {
            in_table = false;
            continue;
        };
        let last = row.trim_end().trim_end_matches('|').rsplit('|').next().unwrap_or_default().trim();
        if last == HEADING {
            in_table = true;
        } else if in_table && last != "---" {
            cells.push((line, last));
        }
    }
    cells
}

/// Says what is wrong with a cell. `exists` answers for a suite and a case.
fn cell_faults(cell: &str, exists: impl Fn(&str, &str) -> bool) -> Vec<String> {
    if cell.strip_prefix(WITHOUT).is_some_and(|reason| !reason.trim().is_empty()) {
        return Vec::new();
    }
    let named: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
    if named.is_empty() {
        return vec![format!("the row names no case; if there is none, say `{WITHOUT}` and why")];
    }
    let missing =
        named.iter().filter(|name| !name.split_once(':').is_some_and(|(suite, case)| exists(suite, case)));
    missing.map(|name| format!("there is no case `{name}`")).collect()
}

#[cfg(test)]
mod tests;
