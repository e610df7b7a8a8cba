//! `cargo xtask tidy`: what no other tool checks, as pure functions over text, one file for each check.

mod arrows;
mod cases;
mod documents;
mod sources;
mod words;

use crate::error::XtaskError;
use crate::report;
use crate::steps::{Step, Verdict};
use crate::workspace::Workspace;
use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

/// Something that has to be mended, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// The file, relative to the root of the repository.
    path: PathBuf,
    /// The line, counted from 1.
    line: usize,
    /// What is wrong, and what would be right.
    message: String,
}

/// A file of the repository with its text.
#[derive(Debug)]
struct Text {
    /// The path, relative to the root of the repository.
    path: PathBuf,
    text: String,
}

/// Returns the one step of this chore.
pub(crate) fn step() -> Step {
    Step { name: "tidy", rerun: "cargo xtask tidy", run }
}

fn run(workspace: &Workspace) -> Result<Verdict, XtaskError> {
    let texts = read_texts(workspace)?;
    let mut findings = arrows::check(workspace);
    for text in &texts {
        findings.extend(sources::check(&text.path, &text.text));
        findings.extend(words::check(&text.path, &text.text));
    }
    findings.extend(documents::check(workspace, &texts));
    findings.extend(cases::check(&texts));
    findings.sort();
    for finding in &findings {
        report::finding(&finding.to_string());
    }
    if findings.is_empty() {
        report::note(&format!("{} files checked", texts.len()));
        Ok(Verdict::Passed)
    } else {
        Err(XtaskError::Findings { count: findings.len() })
    }
}

/// Reads every file of the repository that holds UTF-8 text; other files are data and not ours to check.
fn read_texts(workspace: &Workspace) -> Result<Vec<Text>, XtaskError> {
    let mut texts = Vec::new();
    for path in workspace.files()? {
        let place = workspace.workspace_root.join(&path);
        let bytes = std::fs::read(&place).map_err(|source| XtaskError::Read { path: place, source })?;
        if let Ok(text) = String::from_utf8(bytes) {
            texts.push(Text { path, text });
        }
    }
    Ok(texts)
}

impl Finding {
    fn new(path: &Path, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.path.display(), self.line, self.message)
    }
}

/// Returns the lines of `text` with their numbers, counted from 1.
fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines())
}
