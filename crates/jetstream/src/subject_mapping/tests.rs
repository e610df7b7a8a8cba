use super::SubjectMapping;

#[test]
fn subjects_become_what_the_mapping_says() {
    let rows = [
        ("$KV.a.>", "$KV.b.>", "$KV.a.x.y", Some("$KV.b.x.y")),
        (">", "bar.>", "$KV.B.key", Some("bar.$KV.B.key")),
        ("", "bar.>", "x", Some("bar.x")),
        ("a.*.*", "b.$2.$1", "a.1.2", Some("b.2.1")),
        ("a.*.*", "b.{{wildcard(2)}}.{{ Wildcard ( 1 ) }}", "a.1.2", Some("b.2.1")),
        ("a.*.*", "b.{{wildcard(2)}}.{{Wildcard(1)}}", "a.1.2", Some("b.2.1")),
        ("a.*", "b.$1", "c.1", None),
        ("a.*", "b", "a.1", Some("b")),
        ("a.*.>", "b.>", "a.1.2.3", Some("b.2.3")),
        ("a.*", "b.$0", "a.1", Some("b.a")),
        ("a.*", "b.$1x.{{wildcard(1)", "a.1", Some("b.$1x.{{wildcard(1)")),
        ("a.*", "{{split(1,.)}}.{{}}", "a.1", Some("{{split(1,.)}}.{{}}")),
        ("a.*", "{{partition(10)}}", "a.q1", Some("2")),
        ("a.*", "{{partition(3,0)}}", "a.q1", Some("1")),
        ("a.*", "{{partition(0,1)}}", "a.q1", Some("0")),
        ("a.*", "{{partition(-3,1)}}", "a.q1", Some("2622263703")),
        ("a.*", "{{random(1)}}", "a.q1", Some("0")),
        ("a.*", "p.{{partition(10,1)}}.$1", "a.foo", Some("p.3.foo")),
        ("a.*", "{{split(1,-)}}", "a.-x-y--z", Some("x.y.z")),
        ("a.*", "{{splitfromleft(1,3)}}", "a.12345", Some("123.45")),
        ("a.*", "{{SplitFromRight(1,3)}}", "a.12345", Some("12.345")),
        ("a.*", "{{splitfromleft(1,9)}}", "a.12345", Some("12345")),
        ("a.*", "{{slicefromleft(1,2)}}", "a.12345", Some("12.34.5")),
        ("a.*", "{{slicefromright(1,2)}}", "a.12345", Some("1.23.45")),
        ("a.*", "{{left(1,2)}}.x", "a.12345", Some("12.x")),
        ("a.*", "{{right(1,2)}}", "a.12345", Some("45")),
        ("a.*", "{{left(1,0)}}.{{left(1,-2)}}.{{slicefromleft(1,0)}}", "a.123", Some("123.123.123")),
        ("a.*", "{{splitfromleft(1,2)}}", "a.\u{e9}x", Some("\u{e9}.x")),
    ];
    for (source, destination, subject, expected) in rows {
        let mapped = SubjectMapping::new(source, destination).unwrap().apply(subject).map(Result::unwrap);
        assert_eq!(mapped.as_ref().map(|subject| subject.as_str()), expected, "{source} -> {destination}");
    }
}

#[test]
fn what_becomes_no_subject_is_told() {
    for (destination, subject) in [("b.{{split(1,-)}}", "a.--"), ("b.{{left(1,1)}}", "a.\u{e9}")] {
        let mapping = SubjectMapping::new("a.*", destination).unwrap();
        assert!(mapping.apply(subject).unwrap().is_err(), "{destination}");
    }
}

#[test]
fn wrong_mappings_are_refused_in_the_words_of_the_reference() {
    let rows = [
        ("a..b", "c", "invalid subject a..b"),
        ("a", "c..d", "invalid mapping destination: invalid transform"),
        ("a", "c d", "invalid mapping destination: invalid transform"),
        ("a.>", "c.>.d", "invalid mapping destination: invalid transform in d"),
        ("a", "c.>", "invalid subject"),
        ("a.>", "c", "invalid subject"),
        ("a.*", "c.*", "invalid subject"),
        ("a.*", "c.$2", "invalid mapping destination: wildcard index out of range in $2: [2]"),
        ("a.b", "{{left(1,2)}}", "invalid mapping destination: wildcard index out of range in {{left(1,2)}}"),
        ("a.*", "$2.{{nothing}}", "invalid mapping destination: unknown function in {{nothing}}"),
        ("a.*", "{{SPLIT(1,q)}}", "invalid mapping destination: unknown function in {{SPLIT(1,q)}}"),
        (
            "a.*",
            "{{left(1)}}.$2",
            "invalid mapping destination: not enough arguments passed to the function in {{left(1)}}",
        ),
        (
            "a.*",
            "{{wildcard(1,2)}}",
            "invalid mapping destination: too many arguments passed to the function in {{wildcard(1,2)}}",
        ),
        (
            "a.*",
            "{{partition(x,1)}}",
            "invalid mapping destination: function argument is invalid or in the wrong format in {{partition(x,1)}}",
        ),
    ];
    for (source, destination, text) in rows {
        let error = SubjectMapping::new(source, destination).unwrap_err();
        assert_eq!(error.to_string(), text, "{source} -> {destination}");
    }
}
