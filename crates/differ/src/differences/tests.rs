use super::*;
use std::collections::BTreeSet;

/// The document, and the lines between which this section stands.
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/compat.md");
const BEGIN: &str = "<!-- differences: written by `cargo run -p differ -- differences` -->\n";
const END: &str = "<!-- end of differences -->";

#[test]
fn the_document_agrees_with_the_list() {
    let text = std::fs::read_to_string(DOCUMENT).unwrap();
    let (_, rest) = text.split_once(BEGIN).expect("the section begins");
    let (section, _) = rest.split_once(END).expect("the section ends");
    assert_eq!(section.trim(), rendered().trim(), "run `cargo run -p differ -- differences`");
}

#[test]
fn every_exception_is_narrow_and_has_a_reason() {
    let names: BTreeSet<_> = EXCEPTIONS.iter().map(|each| each.name).collect();
    assert_eq!(names.len(), EXCEPTIONS.len(), "a name is used twice");
    for each in EXCEPTIONS {
        assert!(each.reason.len() > 20, "{} has no reason", each.name);
        assert!(!each.request.is_empty() || !each.reference.is_empty(), "{} covers too much", each.name);
    }
}

#[test]
fn an_exception_covers_what_it_names_and_nothing_else() {
    let each = Exception {
        name: "x",
        area: Some(Area::Publish),
        request: "$KV.a",
        reference: "\"seq\":",
        ours: "10003",
        reason: "…",
    };
    assert!(each.covers(Area::Publish, "publish $KV.a.k", "{\"seq\":1}", "err 10003"));
    assert!(each.covers(Area::Publish, "publish $KV.a.k", "{\\\"seq\\\": 1}", "err 10003"));
    assert!(!each.covers(Area::Direct, "publish $KV.a.k", "{\"seq\":1}", "err 10003"));
    assert!(!each.covers(Area::Publish, "publish $KV.b.k", "{\"seq\":1}", "err 10003"));
    assert!(!each.covers(Area::Publish, "publish $KV.a.k", "", "err 10003"));
    assert!(!each.covers(Area::Publish, "publish $KV.a.k", "{\"seq\":1}", "err 10004"));
}
