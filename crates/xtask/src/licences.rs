//! Checks all dependencies against `deny.toml`, for machines without cargo-deny.
//!
//! Settings that this check does not know are refused, so that it never passes what cargo-deny would fail for them.

use crate::error::XtaskError;
use crate::report;
use crate::workspace::{Package, Workspace};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// How cargo writes the one registry that dependencies may come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The settings of `deny.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    #[serde(default, rename = "advisories")]
    _advisories: toml::Table,
    licenses: Licences,
    bans: Bans,
    #[serde(rename = "sources")]
    _sources: Sources,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Licences {
    allow: BTreeSet<String>,
    #[serde(rename = "unused-allowed-license")]
    _unused_allowed_license: Level,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Bans {
    multiple_versions: Level,
    wildcards: Level,
    #[serde(rename = "allow-wildcard-paths")]
    _allow_wildcard_paths: AlwaysTrue,
    deny: Vec<Ban>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Sources {
    #[serde(rename = "unknown-registry")]
    _unknown_registry: AlwaysDeny,
    #[serde(rename = "unknown-git")]
    _unknown_git: AlwaysDeny,
}

/// How much a rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Allow,
    Warn,
    Deny,
}

/// A setting that this check knows with the value `deny` only.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AlwaysDeny {
    Deny,
}

/// A setting that this check knows with the value `true` only.
#[derive(Debug, Deserialize)]
#[serde(try_from = "bool")]
struct AlwaysTrue;

impl TryFrom<bool> for AlwaysTrue {
    type Error = &'static str;

    fn try_from(value: bool) -> Result<Self, Self::Error> {
        if value { Ok(Self) } else { Err("this check knows the value true only") }
    }
}

/// Prints what breaks the rules of `deny.toml`, first what only counts as a warning.
///
/// # Errors
/// [`XtaskError::DenyFile`] if the file is not understood, [`XtaskError::Findings`] if a rule is broken.
pub(crate) fn check(workspace: &Workspace) -> Result<(), XtaskError> {
    let path = workspace.workspace_root.join("deny.toml");
    let text =
        std::fs::read_to_string(&path).map_err(|source| XtaskError::Read { path: path.clone(), source })?;
    let policy: Policy =
        toml::from_str(&text).map_err(|source| XtaskError::DenyFile { path, source: Box::new(source) })?;
    let findings = findings(&policy, workspace);
    for (_, text) in findings.iter().filter(|(level, _)| *level == Level::Warn) {
        report::note(&format!("warning: {text}"));
    }
    let mut count = 0;
    for (_, text) in findings.iter().filter(|(level, _)| *level == Level::Deny) {
        report::finding(&format!("Cargo.lock:1: {text}"));
        count += 1;
    }
    if count > 0 {
        return Err(XtaskError::Findings { count });
    }
    report::note(&format!("{} packages checked", workspace.packages.len()));
    Ok(())
}

fn findings(policy: &Policy, workspace: &Workspace) -> Vec<(Level, String)> {
    let mut found = Vec::new();
    for package in &workspace.packages {
        found.extend(licence_fault(&policy.licenses.allow, package).map(|text| (Level::Deny, text)));
        found.extend(source_fault(package).map(|text| (Level::Deny, text)));
        for ban in policy.bans.deny.iter().filter(|ban| ban.name == package.name) {
            found.push((Level::Deny, format!("{} is banned: {}", package.name, ban.reason)));
        }
    }
    found.extend(wildcards(workspace).into_iter().map(|text| (policy.bans.wildcards, text)));
    found.extend(duplicates(workspace).into_iter().map(|text| (policy.bans.multiple_versions, text)));
    found
}

fn licence_fault(allow: &BTreeSet<String>, package: &Package) -> Option<String> {
    let name = format!("{} {}", package.name, package.version);
    let Some(licence) = &package.license else {
        return Some(format!("{name} states no licence expression"));
    };
    // Old manifests write `MIT/Apache-2.0`, which the lax mode reads as `MIT OR Apache-2.0`.
    match spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX) {
        Err(fault) => Some(format!("{name} has the unreadable licence `{licence}`: {}", fault.reason)),
        Ok(expression) if expression.evaluate(|requirement| allow.contains(&requirement.to_string())) => None,
        Ok(_) => {
            Some(format!("{name} has the licence `{licence}`, which the list in deny.toml does not allow"))
        }
    }
}

fn source_fault(package: &Package) -> Option<String> {
    let source = package.source.as_deref()?;
    (source != REGISTRY).then(|| format!("{} comes from {source}, not from crates.io", package.name))
}

/// Names our dependencies on any version at all; those by path need none.
fn wildcards(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    for package in workspace.members() {
        for dependency in package.dependencies.iter().filter(|each| each.req == "*" && each.path.is_none()) {
            found.push(format!("{} depends on any version of {}", package.name, dependency.name));
        }
    }
    found
}

fn duplicates(workspace: &Workspace) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in &workspace.packages {
        versions.entry(&package.name).or_default().insert(&package.version);
    }
    let several = versions.into_iter().filter(|(_, versions)| versions.len() > 1);
    several
        .map(|(name, versions)| {
            let list: Vec<&str> = versions.into_iter().collect();
            format!("{name} is there in {} versions: {}", list.len(), list.join(", "))
        })
        .collect()
}

#[cfg(test)]
mod tests;
