use super::StdFs;
use crate::env::{EntryKind, Fs, OpenMode};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt, symlink};

#[test]
fn only_the_owner_may_enter_and_read() {
    let place = tempfile::tempdir().unwrap();
    let mode = |name: &str| fs::metadata(place.path().join(name)).unwrap().permissions().mode() & 0o777;
    StdFs.create_dir_all(&place.path().join("a/b")).unwrap();
    StdFs.open(&place.path().join("a/new"), OpenMode::CreateNew).unwrap();
    StdFs.open(&place.path().join("a/other"), OpenMode::Replace).unwrap();
    let _lock = StdFs.lock(&place.path().join("a/lock")).unwrap();
    assert_eq!(["a", "a/b"].map(mode), [0o700; 2]);
    assert_eq!(["a/new", "a/other", "a/lock"].map(mode), [0o600; 3]);
}

#[test]
fn links_are_not_followed() {
    let place = tempfile::tempdir().unwrap();
    let (precious, link) = (place.path().join("precious"), place.path().join("link"));
    fs::write(&precious, "precious").unwrap();
    symlink(&precious, &link).unwrap();
    symlink(place.path().join("nothing"), place.path().join("dangling")).unwrap();
    for name in ["link", "dangling"] {
        let path = place.path().join(name);
        for mode in [OpenMode::Read, OpenMode::ReadWrite, OpenMode::CreateNew, OpenMode::Replace] {
            let error = StdFs.open(&path, mode).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name} {mode:?}");
        }
        assert!(StdFs.lock(&path).is_err(), "{name}");
    }
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
    assert!(!place.path().join("nothing").exists());
    let kinds: Vec<_> = StdFs.list(place.path()).unwrap().into_iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [EntryKind::Other, EntryKind::Other, EntryKind::File]);
    // What carries the name may be replaced; where it points to stays as it is.
    let new = place.path().join("new");
    fs::write(&new, "new").unwrap();
    StdFs.rename(&new, &link).unwrap();
    assert!(StdFs.open(&link, OpenMode::Read).is_ok());
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
}
