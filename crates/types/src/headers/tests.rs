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
