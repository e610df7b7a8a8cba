use super::*;

const BLOCK: &[u8] =
    b"NATS/1.0\r\nFoo: bar\r\nKV-Operation:DEL\r\nEmpty:\r\nfoo:  lower \r\nFoo: again\r\n\r\n";

#[test]
fn values_are_found_by_exact_names_with_or_without_a_space() {
    let check = |name: &str, first: Option<&str>, last: Option<&str>| {
        assert_eq!(get(BLOCK, name.as_bytes()), first.map(str::as_bytes), "{name}");
        assert_eq!(get_last(BLOCK, name.as_bytes()), last.map(str::as_bytes), "{name}");
    };
    check("Foo", Some("bar"), Some("again"));
    check("foo", Some("lower "), Some("lower "));
    check("KV-Operation", Some("DEL"), Some("DEL"));
    check("Empty", Some(""), Some(""));
    check("FOO", None, None);
    check("NATS/1.0", None, None);
    check("", None, None);
    assert_eq!(get(b"", b"Foo"), None);
    assert_eq!(iter(BLOCK).count(), 5);
}

#[test]
fn garbage_has_no_headers_and_makes_no_panic() {
    for block in
        [&b"x"[..], b"\r\n", b"NATS/1.0", b"NATS/1.0\r\n", b"NATS/1.0\r\n\r\n", b":", b"\n\n\n", b"\r"]
    {
        assert_eq!(iter(block).count(), 0, "{block:?}");
        let mut copy = block.to_vec();
        remove(&mut copy, b"Foo");
        append(&mut copy, b"Foo", b"bar");
        strip_status(&mut copy);
        assert!(copy.ends_with(b"\r\nFoo: bar\r\n\r\n"), "{copy:?}");
    }
}

#[test]
fn lines_end_with_both_characters_and_are_found_anywhere() {
    assert_eq!(get(b"NATS/1.0\r\n\r\nFoo: bar\r\n\r\n", b"Foo"), Some(&b"bar"[..]));
    assert_eq!(get(b"NATS/1.0\r\nA: b\nFoo: bar\r\n\r\n", b"Foo"), None);
    assert_eq!(get(b"NATS/1.0\r\nA: b\nFoo: bar\r\n\r\n", b"A"), Some(&b"b\nFoo: bar"[..]));
}

/// Two ids are the same to the reference if these are.
#[test]
fn spaces_before_a_value_do_not_count_and_those_behind_it_do() {
    let check = |line: &str, expected: &str| {
        let block = format!("NATS/1.0\r\n{line}\r\n\r\n");
        assert_eq!(get(block.as_bytes(), b"Id"), Some(expected.as_bytes()), "{line:?}");
    };
    check("Id:   10", "10");
    check("Id:10", "10");
    check("Id: 10 ", "10 ");
    check("Id: \t10", "\t10");
    check("Id: ", "");
    check("Id: a\rb", "a\rb");
}

#[test]
fn lines_that_are_appended_together_stand_as_if_one_by_one() {
    for before in ["", "NATS/1.0\r\n\r\n", "NATS/1.0\r\nA: b\r\n\r\n", "NATS/1.0 404 No\r\n\r\n", "broken"] {
        let (mut one_by_one, mut together) = (before.as_bytes().to_vec(), before.as_bytes().to_vec());
        let lines: [(&[u8], &[u8]); 3] = [(b"A", b"1"), (b"Nats-Sequence", b""), (b"A", b"2: 3")];
        lines.iter().for_each(|(name, value)| append(&mut one_by_one, name, value));
        append_all(&mut together, &lines);
        assert_eq!(together, one_by_one, "{before:?}");
        append_all(&mut together, &[]);
        assert_eq!(together, one_by_one);
    }
}

#[test]
fn appending_keeps_what_is_there() {
    let mut block = Vec::new();
    append(&mut block, b"Nats-Msg-Size", b"0");
    assert_eq!(block, b"NATS/1.0\r\nNats-Msg-Size: 0\r\n\r\n");
    append_u64(&mut block, b"Nats-Sequence", 7);
    append(&mut block, b"Nats-Msg-Size", b"1");
    assert_eq!(block, b"NATS/1.0\r\nNats-Msg-Size: 0\r\nNats-Sequence: 7\r\nNats-Msg-Size: 1\r\n\r\n");
}

#[test]
fn removing_and_setting() {
    let mut block = BLOCK.to_vec();
    remove(&mut block, b"Foo");
    assert_eq!(block, b"NATS/1.0\r\nKV-Operation:DEL\r\nEmpty:\r\nfoo:  lower \r\n\r\n");
    set(&mut block, b"Empty", b"full");
    assert_eq!(block, b"NATS/1.0\r\nKV-Operation:DEL\r\nfoo:  lower \r\nEmpty: full\r\n\r\n");
    let mut block = b"NATS/1.0\r\nNats-TTL: 1s\r\n\r\n".to_vec();
    remove(&mut block, b"Nats-TTL");
    assert_eq!(block, b"");
}

#[test]
fn statuses() {
    let mut block = Vec::new();
    push_status(&mut block, 404, "Message Not Found");
    assert_eq!(block, b"NATS/1.0 404 Message Not Found\r\n\r\n");
    assert_eq!(status(&block), Some((404, &b"Message Not Found"[..])));
    append(&mut block, b"Nats-Pending-Messages", b"3");
    assert_eq!(block, b"NATS/1.0 404 Message Not Found\r\nNats-Pending-Messages: 3\r\n\r\n");
    strip_status(&mut block);
    assert_eq!(block, b"NATS/1.0\r\nNats-Pending-Messages: 3\r\n\r\n");
    assert_eq!(status(&block), None);
    let mut block = b"NATS/1.0 503\r\n\r\n".to_vec();
    assert_eq!(status(&block), Some((503, &b""[..])));
    strip_status(&mut block);
    assert_eq!(block, b"");
    assert_eq!(status(b"NATS/1.0 5x3\r\n\r\n"), None);
    assert_eq!(status(b"NATS/1.0 5"), None);
}

#[test]
fn nobody_listening_names_the_subject() {
    let block = no_responders(b"a.b");
    assert_eq!(block, b"NATS/1.0 503\r\nNats-Subject: a.b\r\n\r\n");
    assert_eq!(block.len(), 32 + 3);
}

#[test]
fn well_formed_blocks() {
    assert!(is_well_formed(b""));
    assert!(is_well_formed(BLOCK));
    assert!(is_well_formed(b"NATS/1.0 503\r\n\r\n"));
    assert!(!is_well_formed(b"NATS/1.0\r\n"));
    assert!(!is_well_formed(b"xx"));
}
