use super::*;

fn condition(pairs: &[(&'static str, &str)]) -> Option<Condition> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, value.parse().unwrap());
    }
    Condition::of(&headers).ok()
}

#[test]
fn conditions_are_read_from_entity_tags() {
    assert_eq!(condition(&[]), Some(Condition::None));
    assert_eq!(condition(&[("if-match", "\"7\"")]), Some(Condition::Revision(7)));
    assert_eq!(condition(&[("if-match", "7")]), Some(Condition::Revision(7)));
    assert_eq!(condition(&[("if-match", "W/\"7\"")]), Some(Condition::Revision(7)));
    assert_eq!(condition(&[("if-match", "*")]), Some(Condition::Present));
    assert_eq!(condition(&[("if-none-match", "*")]), Some(Condition::Absent));
    assert_eq!(condition(&[("if-match", "7"), ("if-none-match", "*")]), Some(Condition::Never));
}

#[test]
fn a_condition_that_cannot_be_read_is_no_unconditional_write() {
    for bad in ["\"x\"", "", "\"\"", "\"7\", \"8\"", "-1", "+7", "\"18446744073709551616\""] {
        assert_eq!(condition(&[("if-match", bad)]), None, "{bad}");
    }
    assert_eq!(condition(&[("if-none-match", "\"7\"")]), None);
    assert_eq!(condition(&[("if-match", "x"), ("if-none-match", "*")]), None);
    assert_eq!(condition(&[("if-match", "\"7\""), ("if-match", "\"8\"")]), None);
}

#[test]
fn whoever_has_the_revision_is_told_so() {
    let headers = |tag: &str| HeaderMap::from_iter([(header::IF_NONE_MATCH, tag.parse().unwrap())]);
    assert!(is_known(&headers("\"7\""), 7));
    assert!(is_known(&headers("\"6\", W/\"7\""), 7));
    assert!(is_known(&headers("*"), 7));
    assert!(!is_known(&headers("\"8\""), 7));
    assert!(!is_known(&HeaderMap::new(), 7));
}
