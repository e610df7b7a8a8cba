//! The rules of running steps.

use super::*;

fn workspace() -> Workspace {
    Workspace::default()
}

fn step(name: &'static str, run: fn(&Workspace) -> Result<Verdict, XtaskError>) -> Step {
    Step { name, rerun: "cargo xtask something", run }
}

#[test]
fn the_first_failure_ends_the_run_and_names_the_command_to_run_again() {
    let steps = [
        step("good", |_| Ok(Verdict::Passed)),
        step("bad", |_| Err(XtaskError::Findings { count: 2 })),
        step("never", |_| panic!("a step after a failure must not run")),
    ];
    let mut finished = Vec::new();
    let error = run_until_failure(&steps, &workspace(), Skips::Allowed, &mut finished).unwrap_err();
    assert_eq!(error.to_string(), "step `bad` failed; run it again with `cargo xtask something`");
    let verdicts: Vec<_> = finished.iter().map(|each| each.verdict.clone()).collect();
    assert_eq!(verdicts, [Verdict::Passed, Verdict::Failed]);
}

#[test]
fn a_skip_is_a_failure_only_where_it_is_forbidden() {
    let skipped = || Verdict::Skipped { reason: "no examples".to_owned() };
    assert!(judge(skipped(), Skips::Allowed).is_ok());
    assert!(judge(skipped(), Skips::Forbidden).is_err());
    assert!(judge(Verdict::Absent { reason: "no crate".to_owned() }, Skips::Forbidden).is_ok());
}

#[test]
fn only_the_value_true_forbids_skips() {
    assert_eq!(skips_from(Some("true")), Skips::Forbidden);
    assert_eq!(skips_from(Some("false")), Skips::Allowed);
    assert_eq!(skips_from(None), Skips::Allowed);
}
