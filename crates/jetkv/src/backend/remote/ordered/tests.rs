use super::*;

fn filters(texts: &[&str]) -> Vec<SubjectFilter> {
    texts.iter().map(|text| SubjectFilter::new(*text).unwrap()).collect()
}

#[test]
fn filters_that_overlap_become_one_that_holds_them() {
    let check = |given: &[&str], asked: &[&str], wanted: Option<&[&str]>| {
        assert_eq!(without_overlaps(filters(given)), (filters(asked), wanted.map(filters)), "{given:?}");
    };
    check(&["$KV.b.a"], &["$KV.b.a"], None);
    check(&["$KV.b.a.*", "$KV.b.a.x", "$KV.b.c"], &["$KV.b.a.*", "$KV.b.c"], None);
    check(&["$KV.b.a.x", "$KV.b.a.x", "$KV.b.>"], &["$KV.b.>"], None);
    let crossing = ["$KV.b.a.*", "$KV.b.*.b"];
    check(&crossing, &["$KV.b.>"], Some(&crossing));
}
