use super::*;

#[test]
fn texts_are_escaped_like_go() {
    let check = |text: &str, expected: &str| {
        let mut out = b"x".to_vec();
        push_string(&mut out, text);
        assert_eq!(String::from_utf8(out).unwrap(), format!("x\"{expected}\""));
        assert_eq!(String::from_utf8(to_vec(text)).unwrap(), format!("\"{expected}\""));
    };
    check("", "");
    check("$KV.demo.>", "$KV.demo.\\u003e");
    check("<&>", "\\u003c\\u0026\\u003e");
    check("a\"b\\c/d", "a\\\"b\\\\c/d");
    check("\u{8}\u{c}\n\r\t\u{1}\u{1f}", "\\b\\f\\n\\r\\t\\u0001\\u001f");
    check("\u{7f}é–€\u{2028}x\u{2029}", "\u{7f}é–€\\u2028x\\u2029");
}
