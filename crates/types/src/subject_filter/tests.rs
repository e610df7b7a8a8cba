use super::*;

fn filter(text: &str) -> SubjectFilter {
    SubjectFilter::new(text).unwrap()
}

#[test]
fn the_full_wildcard_stands_last_or_nowhere() {
    assert_eq!(SubjectFilter::new("a.>.b"), Err(SubjectError::FullWildcardNotLast { offset: 2 }));
    assert!(SubjectFilter::new("a.>b.c").unwrap().is_literal());
    assert!(!filter("a.>").is_literal());
}

#[test]
fn matching_follows_the_table_of_the_reference() {
    for (pattern, subject, expected) in [
        ("foo.>", "foo", false),
        ("foo.>", "foo.a", true),
        ("foo.>", "foo.a.b", true),
        ("foo.*", "foo.a", true),
        ("foo.*", "foo.a.b", false),
        ("*.a", "foo.a", true),
        ("foo", "foo.a", false),
        ("foo.a*", "foo.ab", false),
        ("foo.a*", "foo.a*", true),
        (">", "x", true),
    ] {
        assert_eq!(filter(pattern).matches(subject), expected, "{pattern} on {subject}");
    }
}

#[test]
fn overlap_is_symmetric_and_subset_is_not() {
    for (a, b, overlap, subset) in [
        ("a.*", "a.b", true, false),
        ("a.b", "a.*", true, true),
        ("a.>", "a.*", true, false),
        ("a.*", "a.>", true, true),
        ("*.b", "a.*", true, false),
        ("a.b", "a.c", false, false),
        ("a", "a.>", false, false),
        (">", ">", true, true),
    ] {
        assert_eq!(filter(a).overlaps(&filter(b)), overlap, "{a} {b}");
        assert_eq!(filter(b).overlaps(&filter(a)), overlap, "{b} {a}");
        assert_eq!(filter(a).is_subset_of(&filter(b)), subset, "{a} in {b}");
    }
}

#[test]
fn the_literal_prefix_ends_before_the_first_wildcard_token() {
    for (text, prefix, subtree) in [
        ("a.b", "a.b", false),
        ("a.*.c", "a.", false),
        ("a.b.>", "a.b.", true),
        (">", "", true),
        ("*", "", false),
    ] {
        assert_eq!((filter(text).literal_prefix(), filter(text).is_subtree()), (prefix, subtree), "{text}");
    }
}
