use super::*;
use crate::cli::{Cli, STORE_DEFAULT};
use crate::output::Form;
use clap::Parser;

fn door(store: &str) -> Door {
    Door::of_directory(&Cli::parse_from(["jetkv", "--store", store, "ls"]).place, Form::Human)
}

#[test]
fn hints_name_the_store_unless_it_is_the_usual_one() {
    for (store, expected) in [
        (STORE_DEFAULT, "jetkv ls"),
        ("/data/a", "jetkv --store /data/a ls"),
        ("my data", "jetkv --store 'my data' ls"),
        ("it's", r"jetkv --store 'it'\''s' ls"),
    ] {
        assert_eq!(door(store).spell("ls"), expected);
    }
}

#[test]
fn a_lost_update_says_which_revision_to_retry_with() {
    let error =
        KvError::WrongRevision { bucket: "app".into(), key: "web.port".into(), expected: 7, found: 9 };
    let failure = Failure::of(&error, &door(STORE_DEFAULT));
    assert_eq!(failure.exit, Exit::Conflict);
    assert_eq!(failure.hint.unwrap(), "run `jetkv get app web.port` and retry with --revision 9");
}

#[test]
fn errors_have_the_exit_codes_of_the_contract() {
    let (bucket, key) = (String::from("b"), String::from("k"));
    for (error, exit) in [
        (KvError::BucketNotFound { bucket: bucket.clone() }, Exit::NotFound),
        (KvError::StoreNotFound { path: "s".into() }, Exit::NotFound),
        (KvError::BucketExists { bucket: bucket.clone() }, Exit::Conflict),
        (KvError::KeyExists { bucket: bucket.clone(), key: key.clone(), revision: 1 }, Exit::Conflict),
        (KvError::InvalidKey { key: key.clone(), reason: "r".into() }, Exit::Usage),
        (KvError::HistoryOutOfRange { history: 65, max: 64 }, Exit::Usage),
        (KvError::ValueTooLarge { bucket, key, bytes: 2, max: 1 }, Exit::Usage),
        (KvError::StoreLocked { path: "s".into(), holder: None }, Exit::Unavailable),
    ] {
        assert_eq!(Failure::of_library(&error).exit, exit, "{error}");
    }
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let stop = Stop::from(io::Error::from(io::ErrorKind::BrokenPipe));
    assert!(matches!(stop, Stop::ClosedPipe));
    let failure = Failure::io("cannot open x", &io::Error::from(io::ErrorKind::PermissionDenied));
    assert_eq!(failure.exit, Exit::Denied);
}

#[test]
fn an_error_of_the_operating_system_is_found_when_it_is_shared() {
    let shared = Arc::new(io::Error::from(io::ErrorKind::PermissionDenied));
    assert!(as_io_error(&shared).is_some_and(|error| error.kind() == io::ErrorKind::PermissionDenied));
    assert!(as_io_error(&std::fmt::Error).is_none());
}
