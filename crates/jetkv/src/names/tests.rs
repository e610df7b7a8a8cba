use super::{BucketNames, bucket_of_stream, token_order};
use crate::KvError;
use jetkv_types::StreamName;

fn names() -> BucketNames {
    BucketNames::new("app").unwrap()
}

#[test]
fn a_bucket_has_its_stream_and_subjects() {
    let names = names();
    assert_eq!(names.stream.as_str(), "KV_app");
    assert_eq!(names.all.as_str(), "$KV.app.>");
    let subject = names.subject("web.port").unwrap();
    assert_eq!(subject.as_str(), "$KV.app.web.port");
    assert_eq!(names.key_of(&subject), "web.port");
    assert_eq!(names.filter("web.*").unwrap().as_str(), "$KV.app.web.*");
}

#[test]
fn streams_of_buckets_are_recognised() {
    let bucket = |name: &str| bucket_of_stream(&StreamName::new(name).unwrap()).map(str::to_owned);
    assert_eq!(bucket("KV_app"), Some("app".into()));
    for other in ["app", "KV_", "KV_a$b", "OBJ_app"] {
        assert_eq!(bucket(other), None);
    }
}

#[test]
fn invalid_bucket_names_are_named() {
    for bucket in ["", "a.b", "a b", "a*", ">", "ä", "a/b", &"x".repeat(253)] {
        let error = BucketNames::new(bucket).unwrap_err();
        assert!(matches!(&error, KvError::InvalidBucket { bucket: named, .. } if named == bucket), "{error}");
    }
    assert!(BucketNames::new(&"x".repeat(252)).is_ok());
}

#[test]
fn invalid_keys_are_named() {
    for key in [
        "",
        ".",
        ".a",
        "a.",
        "a..b",
        "a b",
        "a*",
        "*",
        ">",
        "a.>",
        "ä",
        "a\nb",
        "a\\b",
        "a:b",
        &"x".repeat(65_530),
    ] {
        let error = names().subject(key).unwrap_err();
        assert!(matches!(&error, KvError::InvalidKey { key: named, .. } if named == key), "{error}");
    }
    for key in ["a", "A-Z/a_z=0.9", "_kv.x", "-", "=", "a/b"] {
        assert!(names().subject(key).is_ok(), "{key}");
    }
}

#[test]
fn invalid_filters_are_named() {
    for filter in ["", ".", "a.", "a..*", "a*", "a>", ">.a", "*.>.a", "a b.*", "**"] {
        let error = names().filter(filter).unwrap_err();
        assert!(matches!(&error, KvError::InvalidFilter { filter: named, .. } if named == filter), "{error}");
    }
    for filter in ["a", "*", ">", "a.*", "*.b.>", "a.*.c"] {
        assert!(names().filter(filter).is_ok(), "{filter}");
    }
    assert!(matches!(names().filters(&[]), Err(KvError::InvalidFilter { .. })));
}

#[test]
fn keys_are_ordered_by_token() {
    let mut keys = ["a-b", "a.b", "a", "a.b.c", "b"];
    keys.sort_by(|left, right| token_order(left, right));
    assert_eq!(keys, ["a", "a.b", "a.b.c", "a-b", "b"]);
}
