//! Each rule for sources is shown able to fail.

use super::*;

fn count(path: &str, text: &str) -> usize {
    check(Path::new(path), text).len()
}

#[test]
fn a_source_has_at_most_500_lines() {
    let (full, over) = ("//\n".repeat(500), "//\n".repeat(501));
    assert_eq!(count("crates/engine/src/segment.rs", &full), 0);
    assert_eq!(count("crates/engine/src/segment.rs", &over), 1);
    assert_eq!(count("crates/engine/src/latests.rs", &over), 1);
    for path in
        ["src/segment/tests.rs", "crates/engine/tests/faults.rs", "benches/get.rs", "examples/first.rs"]
    {
        assert_eq!(count(path, &over), 0, "{path}");
    }
    assert_eq!(count("docs/long.md", &over), 0);
}

#[test]
fn a_lib_file_holds_no_function() {
    assert_eq!(count("crates/engine/src/lib.rs", "pub fn open() {}\n"), 1);
    assert_eq!(count("crates/engine/src/lib.rs", "pub const fn open() {}\n"), 1);
    assert_eq!(count("crates/engine/src/lib.rs", "//! fn main() {}\npub use open::open_fn;\n"), 0);
    assert_eq!(count("crates/engine/src/open.rs", "pub fn open() {}\n"), 0);
}

#[test]
fn unfinished_work_is_found_with_its_line() {
    for name in UNFINISHED {
        let text = format!("fn one() {{\n    {name}!()\n}}\n");
        let found = check(Path::new("src/one.rs"), &text);
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!(found[0].line, 2);
    }
    assert_eq!(count("src/one.rs", &format!("my_{}!();\n", UNFINISHED[0])), 0);
    assert_eq!(count("src/one.rs", "let todo = 1 != 2;\n"), 0);
}
