use super::*;

fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = b"before|".to_vec();
    write(&mut out);
    String::from_utf8(out).unwrap().strip_prefix("before|").unwrap().to_owned()
}

#[test]
fn messages_have_the_form_of_the_captures() {
    let text = written(|out| msg(out, b"a", b"1", None, b"", b"hi"));
    assert_eq!(text, "MSG a 1 2\r\nhi\r\n");
    let text = written(|out| msg(out, b"$KV.b.k", b"0", Some(b"_IN.x"), b"", b""));
    assert_eq!(text, "MSG $KV.b.k 0 _IN.x 0\r\n\r\n");
    let block = b"NATS/1.0 100 FlowControl Request\r\n\r\n";
    let text = written(|out| msg(out, b"dlv.1", b"18", Some(b"$JS.FC.s.c.Xy01"), block, b""));
    assert_eq!(text, "HMSG dlv.1 18 $JS.FC.s.c.Xy01 36 36\r\nNATS/1.0 100 FlowControl Request\r\n\r\n\r\n");
    let text = written(|out| msg(out, b"a", b"1", None, b"NATS/1.0\r\nFoo: bar\r\n\r\n", b"v3"));
    assert_eq!(text, "HMSG a 1 22 24\r\nNATS/1.0\r\nFoo: bar\r\n\r\nv3\r\n");
}

#[test]
fn a_head_is_followed_by_what_the_caller_appends() {
    let text = written(|out| {
        msg_head(out, b"a", b"1", None, 0, 5);
        out.extend_from_slice(b"hello\r\n");
    });
    assert_eq!(text, "MSG a 1 5\r\nhello\r\n");
}

#[test]
fn short_operations_and_errors() {
    assert_eq!(written(ping), "PING\r\n");
    assert_eq!(written(pong), "PONG\r\n");
    assert_eq!(written(ok), "+OK\r\n");
    assert_eq!(written(|out| err(out, "Stale Connection")), "-ERR 'Stale Connection'\r\n");
}

#[test]
fn an_error_text_cannot_forge_an_operation() {
    assert_eq!(written(|out| err(out, "a\r\nPING\r\nb")), "-ERR 'a  PING  b'\r\n");
}

#[test]
fn info_ends_with_a_space() {
    let text = written(|out| info(out, &Info::default()));
    assert!(text.starts_with("INFO {\"server_id\":\"\""), "{text}");
    assert!(text.ends_with("} \r\n"), "{text}");
}
