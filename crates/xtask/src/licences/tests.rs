//! Each rule of `deny.toml` is shown able to fail.

use super::*;
use crate::workspace::Dependency;

const POLICY: &str = r#"
    [licenses]
    allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"]
    unused-allowed-license = "allow"
    [bans]
    multiple-versions = "warn"
    wildcards = "deny"
    allow-wildcard-paths = true
    deny = [{ crate = "openssl", reason = "TLS is rustls" }]
    [sources]
    unknown-registry = "deny"
    unknown-git = "deny"
"#;

fn package(name: &str, version: &str) -> Package {
    Package {
        id: format!("{name}@{version}"),
        name: name.to_owned(),
        version: version.to_owned(),
        license: Some("MIT".to_owned()),
        source: Some(REGISTRY.to_owned()),
        ..Package::default()
    }
}

/// Checks a workspace in which every package is a member.
fn check(packages: Vec<Package>) -> Vec<(Level, String)> {
    let workspace_members = packages.iter().map(|each| each.id.clone()).collect();
    let workspace = Workspace { packages, workspace_members, ..Workspace::default() };
    findings(&toml::from_str(POLICY).unwrap(), &workspace)
}

fn denied(licence: Option<&str>) -> bool {
    let found = check(vec![Package { license: licence.map(str::to_owned), ..package("one", "1.0.0") }]);
    found.iter().any(|(level, _)| *level == Level::Deny)
}

#[test]
fn a_licence_must_be_satisfiable_from_the_list() {
    assert!(!denied(Some("MIT")));
    assert!(!denied(Some("MIT/Apache-2.0")));
    assert!(!denied(Some("GPL-3.0-only OR MIT")));
    assert!(!denied(Some("(MIT OR Apache-2.0) AND Unicode-3.0")));
    assert!(!denied(Some("Apache-2.0 WITH LLVM-exception")));
    assert!(denied(Some("GPL-3.0-only")));
    assert!(denied(Some("MIT AND GPL-3.0-only")));
    assert!(denied(Some("MIT WITH LLVM-exception")));
    assert!(denied(Some("no licence at all")));
    assert!(denied(None));
}

#[test]
fn code_comes_from_one_registry_only() {
    for source in ["git+https://example.org/one#abc", "registry+https://example.org/index"] {
        let found = check(vec![Package { source: Some(source.to_owned()), ..package("one", "1.0.0") }]);
        assert_eq!(found, [(Level::Deny, format!("one comes from {source}, not from crates.io"))]);
    }
    assert_eq!(check(vec![Package { source: None, ..package("ours", "0.1.0") }]), []);
}

#[test]
fn a_banned_crate_is_found() {
    let found = check(vec![package("openssl", "0.10.0")]);
    assert_eq!(found, [(Level::Deny, "openssl is banned: TLS is rustls".to_owned())]);
}

#[test]
fn a_wildcard_is_found_unless_it_is_a_path() {
    let wildcard = Dependency { name: "two".to_owned(), req: "*".to_owned(), ..Dependency::default() };
    let by_path = Dependency { path: Some("crates/two".into()), ..wildcard.clone() };
    let found = check(vec![Package { dependencies: vec![wildcard, by_path], ..package("one", "1.0.0") }]);
    assert_eq!(found, [(Level::Deny, "one depends on any version of two".to_owned())]);
}

#[test]
fn two_versions_of_a_crate_are_a_warning() {
    let found = check(vec![package("one", "1.0.0"), package("one", "2.0.0")]);
    assert_eq!(found, [(Level::Warn, "one is there in 2 versions: 1.0.0, 2.0.0".to_owned())]);
}

#[test]
fn a_setting_that_is_not_known_is_refused() {
    let more = POLICY.replace("[bans]", "exceptions = []\n[bans]");
    assert!(toml::from_str::<Policy>(&more).is_err());
    let other = POLICY.replace("unknown-git = \"deny\"", "unknown-git = \"allow\"");
    assert!(toml::from_str::<Policy>(&other).is_err());
}
