use super::{COUNT_MAX, Responses};
use crate::options::ResponsePermission;
use std::time::Duration;

fn responses(max: Option<u32>, expires: Option<Duration>) -> Responses {
    Responses::new(ResponsePermission { max, expires })
}

#[test]
fn a_request_may_be_answered_as_often_as_allowed() {
    let mut twice = responses(Some(2), None);
    assert!(!twice.use_up(b"a"));
    twice.note(b"a");
    assert_eq!([(); 3].map(|()| twice.use_up(b"a")), [true, true, false]);
    twice.note(b"a");
    assert!(twice.use_up(b"a"), "another request, another answer");
    let mut any = responses(None, None);
    any.note(b"a");
    assert!((0..1_000).all(|_| any.use_up(b"a")));
    let mut never = responses(Some(0), None);
    never.note(b"a");
    assert!(!never.use_up(b"a"));
}

#[test]
fn a_request_may_be_answered_in_time() {
    let mut responses = responses(None, Some(Duration::ZERO));
    responses.note(b"a");
    assert!(!responses.use_up(b"a"));
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut over = responses(Some(1), Some(Duration::ZERO));
    let mut open = responses(Some(1), None);
    for number in 0..COUNT_MAX + 1_000 {
        let subject = number.to_string();
        over.note(subject.as_bytes());
        open.note(subject.as_bytes());
    }
    assert!(over.open.len() < 1_000, "what is over goes");
    assert_eq!(open.open.len(), COUNT_MAX);
}
