use super::*;

#[test]
fn a_block_reads_back_what_was_put_in() {
    let headers = Headers::from_pairs([("KV-Operation", "DEL"), ("X", " padded ")]).unwrap();
    assert_eq!(&headers.as_block()[..], b"NATS/1.0\r\nKV-Operation: DEL\r\nX:  padded \r\n\r\n");
    assert_eq!(headers.get("KV-Operation"), Some("DEL"));
    assert_eq!(headers.get("X"), Some("padded"));
    assert_eq!(headers.get("kv-operation"), None);
}

#[test]
fn no_pairs_make_no_block() {
    assert!(Headers::from_pairs([]).unwrap().is_empty());
}

#[test]
fn the_space_after_the_colon_is_optional_and_repeats_are_kept() {
    let block = Bytes::from_static(b"NATS/1.0\r\nA:1\r\nA: 2\r\n\r\n");
    let headers = Headers::from_block(block).unwrap();
    assert_eq!((headers.get("A"), headers.get_last("A")), (Some("1"), Some("2")));
}

#[test]
fn what_would_break_the_block_is_refused() {
    assert!(Headers::from_pairs([("a b", "1")]).is_err());
    assert!(Headers::from_pairs([("a", "1\r\nb: 2")]).is_err());
    assert!(Headers::from_block(Bytes::from_static(b"NATS/1.0\r\nA: 1\r\n")).is_err());
    assert!(Headers::from_block(Bytes::from(vec![b'x'; HEADER_BLOCK_BYTES_MAX + 1])).is_err());
}

#[test]
fn blocks_with_garbage_are_not_clean() {
    let is_clean = |block: &'static [u8]| Headers::from_block(Bytes::from_static(block)).unwrap().is_clean();
    for block in [
        &b""[..],
        b"NATS/1.0\r\n\r\n",
        b"NATS/1.0 503\r\n\r\n",
        b"NATS/1.0\r\nA:\tb\r\n\r\n",
        b"NATS/1.0\r\nA B:\r\n\r\n",
        b"NATS/1.0\r\nA: \xc3\xa9\r\nA: c:d\r\n\r\n",
    ] {
        assert!(is_clean(block), "{}", block.escape_ascii());
    }
    for block in [
        &b"NATS/1.0\r\nA\r\n\r\n"[..],
        b"NATS/1.0\r\n: b\r\n\r\n",
        b"NATS/1.0\r\n\r\nA: b\r\n\r\n",
        b"NATS/1.0\r\nA: b\0\r\n\r\n",
        b"NATS/1.0\r\nA: b\nC: d\r\n\r\n",
        b"NATS/1.0\r\nA: b\x7f\r\n\r\n",
        b"NATS/1.0 \x1b\r\n\r\n",
    ] {
        assert!(!is_clean(block), "{}", block.escape_ascii());
    }
}
