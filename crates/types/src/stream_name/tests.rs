use super::*;

#[test]
fn separators_wildcards_and_white_space_are_refused() {
    for bad in ["", "a.b", "a*", ">", "a b", "a/b", "a\\b", "a\tb", "a\0"] {
        assert!(StreamName::new(bad).is_err(), "{bad:?}");
    }
    assert!(StreamName::new("x".repeat(256)).is_err());
    assert!(StreamName::new("x".repeat(255)).is_ok());
    assert!(StreamName::new("KV_my-bucket").is_ok());
}
