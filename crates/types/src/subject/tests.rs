use super::*;

fn check(text: &str, expected: Result<(), SubjectError>) {
    assert_eq!(Subject::new(text).map(|_| ()), expected, "{text:?}");
}

#[test]
fn tokens_are_not_empty_and_hold_no_white_space() {
    check("a", Ok(()));
    check("$KV.app.web/port=1.x-y_z", Ok(()));
    check("grüße.日本", Ok(()));
    check("a.*.>", Ok(()));
    check("", Err(SubjectError::Empty));
    check(".a", Err(SubjectError::EmptyToken { offset: 0 }));
    check("a..b", Err(SubjectError::EmptyToken { offset: 2 }));
    check("a.", Err(SubjectError::EmptyToken { offset: 2 }));
    check("a b", Err(SubjectError::InvalidCharacter { byte: b' ', offset: 1 }));
    check("a\0", Err(SubjectError::InvalidCharacter { byte: 0, offset: 1 }));
}

#[test]
fn the_longest_subject_is_accepted_and_one_byte_more_is_not() {
    check(&"a".repeat(SUBJECT_BYTES_MAX), Ok(()));
    check(&"a".repeat(SUBJECT_BYTES_MAX + 1), Err(SubjectError::TooLong { bytes: SUBJECT_BYTES_MAX + 1 }));
}
