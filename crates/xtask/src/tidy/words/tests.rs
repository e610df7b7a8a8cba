//! Every word is found, and found only where it is meant.

use super::*;

fn count(path: &str, text: &str) -> usize {
    check(Path::new(path), text).len()
}

#[test]
fn every_word_is_found_in_every_kind_of_file() {
    for word in MACHINE_PATHS.iter().chain(REGISTRY_HOSTS) {
        for path in ["README.md", "src/one.rs", ".ci/run", "Cargo.toml"] {
            let found = check(Path::new(path), &format!("first line\nsee {word}something\n"));
            assert_eq!(found.len(), 1, "{word} in {path}");
            assert_eq!(found[0].line, 2);
        }
    }
}

#[test]
fn the_lock_file_is_not_ours() {
    assert_eq!(count("Cargo.lock", REGISTRY_HOSTS[0]), 0);
    assert_eq!(count("fuzz/Cargo.lock", REGISTRY_HOSTS[0]), 0);
}

#[test]
fn a_later_part_of_a_path_is_no_place_on_a_machine() {
    for word in MACHINE_PATHS {
        assert_eq!(count("README.md", &format!("example.org{word}page")), 0);
        assert_eq!(count("README.md", &format!("`{word}page`")), 1);
        assert_eq!(count("README.md", &format!("{word}page")), 1);
    }
    assert_eq!(count("README.md", "published on crates.io"), 0);
}
