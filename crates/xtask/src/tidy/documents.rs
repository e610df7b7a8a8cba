//! Rules for documents: the map names every crate, the changelog is open, links lead somewhere.

use super::{Finding, Text, numbered};
use crate::workspace::Workspace;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// The document that maps the house.
const MAP: &str = "ARCHITECTURE.md";

/// The document that tells users what has changed.
const CHANGELOG: &str = "CHANGELOG.md";

/// The heading under which changes wait for the next release.
const UNRELEASED: &str = "## [Unreleased]";

/// Finds what is wrong with the documents among `texts`.
pub(super) fn check(workspace: &Workspace, texts: &[Text]) -> Vec<Finding> {
    let text_of =
        |path: &str| texts.iter().find(|each| each.path == Path::new(path)).map(|each| each.text.as_str());
    let mut found = map_faults(&crate_directories(workspace), text_of(MAP));
    found.extend(changelog_fault(text_of(CHANGELOG)));
    let exists = |path: &Path| workspace.workspace_root.join(path).exists();
    for each in texts.iter().filter(|each| each.path.extension().is_some_and(|extension| extension == "md")) {
        found.extend(link_faults(&each.path, &each.text, exists));
    }
    found
}

/// Returns the directories of our crates, for example `crates/engine`.
fn crate_directories(workspace: &Workspace) -> BTreeSet<String> {
    let directories = workspace.members().filter_map(|package| package.manifest_path.parent());
    let relative = directories.filter_map(|path| path.strip_prefix(&workspace.workspace_root).ok());
    relative.map(|path| path.to_string_lossy().replace('\\', "/")).collect()
}

fn map_faults(directories: &BTreeSet<String>, map: Option<&str>) -> Vec<Finding> {
    let path = Path::new(MAP);
    let Some(map) = map else {
        return vec![Finding::new(path, 1, "the file is missing; it maps the crates of the workspace")];
    };
    let missing = directories.iter().filter(|directory| !names_directory(map, directory));
    missing.map(|directory| Finding::new(path, 1, format!("`{directory}` is not mentioned"))).collect()
}

/// Returns whether `text` names the directory itself, not only one whose name begins alike.
fn names_directory(text: &str, directory: &str) -> bool {
    text.match_indices(directory).any(|(at, _)| {
        let after = text[at + directory.len()..].chars().next();
        !after.is_some_and(|each| each.is_alphanumeric() || each == '-' || each == '_')
    })
}

fn changelog_fault(changelog: Option<&str>) -> Option<Finding> {
    let path = Path::new(CHANGELOG);
    let Some(changelog) = changelog else {
        return Some(Finding::new(path, 1, "the file is missing; it tells users what has changed"));
    };
    let has_section = changelog.lines().any(|line| line.trim_end() == UNRELEASED);
    (!has_section).then(|| Finding::new(path, 1, format!("there is no section `{UNRELEASED}`")))
}

/// Finds links to files that do not exist. `exists` answers for a path relative to the root of the repository.
fn link_faults(path: &Path, text: &str, exists: impl Fn(&Path) -> bool) -> Vec<Finding> {
    let mut found = Vec::new();
    for (line, target) in links(text) {
        match resolve(path.parent().unwrap_or(Path::new("")), target) {
            Some(file) if exists(&file) => {}
            Some(_) => found.push(Finding::new(
                path,
                line,
                format!("the link leads to `{target}`, which does not exist"),
            )),
            None => found.push(Finding::new(
                path,
                line,
                format!("the link `{target}` leads out of the repository"),
            )),
        }
    }
    found
}

/// Returns the targets of links to files with their lines, without the part behind `#`. Code blocks are passed over.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (number, line) in numbered(text) {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        let inline = line.match_indices("](").filter_map(|(at, _)| line[at + 2..].split([')', ' ']).next());
        let reference = line.starts_with('[').then(|| line.split_once("]: ")).flatten();
        for target in inline.chain(reference.map(|(_, target)| target.trim())) {
            let file = target.split('#').next().unwrap_or(target);
            if !file.is_empty() && !file.contains("://") && !file.starts_with("mailto:") {
                found.push((number, file));
            }
        }
    }
    found
}

/// Returns `target` as seen from `directory`, relative to the root of the repository, or `None` if it leads out of it.
fn resolve(directory: &Path, target: &str) -> Option<PathBuf> {
    let mut resolved = PathBuf::new();
    for component in directory.join(target).components() {
        match component {
            Component::Normal(part) => resolved.push(part),
            Component::CurDir => {}
            Component::ParentDir => {
                if !resolved.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(resolved)
}

#[cfg(test)]
mod tests;
