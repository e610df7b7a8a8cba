use super::*;

/// What the client writes for headers: it shows a header map in JSON value by value, as it writes it.
fn written(headers: &Headers) -> String {
    let map = header_map(headers);
    let lines = map.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
    lines.fold("NATS/1.0\r\n".to_owned(), |text, (name, value)| format!("{text}{name}: {value}\r\n")) + "\r\n"
}

#[test]
fn header_blocks_go_out_byte_for_byte() {
    for pairs in [
        &[("A", "1")][..],
        &[("A", "1"), ("b", ""), ("A", "2")],
        &[("z", ""), ("KV-Operation", "PURGE"), ("Nats-Rollup", "sub"), ("a", "x y")],
    ] {
        let headers = Headers::from_pairs(pairs.iter().copied()).unwrap();
        assert_eq!(written(&headers).as_bytes(), &headers.as_block()[..]);
    }
    assert!(header_map(&Headers::none()).is_empty());
}

#[test]
fn headers_without_an_order_get_the_one_of_this_library() {
    let mut map = HeaderMap::new();
    for (name, value) in [("Nats-Msg-Size", "1"), ("b", "2"), ("Nats-TTL", "5"), ("Nats-Rollup", "sub")] {
        map.append(name, value);
    }
    for (name, value) in [("a", "2"), ("KV-Operation", "PURGE"), ("a", "1")] {
        map.append(name, value);
    }
    let headers = ordered(&map);
    let names: Vec<_> = headers.iter().collect();
    assert_eq!(
        names,
        [
            ("KV-Operation", "PURGE"),
            ("Nats-Rollup", "sub"),
            ("a", "2"),
            ("a", "1"),
            ("b", "2"),
            ("Nats-TTL", "5"),
            ("Nats-Msg-Size", "1"),
        ]
    );
}

#[test]
fn blocks_of_others_are_mended() {
    let check = |bytes: &[u8], expected: &[(&str, &str)]| {
        assert_eq!(block(bytes.to_vec()).iter().collect::<Vec<_>>(), expected);
    };
    check(b"", &[]);
    check(b"NATS/1.0\r\nA: 1\r\n\r\n", &[("A", "1")]);
    check(b"NATS/1.0\r\nA: \xff\r\nB:2\r\n\r\n", &[("A", "\u{fffd}"), ("B", "2")]);
    check(b"NATS/1.0\r\nA: 1", &[("A", "1")]);
}
