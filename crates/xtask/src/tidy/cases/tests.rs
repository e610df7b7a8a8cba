//! Each rule for the table of compatibility is shown able to fail.

use super::*;

fn text(path: &str, text: &str) -> Text {
    Text { path: path.into(), text: text.to_owned() }
}

/// Returns how many faults a document has beside one suite with one case.
fn faults(document: &str) -> usize {
    check(&[text(DOCUMENT, document), text("crates/compat/suites/go/values.go", "add(\"value/put\", …)")])
        .len()
}

#[test]
fn every_named_case_exists() {
    assert_eq!(faults("| field | case |\n| --- | --- |\n| `a` | `go:value/put` |\n"), 0);
    assert_eq!(faults("| field | case |\n| --- | --- |\n| `a` | `go:value/put`, `go:value/get` |\n"), 1);
    assert_eq!(faults("| field | case |\n| --- | --- |\n| `a` | `js:value/put` |\n"), 1);
    assert_eq!(faults("| field | case |\n| --- | --- |\n| `a` | `value/put` |\n"), 1);
}

#[test]
fn every_row_names_a_case_or_a_reason() {
    assert_eq!(faults("| field | case |\n| --- | --- |\n| `a` | none: nobody sends it |\n"), 0);
    assert_eq!(faults("| field | case |\n| --- | --- |\n| `a` | none: |\n"), 1);
    assert_eq!(faults("| field | case |\n| --- | --- |\n| `a` |  |\n"), 1);
}

#[test]
fn other_tables_are_free_and_the_document_is_not() {
    assert_eq!(faults("| field | meaning |\n| --- | --- |\n| `a` | something |\n"), 0);
    assert_eq!(check(&[]).len(), 1);
}
