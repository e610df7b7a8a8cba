//! Damage at rest, and copies of worlds.

use super::{create, create_durable, names, over_seeds, p, with_dir};
use crate::DiskModel;
use jetkv_engine::env::{Fs, OpenMode};

#[test]
fn damage_changes_what_it_says_and_nothing_else() {
    let fs = with_dir(DiskModel::Posix);
    drop(create(&fs, "/d/a", &[0, 0]));
    drop(create(&fs, "/d/b", b"other"));
    let op_count = fs.op_count();
    fs.flip_bit("/d/a", 9);
    assert_eq!(fs.read("/d/a"), [0, 2]);
    fs.append("/d/a", &[7]);
    fs.truncate("/d/b", 2);
    assert_eq!((fs.read("/d/a"), fs.read("/d/b")), (vec![0, 2, 7], b"ot".to_vec()));
    fs.swap("/d/a", "/d/b");
    assert_eq!((fs.read("/d/b"), fs.read("/d/a")), (vec![0, 2, 7], b"ot".to_vec()));
    fs.copy("/d/a", "/d/c");
    fs.overwrite("/d/a", b"overwritten".to_vec());
    fs.delete("/d/b");
    assert_eq!(names(&fs), ["/d/a", "/d/c"]);
    assert_eq!((fs.read("/d/a"), fs.read("/d/c")), (b"overwritten".to_vec(), b"ot".to_vec()));
    assert_eq!((fs.used_bytes(), fs.op_count()), (13, op_count));
}

#[test]
fn damage_is_durable() {
    let fs = with_dir(DiskModel::Posix);
    drop(create(&fs, "/d/a", b"content"));
    fs.truncate("/d/a", 3);
    assert!(over_seeds(&fs, |cut| cut.read("/d/a")).iter().all(|content| content == b"con"));
}

#[test]
fn a_fork_and_its_original_go_separate_ways() {
    let fs = with_dir(DiskModel::Posix);
    let file = create_durable(&fs, "/d/a", b"same");
    let fork = fs.fork();
    fork.flip_bit("/d/a", 0);
    fork.open(p("/d/new"), OpenMode::CreateNew).unwrap().write_at(b"x", 0).unwrap();
    file.write_at(b"S", 0).unwrap();
    assert_eq!((fs.read("/d/a"), fork.read("/d/a")), (b"Same".to_vec(), b"rame".to_vec()));
    assert_eq!((names(&fs).len(), names(&fork).len()), (1, 2));
    assert!(over_seeds(&fork, |cut| cut.read("/d/a")).iter().all(|content| content == b"rame"));
}

#[test]
#[should_panic(expected = "there is no file at /d/none")]
fn reading_a_missing_file_names_it() {
    let _ = with_dir(DiskModel::Posix).read("/d/none");
}
