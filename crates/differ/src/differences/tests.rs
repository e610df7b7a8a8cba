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

fn example(only: Option<Only>) -> Exception {
    Exception {
        name: "x",
        area: Some(Area::Publish),
        request: "$KV.a",
        reference: "\"seq\":",
        ours: "10003",
        only,
        reason: "…",
    }
}

#[test]
fn an_exception_covers_what_it_names_and_nothing_else() {
    let covers = |area, request, reference, ours| {
        example(None).covers(&Met { area, earlier: &[], request, reference, ours })
    };
    assert!(covers(Area::Publish, "publish $KV.a.k", "{\"seq\":1}", "err 10003"));
    assert!(covers(Area::Publish, "publish $KV.a.k", "{\\\"seq\\\": 1}", "err 10003"));
    assert!(!covers(Area::Direct, "publish $KV.a.k", "{\"seq\":1}", "err 10003"));
    assert!(!covers(Area::Publish, "publish $KV.b.k", "{\"seq\":1}", "err 10003"));
    assert!(!covers(Area::Publish, "publish $KV.a.k", "", "err 10003"));
    assert!(!covers(Area::Publish, "publish $KV.a.k", "{\"seq\":1}", "err 10004"));
}

#[test]
fn an_exception_for_a_number_covers_no_other_difference() {
    let each = Exception { ours: "\"seq\":", ..example(Some(Only { after: "PURGE", numbers: "\"seq\":" })) };
    let covers = |earlier: &str, reference, ours| {
        let earlier = [earlier.to_owned()];
        each.covers(&Met { area: Area::Publish, earlier: &earlier, request: "$KV.a", reference, ours })
    };
    assert!(covers("publish PURGE", "{\"seq\":12,\"x\":1}", "{\"seq\":0,\"x\":1}"));
    assert!(covers("publish PURGE", "{\"seq\":1}", "{\"seq\":1}"));
    assert!(!covers("publish DELETE", "{\"seq\":12,\"x\":1}", "{\"seq\":0,\"x\":1}"));
    assert!(!covers("publish PURGE", "{\"seq\":12,\"x\":1}", "{\"seq\":0,\"x\":2}"));
    assert!(!covers("publish PURGE", "{\"seq\":12,\"x\":1}", "{\"x\":1}"));
}
