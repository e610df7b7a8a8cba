//! The figures of all sections in one file of plain text, from which plots, the table of goals and the headlines are made.

use crate::Outcome;
use crate::report::Summary;
use std::fmt::Write;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// One figure of one section.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// What was done.
    pub(crate) work: String,
    /// What was measured of it, with its unit.
    pub(crate) measure: String,
    /// Whose it is: a server, an engine.
    pub(crate) of: String,
    /// Median and spread of the runs.
    pub(crate) summary: Summary,
}

/// What the last run of each section measured.
#[derive(Debug, Default)]
pub(crate) struct Results {
    rows: Vec<(String, Row)>,
}

impl Results {
    /// Reads the file at `path`; one that is not there holds nothing.
    pub(crate) fn read(path: &Path) -> Outcome<Self> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error.into()),
        };
        Self::parse(&text)
    }

    /// Replaces what is stored of `section` beside the document at `markdown`.
    pub(crate) fn store(markdown: &Path, section: &str, rows: Vec<Row>) -> Outcome<()> {
        let path = path_beside(markdown);
        let mut results = Self::read(&path)?;
        results.replace(section, rows);
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        Ok(fs::write(&path, results.to_text()?)?)
    }

    /// Finds the median of a figure; `work` is the beginning of its name, which may go on with a size.
    pub(crate) fn median(&self, section: &str, work: &str, measure: &str, of: &str) -> Option<f64> {
        let is_it = |row: &Row| row.work.starts_with(work) && row.measure == measure && row.of == of;
        self.section(section).find(|row| is_it(row)).map(|row| row.summary.median)
    }

    /// Returns the rows of a section.
    pub(crate) fn section<'a>(&'a self, section: &'a str) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().filter(move |(name, _)| name == section).map(|(_, row)| row)
    }

    /// Replaces what is known of `section`.
    pub(crate) fn replace(&mut self, section: &str, rows: Vec<Row>) {
        self.rows.retain(|(name, _)| name != section);
        self.rows.extend(rows.into_iter().map(|row| (section.to_owned(), row)));
        // Sections in one order, whichever was measured last; rows stay in theirs.
        self.rows.sort_by(|(one, _), (other, _)| one.cmp(other));
    }

    fn parse(text: &str) -> Outcome<Self> {
        let mut results = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let fields: Vec<&str> = line.split('\t').collect();
            let &[section, work, measure, of, median, min, max] = fields.as_slice() else {
                return Err(format!("not a figure: {line:?}").into());
            };
            let summary = Summary { median: median.parse()?, min: min.parse()?, max: max.parse()? };
            let (work, measure, of) = (work.to_owned(), measure.to_owned(), of.to_owned());
            results.rows.push((section.to_owned(), Row { work, measure, of, summary }));
        }
        Ok(results)
    }

    fn to_text(&self) -> Outcome<String> {
        let mut text = HEAD.to_owned();
        for (section, Row { work, measure, of, summary: Summary { median, min, max } }) in &self.rows {
            writeln!(text, "{section}\t{work}\t{measure}\t{of}\t{median:.6}\t{min:.6}\t{max:.6}")?;
        }
        Ok(text)
    }
}

/// Returns where the figures of the document at `markdown` are.
pub(crate) fn path_beside(markdown: &Path) -> PathBuf {
    dir_beside(markdown).join("figures.tsv")
}

/// Returns the directory for what belongs to the document at `markdown`.
pub(crate) fn dir_beside(markdown: &Path) -> PathBuf {
    markdown.with_extension("")
}

const HEAD: &str = "# section\twork\tmeasure\tof\tmedian\tleast\tgreatest\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn row(work: &str, of: &str, median: f64) -> Row {
        let summary = Summary { median, min: median / 2.0, max: median * 2.0 };
        Row { work: work.to_owned(), measure: "µs".to_owned(), of: of.to_owned(), summary }
    }

    #[test]
    fn a_section_replaces_its_own_rows_only() {
        let mut results = Results::default();
        results.replace("net", vec![row("put, 1,000 in flight", "jetkv", 1.5)]);
        results.replace("embedded", vec![row("put", "fjall", 4.0)]);
        results.replace("net", vec![row("put, 1,000 in flight", "jetkv", 1.25)]);
        let again = Results::parse(&results.to_text().unwrap()).unwrap();
        assert_eq!(again.rows, results.rows);
        assert_eq!(again.median("net", "put,", "µs", "jetkv"), Some(1.25));
        assert_eq!(again.median("embedded", "put", "µs", "fjall"), Some(4.0));
        assert_eq!(again.median("embedded", "put", "µs", "jetkv"), None);
        assert_eq!(again.section("net").count(), 1);
        assert!(Results::parse("net\tput\n").is_err());
    }
}
