use super::*;

/// Rows of the reference: error code, code, text.
const REFERENCE: &str = include_str!("reference.txt");

#[test]
fn the_table_is_the_one_of_the_reference() {
    let mut ours = table().map(|(err_code, code, text)| format!("{err_code} {code} {text}"));
    for line in REFERENCE.lines() {
        assert!(ours.any(|row| row == line), "{line}");
    }
}

#[test]
fn error_codes_are_unique_and_in_order() {
    let codes: Vec<u16> = table().map(|(err_code, ..)| err_code).collect();
    assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
}

#[test]
fn texts_with_placeholders_are_filled_in() {
    assert_eq!(wrong_last_sequence(7).description, "wrong last sequence: 7");
    assert_eq!(external_api_overlap("a", "b").err_code, 10021);
    let text = external_api_overlap("a", "b").description;
    assert_eq!(text, "stream external api prefix a must not overlap with b");
    assert_eq!(
        stream_invalid_config("max age can not be negative").to_string(),
        "max age can not be negative (500/10052)"
    );
}

#[test]
fn the_json_has_the_order_and_the_escapes_of_the_reference() {
    let mut out = Vec::new();
    MIRROR_MAX_MESSAGE_SIZE.write(&mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        r#"{"code":400,"err_code":10030,"description":"stream mirror must have max message size \u003e= source"}"#
    );
    let read: ApiError =
        serde_json::from_str(r#"{"code":404,"err_code":10059,"description":"stream not found"}"#).unwrap();
    assert_eq!(read, STREAM_NOT_FOUND);
}
