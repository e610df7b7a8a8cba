use super::{decimal_len, write_decimal};

#[test]
fn numbers_are_written_in_decimal_and_measured_without_writing() {
    for number in [0, 1, 9, 10, 99, 100, 12_345, 1_795_416_369_290_762_586, u64::MAX] {
        let mut text = Vec::new();
        write_decimal(number, &mut text);
        assert_eq!(String::from_utf8(text).unwrap(), number.to_string());
        assert_eq!(decimal_len(number), number.to_string().len());
    }
}
