use super::*;

const PLACE: Place = Place { salt: 0x1234_5678, offset: 640 };

fn head(subject: &[u8], data_length: u32) -> Head<'_> {
    Head {
        kind: Kind::Message(Operation::Put),
        flags: HAS_FLOOR | HAS_DEADLINE,
        sequence: 107,
        durable_upto: 600,
        time: 1_795_416_369_290_762_586,
        deadline: Some(NEVER),
        floor: 99,
        subject,
        header_length: 0,
        data_length,
    }
}

fn encoded(payload: &[u8]) -> Vec<u8> {
    let mut buffer = Vec::new();
    encode(&mut buffer, PLACE, 100, &head(b"web.port", to_u32(payload.len())), &[payload]);
    buffer
}

#[test]
fn an_entry_reads_back() {
    let bytes = encoded(b"8080");
    let entry = decode(&bytes, PLACE, 100).unwrap();
    assert_eq!(entry.head, head(b"web.port", 4));
    assert_eq!(entry.data, b"8080");
    assert_eq!(to_usize(entry.length), bytes.len());
}

#[test]
fn every_flipped_bit_is_noticed_and_a_flip_in_the_data_leaves_the_head_readable() {
    let good = encoded(b"8080");
    let data_start = good.len() - 4;
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let error = decode(&bytes, PLACE, 100).unwrap_err();
        if bit / 8 >= data_start {
            assert_eq!(error, Unreadable::Data { length: to_u32(good.len()) });
        }
        let healed = mend_head(&bytes, PLACE, 100);
        assert_eq!(healed.as_deref(), (bit / 8 < data_start).then_some(&good[..]), "bit {bit}");
        if bit / 8 >= data_start {
            assert_eq!(flipped_byte(&bytes, PLACE), Some(bit / 8), "bit {bit}");
        }
    }
}

#[test]
fn an_entry_in_another_place_is_no_entry() {
    let bytes = encoded(b"8080");
    for place in [Place { offset: 641, ..PLACE }, Place { salt: 1, ..PLACE }] {
        assert_eq!(decode(&bytes, place, 100), Err(Unreadable::Head));
    }
}

#[test]
fn blank_space_is_told_from_garbage_and_from_a_torn_entry() {
    assert_eq!(decode(&[0; 64], PLACE, 100), Err(Unreadable::Blank));
    assert_eq!(decode(&[], PLACE, 100), Err(Unreadable::Blank));
    assert_eq!(decode(&[7; 64], PLACE, 100), Err(Unreadable::Head));
    let bytes = encoded(b"8080");
    assert_eq!(
        decode(&bytes[..bytes.len() - 1], PLACE, 100),
        Err(Unreadable::Data { length: to_u32(bytes.len()) })
    );
}

#[test]
fn half_written_data_is_not_taken_for_one_flipped_bit() {
    let mut bytes = encoded(&[0x5a; 600]);
    assert_eq!(flipped_byte(&bytes, PLACE), None);
    let end = bytes.len();
    bytes[end - 100..].fill(0);
    assert_eq!(flipped_byte(&bytes, PLACE), None);
}
