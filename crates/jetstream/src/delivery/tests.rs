use super::{behind, with_size};
use bytes::Bytes;
use jetkv_engine::{Damage, DamageKind};
use jetkv_types::Headers;

fn damage(sequences: Option<(u64, u64)>) -> Damage {
    Damage { path: "segment".into(), offset: 0, length: 0, sequences, subject: None, kind: DamageKind::Hole }
}

#[test]
fn a_delivery_goes_on_behind_every_damage() {
    assert_eq!(behind(&damage(Some((5, 9))), 5), 10);
    assert_eq!(behind(&damage(Some((5, 9))), 7), 10);
    assert_eq!(behind(&damage(Some((1, 2))), 7), 8);
    assert_eq!(behind(&damage(None), 7), 8);
}

#[test]
fn the_size_is_appended_behind_all_other_headers() {
    let size = with_size(&Headers::none(), 12);
    assert_eq!(&size.as_block()[..], b"NATS/1.0\r\nNats-Msg-Size: 12\r\n\r\n");
    let headers = Headers::from_block(Bytes::from_static(b"NATS/1.0\r\nKV-Operation:DEL\r\n\r\n")).unwrap();
    assert_eq!(
        &with_size(&headers, 0).as_block()[..],
        b"NATS/1.0\r\nKV-Operation:DEL\r\nNats-Msg-Size: 0\r\n\r\n"
    );
}

#[test]
fn a_full_header_block_stays_as_it_is() {
    let value = "x".repeat(65_510);
    let headers = Headers::from_pairs([("a", value.as_str())]).unwrap();
    assert!(with_size(&headers, 1) == headers);
}
