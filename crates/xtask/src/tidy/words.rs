//! Words that must not be in any file: places on one machine, and hosts of package registries.
//!
//! They are true on the machine where they were written and nowhere else.

use super::{Finding, numbered};
use std::path::Path;

/// Beginnings of paths that exist on one machine only. They are put together here so that this file does not find itself.
const MACHINE_PATHS: &[&str] = &[concat!("/", "work/"), concat!("/", "root/"), concat!("/", "home/")];

/// Hosts that a package manager is told once, in the settings of a machine.
const REGISTRY_HOSTS: &[&str] = &[
    concat!("static.", "crates.io"),
    concat!("index.", "crates.io"),
    concat!("pypi", ".org"),
    concat!("registry.", "npmjs.org"),
    concat!("proxy.", "golang.org"),
    concat!("repo1.", "maven.org"),
    concat!("deb.", "debian.org"),
];

/// Finds the words in the text of the file at `path`, whatever kind of file it is.
pub(super) fn check(path: &Path, text: &str) -> Vec<Finding> {
    // Cargo writes its lock file itself.
    if path.file_name().is_some_and(|name| name == "Cargo.lock") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (line, content) in numbered(text) {
        for word in MACHINE_PATHS.iter().filter(|word| begins_a_path(content, word)) {
            found.push(Finding::new(path, line, format!("`{word}` is a place on one machine only")));
        }
        for host in REGISTRY_HOSTS.iter().filter(|host| content.contains(*host)) {
            found.push(Finding::new(
                path,
                line,
                format!("`{host}` is a package registry; name the package alone"),
            ));
        }
    }
    found
}

/// Returns whether `word` stands in `line` as the beginning of a path, not as a later part of one.
fn begins_a_path(line: &str, word: &str) -> bool {
    let is_part = |each: char| each.is_alphanumeric() || "_-.*})".contains(each);
    line.match_indices(word).any(|(at, _)| !line[..at].chars().next_back().is_some_and(is_part))
}

#[cfg(test)]
mod tests;
