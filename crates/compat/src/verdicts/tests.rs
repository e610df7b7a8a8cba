//! Tests of reading what a suite printed.

use super::*;

#[test]
fn cases_are_counted_and_failures_kept() {
    let read = Verdicts::read("ok a/b\n# remark\nFAIL c/d: because\ndone: 1 ok, 1 failed\n");
    assert_eq!(read, Verdicts { passed: 1, failed: vec!["c/d: because".to_owned()], complete: true });
    assert!(!read.all_well());
}

#[test]
fn a_suite_that_died_or_did_nothing_is_not_well() {
    assert!(!Verdicts::read("ok a/b\n").all_well());
    assert!(!Verdicts::read("ok a/b\ndone: 2 ok, 0 failed\n").all_well());
    assert!(!Verdicts::read("done: 0 ok, 0 failed\n").all_well());
    assert!(Verdicts::read("ok a/b\ndone: 1 ok, 0 failed\n").all_well());
}
