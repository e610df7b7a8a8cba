use super::*;

#[test]
fn what_cannot_be_sent_is_told_in_the_words_of_the_reference() {
    let error = |text: &str| send(text).unwrap_err().to_string();
    assert_eq!(error("foo=1"), "unknown signal \"foo\"; it is one of stop, quit, term, reload, reopen, ldm");
    for target in ["abc", "0", "-1", "1.5", ""] {
        assert_eq!(error(&format!("stop={target}")), format!("invalid pid: {target}"));
    }
    assert_eq!(the_only(vec![]).unwrap_err().to_string(), "no nats-server processes running");
    assert_eq!(
        the_only(vec![3, 4]).unwrap_err().to_string(),
        "multiple nats-server processes running:\n3\n4"
    );
    assert_eq!(the_only(vec![3]).unwrap().as_raw_nonzero().get(), 3);
}

#[test]
fn a_file_may_hold_the_process_id() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pid");
    std::fs::write(&path, "4711\n").unwrap();
    assert_eq!(pid(path.to_str().unwrap()).unwrap().as_raw_nonzero().get(), 4711);
    std::fs::write(&path, "no number").unwrap();
    assert!(pid(path.to_str().unwrap()).is_err());
}

#[test]
fn a_process_that_is_there_is_told() {
    let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    send(&format!("term={}", child.id())).unwrap();
    assert!(!child.wait().unwrap().success());
    let error = send(&format!("term={}", child.id())).unwrap_err();
    assert!(matches!(error, SignalError::Refused { .. }), "{error:?}");
}
