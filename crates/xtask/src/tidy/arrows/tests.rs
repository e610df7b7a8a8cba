//! Forbidden arrows are found, allowed ones are not.

use super::*;

fn arrow(from: &str, to: &str, kind: Option<&str>) -> Option<String> {
    let kind = kind.map(str::to_owned);
    arrow_fault(from, &Dependency { name: to.to_owned(), kind, ..Dependency::default() })
}

#[test]
fn arrows_point_downwards_only() {
    assert_eq!(arrow("jetkv-engine", "jetkv-types", None), None);
    assert_eq!(arrow("jetkv", "jetkv-engine", None), None);
    let fault = arrow("jetkv-types", "jetkv-engine", None);
    assert_eq!(
        fault.unwrap(),
        "jetkv-types must not use jetkv-engine; it may use no other crate of the workspace"
    );
    assert!(arrow("jetkv-engine", "jetkv-jetstream", None).is_some());
    assert!(arrow("jetkv-engine", "jetkv-jetstream", Some("build")).is_some());
}

#[test]
fn the_command_line_reaches_the_engine_only_through_the_library() {
    assert_eq!(arrow("jetkv-cli", "jetkv", None), None);
    assert!(arrow("jetkv-cli", "jetkv-engine", None).is_some());
    assert!(arrow("jetkv-cli", "jetkv-jetstream", None).is_some());
    assert!(arrow("jetkv-server", "jetkv", None).is_some());
}

#[test]
fn unpublished_crates_use_all_and_are_used_by_tests_only() {
    assert_eq!(arrow("bench", "jetkv-engine", None), None);
    assert_eq!(arrow("jetkv-engine", "testkit", Some("dev")), None);
    assert!(arrow("jetkv-engine", "testkit", None).is_some());
    assert!(arrow("jetkv-engine", "bench", Some("dev")).is_some());
    assert!(arrow("jetkv-engine", "xtask", Some("dev")).is_some());
}

#[test]
fn a_crate_without_a_place_is_found() {
    let package = |name: &str, publish| Package { name: name.to_owned(), publish, ..Package::default() };
    assert_eq!(package_fault(&package("jetkv", None)), None);
    assert_eq!(package_fault(&package("bench", Some(Vec::new()))), None);
    assert!(package_fault(&package("jetkv-attic", None)).is_some());
    assert!(package_fault(&package("bench", None)).is_some());
}

#[test]
fn the_finding_names_the_manifest() {
    let dependencies = vec![Dependency { name: "jetkv-engine".to_owned(), ..Dependency::default() }];
    let package = |name: &str, dependencies| Package {
        id: name.to_owned(),
        name: name.to_owned(),
        manifest_path: Path::new("/repository").join(name).join("Cargo.toml"),
        dependencies,
        ..Package::default()
    };
    let workspace = Workspace {
        target_directory: "/repository/target".into(),
        packages: vec![package("jetkv-types", dependencies), package("jetkv-engine", Vec::new())],
        workspace_members: ["jetkv-types".to_owned(), "jetkv-engine".to_owned()].into(),
        workspace_root: "/repository".into(),
    };
    let found: Vec<String> = check(&workspace).iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("jetkv-types/Cargo.toml:1: jetkv-types must not use jetkv-engine"));
}
