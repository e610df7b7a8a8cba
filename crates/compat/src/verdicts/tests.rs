//! Tests of reading what a suite printed.

use super::*;

#[test]
fn cases_are_counted_and_failures_kept() {
    let read = Verdicts::read("ok a/b\n# remark\nFAIL c/d: because\ndone: 1 ok, 1 failed\n");
    assert_eq!(
        read,
        Verdicts { passed: 1, failed: vec!["c/d: because".to_owned()], complete: true, refused: 0 }
    );
    assert!(!read.all_well());
}

#[test]
fn a_suite_that_died_or_did_nothing_is_not_well() {
    assert!(!Verdicts::read("ok a/b\n").all_well());
    assert!(!Verdicts::read("ok a/b\ndone: 2 ok, 0 failed\n").all_well());
    assert!(!Verdicts::read("done: 0 ok, 0 failed\n").all_well());
    assert!(Verdicts::read("ok a/b\ndone: 1 ok, 0 failed\n").all_well());
}

#[test]
fn what_is_refused_must_be_on_the_list_and_refused_with_its_words() {
    let list = [Refusal { suite: "go", case: "c/d", says: "not supported" }];
    let read = |failure: &str| {
        let mut verdicts = Verdicts::read(&format!("ok a/b\n{failure}done: 1 ok, 1 failed\n"));
        verdicts.expect_refusals("go", &list);
        verdicts
    };
    let refused = read("FAIL c/d: x is not supported\n");
    assert!(refused.all_well());
    assert_eq!(refused.refused, 1);
    assert!(!read("FAIL c/d: timeout\n").all_well());
    assert!(!read("FAIL c/dd: x is not supported\n").all_well());
    let mut works = Verdicts::read("ok a/b\nok c/d\ndone: 2 ok, 0 failed\n");
    works.expect_refusals("go", &list);
    assert!(!works.all_well());
    works.failed.clear();
    works.expect_refusals("rust", &list);
    assert!(works.all_well());
}
