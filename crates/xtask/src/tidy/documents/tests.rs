//! Each rule for documents is shown able to fail.

use super::*;

fn directories(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_map_names_every_crate() {
    let crates = directories(&["crates/engine", "crates/jetkv"]);
    assert_eq!(map_faults(&crates, Some("`crates/engine`, then crates/jetkv.")), []);
    assert_eq!(map_faults(&crates, Some("crates/engine and crates/jetkv-cli")).len(), 1);
    assert_eq!(map_faults(&crates, Some("")).len(), 2);
    assert_eq!(map_faults(&crates, None).len(), 1);
}

#[test]
fn the_changelog_has_a_section_for_the_next_release() {
    assert_eq!(changelog_fault(Some("# Changelog\n\n## [Unreleased]\n")), None);
    assert!(changelog_fault(Some("# Changelog\n\n## [0.1.0]\n")).is_some());
    assert!(changelog_fault(None).is_some());
}

/// Returns how many links of a document `docs/page.md` lead nowhere when only two other files exist.
fn broken(text: &str) -> usize {
    let there = ["docs/other.md", "README.md"];
    link_faults(Path::new("docs/page.md"), text, |path| there.iter().any(|each| path == Path::new(each)))
        .len()
}

#[test]
fn links_lead_to_files_that_exist() {
    assert_eq!(broken("[one](other.md), [two](other.md#part \"title\") and [three](../README.md)"), 0);
    assert_eq!(broken("[one](missing.md) and [two](other.md)"), 1);
    assert_eq!(broken("[one](../missing.md#part)"), 1);
    assert_eq!(broken("[one]: missing.md\n"), 1);
    assert_eq!(broken("![picture](missing.png)"), 1);
}

#[test]
fn links_stay_in_the_repository() {
    assert_eq!(broken("[one](../../README.md)"), 1);
    assert_eq!(broken("[one](/README.md)"), 1);
}

#[test]
fn addresses_anchors_and_code_are_no_files() {
    assert_eq!(
        broken("[one](https://example.org/missing.md), [two](#part), [three](mailto:one@example.org)"),
        0
    );
    assert_eq!(broken("```text\n[one](missing.md)\n```\n"), 0);
    assert_eq!(broken("```text\n```\n[one](missing.md)\n"), 1);
}
