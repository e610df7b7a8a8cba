//! The arrows between the crates of the workspace: each may use only those on the floors below it.

use super::Finding;
use crate::workspace::{Dependency, Package, Workspace};
use std::path::Path;

/// Which crate may use which; a published crate that is not listed has no place in the house yet.
///
/// The server does not know what a bucket is, so it must not use `jetkv`; the command line reaches
/// the engine only through the crates that it composes.
const ARROWS: &[(&str, &[&str])] = &[
    ("jetkv-types", &[]),
    ("jetkv-engine", &["jetkv-types"]),
    ("jetkv-wire", &["jetkv-types"]),
    ("jetkv-jetstream", &["jetkv-types", "jetkv-engine", "jetkv-wire"]),
    ("jetkv", &["jetkv-types", "jetkv-engine", "jetkv-wire", "jetkv-jetstream"]),
    ("jetkv-server", &["jetkv-types", "jetkv-engine", "jetkv-wire", "jetkv-jetstream"]),
    ("jetkv-console", &["jetkv-types", "jetkv"]),
    ("jetkv-cli", &["jetkv-types", "jetkv", "jetkv-server", "jetkv-console"]),
];

/// The crates that are never published; they may use every other one.
const UNPUBLISHED: &[&str] = &["testkit", "bench", "compat", "differ", "places", "powercut", "xtask"];

/// Those of them that published crates may use in their tests.
const FOR_TESTS: &[&str] = &["testkit"];

/// Finds the arrows that are not allowed.
pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let ours: Vec<&str> = workspace.members().map(|package| package.name.as_str()).collect();
    let mut found = Vec::new();
    for package in workspace.members() {
        let manifest = package.manifest_path.strip_prefix(&workspace.workspace_root);
        let path = manifest.unwrap_or(&package.manifest_path);
        let faults = package_fault(package).into_iter();
        let arrows =
            package.dependencies.iter().filter(|dependency| ours.contains(&dependency.name.as_str()));
        let faults = faults.chain(arrows.filter_map(|dependency| arrow_fault(&package.name, dependency)));
        found.extend(faults.map(|message| Finding::new(Path::new(path), 1, message)));
    }
    found
}

/// Says what is wrong with the place of a package in the house.
fn package_fault(package: &Package) -> Option<String> {
    let name = &package.name;
    let never_published = package.publish.as_ref().is_some_and(Vec::is_empty);
    if UNPUBLISHED.contains(&name.as_str()) {
        return (!never_published).then(|| format!("{name} must say `publish = false`"));
    }
    let listed = ARROWS.iter().any(|(each, _)| each == name);
    (!listed).then(|| format!("{name} has no line in the table of arrows in crates/xtask/src/tidy/arrows.rs"))
}

/// Says what is wrong with the arrow from the package `from` to another package of the workspace.
fn arrow_fault(from: &str, dependency: &Dependency) -> Option<String> {
    let to = dependency.name.as_str();
    if UNPUBLISHED.contains(&from) {
        return None;
    }
    if dependency.kind.as_deref() == Some("dev") {
        let forbidden = UNPUBLISHED.contains(&to) && !FOR_TESTS.contains(&to);
        return forbidden.then(|| format!("{from} must not use {to}, not even in its tests"));
    }
    if UNPUBLISHED.contains(&to) {
        return Some(format!(
            "{from} may use {to} as a dev-dependency at most, because {to} is never published"
        ));
    }
    let (_, allowed) = ARROWS.iter().find(|(name, _)| *name == from)?;
    let list =
        if allowed.is_empty() { "no other crate of the workspace".to_owned() } else { allowed.join(", ") };
    (!allowed.contains(&to)).then(|| format!("{from} must not use {to}; it may use {list}"))
}

#[cfg(test)]
mod tests;
