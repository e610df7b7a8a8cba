use super::{MappingError, SubjectMapping};

#[test]
fn subjects_become_what_the_mapping_says() {
    let rows = [
        ("$KV.a.>", "$KV.b.>", "$KV.a.x.y", Some("$KV.b.x.y")),
        (">", "bar.>", "$KV.B.key", Some("bar.$KV.B.key")),
        ("", "bar.>", "x", Some("bar.x")),
        ("a.*.*", "b.$2.$1", "a.1.2", Some("b.2.1")),
        ("a.*.*", "b.{{wildcard(2)}}.{{ Wildcard(1) }}", "a.1.2", None),
        ("a.*.*", "b.{{wildcard(2)}}.{{Wildcard(1)}}", "a.1.2", Some("b.2.1")),
        ("a.*.*", "b.*.*", "a.1.2", Some("b.1.2")),
        ("a.*", "b.*", "c.1", None),
        ("a.*", "p.{{partition(10,1)}}.$1", "a.foo", Some("p.3.foo")),
        ("a.*", "{{split(1,-)}}", "a.-x-y--z", Some("x.y.z")),
        ("a.*", "{{splitfromleft(1,3)}}", "a.12345", Some("123.45")),
        ("a.*", "{{SplitFromRight(1,3)}}", "a.12345", Some("12.345")),
        ("a.*", "{{splitfromleft(1,9)}}", "a.12345", Some("12345")),
        ("a.*", "{{slicefromleft(1,2)}}", "a.12345", Some("12.34.5")),
        ("a.*", "{{slicefromright(1,2)}}", "a.12345", Some("1.23.45")),
        ("a.*", "{{left(1,2)}}.x", "a.12345", Some("12.x")),
        ("a.*", "{{right(1,2)}}", "a.12345", Some("45")),
    ];
    for (source, destination, subject, expected) in rows {
        let mapped = SubjectMapping::new(source, destination).ok().and_then(|mapping| mapping.apply(subject));
        assert_eq!(mapped.as_ref().map(|subject| subject.as_str()), expected, "{source} -> {destination}");
    }
}

#[test]
fn wrong_mappings_are_refused() {
    let rows = [
        ("a..b", "c", MappingError::InvalidSource),
        ("a", "c..d", MappingError::InvalidDestination),
        ("a", "c.>", MappingError::InvalidDestination),
        ("a.>", "c", MappingError::InvalidDestination),
        ("a.*", "c.$2", MappingError::IndexOutOfRange),
        ("a.*", "c.$0", MappingError::IndexOutOfRange),
        ("a.*", "c.{{nothing(1)}}", MappingError::UnknownFunction),
        ("a.*", "c.{{left(1)}}", MappingError::InvalidArguments),
        ("a.*", "c.{{left(1,0)}}", MappingError::InvalidArguments),
    ];
    for (source, destination, error) in rows {
        assert_eq!(SubjectMapping::new(source, destination), Err(error), "{source} -> {destination}");
    }
    assert_eq!(SubjectMapping::strict("a.*", "c"), Err(MappingError::NotAllUsed));
    assert!(SubjectMapping::new("a.*", "c").is_ok());
}
