//! Rules for Rust sources: their size, no logic in `lib.rs`, nothing unfinished.

use super::{Finding, numbered};
use std::path::Path;

/// How many lines a source file may have; tests and examples do not count.
const LINES_MAX: usize = 500;

/// Directories whose sources are tests or examples.
const TEST_DIRECTORIES: &[&str] = &["tests", "benches", "examples"];

/// The macros that mark unfinished work, without their exclamation mark so that this file does not find itself.
const UNFINISHED: &[&str] = &["todo", "unimplemented", "dbg"];

/// Finds what is wrong with the file at `path`, if it is a Rust source.
pub(super) fn check(path: &Path, text: &str) -> Vec<Finding> {
    if path.extension().is_none_or(|extension| extension != "rs") {
        return Vec::new();
    }
    let mut found: Vec<Finding> = size_fault(path, text).into_iter().collect();
    if path.file_name().is_some_and(|name| name == "lib.rs") {
        found.extend(logic(path, text));
    }
    found.extend(unfinished(path, text));
    found
}

fn size_fault(path: &Path, text: &str) -> Option<Finding> {
    let in_tests = path.iter().any(|part| TEST_DIRECTORIES.iter().any(|directory| part == *directory));
    let is_tests = path.file_name().is_some_and(|name| name == "tests.rs");
    let lines = text.lines().count();
    let too_long = lines > LINES_MAX && !in_tests && !is_tests;
    too_long.then(|| {
        Finding::new(
            path,
            lines,
            format!("{lines} lines are too many; divide the file, {LINES_MAX} are allowed"),
        )
    })
}

/// Finds functions; comments may show them.
fn logic(path: &Path, text: &str) -> Vec<Finding> {
    let declares = |line: &str| code_of(line).split(|each: char| !is_word(each)).any(|word| word == "fn");
    let lines = numbered(text).filter(|(_, line)| declares(line));
    lines
        .map(|(line, _)| Finding::new(path, line, "lib.rs holds no logic; move the function to a module"))
        .collect()
}

fn unfinished(path: &Path, text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for (line, code) in numbered(text) {
        for name in UNFINISHED.iter().filter(|name| calls_macro(code, name)) {
            found.push(Finding::new(path, line, format!("`{name}!` must not be left in the code")));
        }
    }
    found
}

/// Returns whether `line` holds the name of a macro followed by an exclamation mark, as a word of its own.
fn calls_macro(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        line[at + name.len()..].starts_with('!') && !before.is_some_and(is_word)
    })
}

/// Returns the line without its comment.
fn code_of(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

fn is_word(each: char) -> bool {
    each.is_alphanumeric() || each == '_'
}

#[cfg(test)]
mod tests;
