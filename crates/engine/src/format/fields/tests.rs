use super::*;

#[test]
fn numbers_read_back_and_the_end_is_no_panic() {
    for value in [0, 1, 127, 128, 300, 1 << 35, u64::MAX] {
        let mut bytes = Vec::new();
        bytes.put_varint(value);
        assert_eq!(Reader::new(&bytes).varint(), Some(value));
        assert_eq!(Reader::new(&bytes[..bytes.len() - 1]).varint(), None);
    }
    assert_eq!(Reader::new(&[0xff; 11]).varint(), None);
    assert_eq!(Reader::new(&[5, 0, 0, 0, 1]).block(), None);
}
