use super::*;

#[test]
fn spans_have_the_unit_that_reads_best() {
    let texts = [0, 99, 100, 71_149, 999_999, 1_000_000, 44_712_000].map(shown);
    assert_eq!(texts, ["0.0 us", "0.0 us", "0.1 us", "71.1 us", "999.9 us", "1.0 ms", "44.7 ms"]);
    assert_eq!(nanos(Duration::MAX), u64::MAX);
}
