//! Planned faults, the planned cut, and the counting of operations.

use super::{create, create_durable, kind, names, over_seeds, p, with_dir};
use crate::{Counts, DiskModel, FaultKind, FaultMode, SimFs};
use jetkv_engine::env::{File, Fs, OpenMode};
use std::io::{self, ErrorKind};

/// Does every kind of operation once, fifteen in all, and returns the index of the first that fails.
fn first_failure(fs: &SimFs) -> Option<usize> {
    let mut file = None;
    let open = |file: &Option<std::sync::Arc<dyn File>>| {
        file.clone().ok_or_else(|| io::Error::from(ErrorKind::NotFound))
    };
    let outcomes = [
        fs.create_dir_all(p("/d")),
        fs.open(p("/d/a"), OpenMode::CreateNew).map(|opened| file = Some(opened)),
        open(&file).and_then(|file| file.write_at(b"content", 0)),
        open(&file).and_then(|file| file.set_len(20)),
        open(&file).and_then(|file| file.sync_data()),
        fs.sync_dir(p("/d")),
        open(&file).and_then(|file| file.len()).map(|_| ()),
        open(&file).and_then(|file| file.read_at(&mut [0; 4], 0)).map(|_| ()),
        fs.rename(p("/d/a"), p("/d/b")),
        fs.list(p("/d")).map(|_| ()),
        fs.lock(p("/d/lock")).map(|_| ()),
        fs.open(p("/d/b"), OpenMode::Read).map(|_| ()),
        fs.remove_file(p("/d/b")),
        fs.remove_dir_all(p("/d")),
        fs.sync_dir(p("/")),
    ];
    outcomes.iter().position(Result::is_err)
}

#[test]
fn every_call_is_one_operation() {
    let fs = SimFs::new(DiskModel::Posix);
    assert_eq!(first_failure(&fs), None);
    assert_eq!(fs.op_count(), 15);
    let expected = Counts { sync_data: 1, sync_dir: 2, writes: 1, reads: 1, written_bytes: 7 };
    assert_eq!(fs.counts(), expected);
}

#[test]
fn a_fault_strikes_exactly_at_its_index() {
    for index in 0..15 {
        let fs = SimFs::new(DiskModel::Posix);
        fs.fail_at(index, FaultKind::Eio, FaultMode::Once);
        assert!(!fs.fault_fired());
        assert_eq!(first_failure(&fs), usize::try_from(index).ok());
        assert!(fs.fault_fired());
    }
    let fs = SimFs::new(DiskModel::Posix);
    fs.fail_at(15, FaultKind::Eio, FaultMode::Once);
    assert_eq!(first_failure(&fs), None);
    assert!(!fs.fault_fired());
}

#[test]
fn a_fault_waits_for_an_operation_it_can_happen_to() {
    let first = |kind| {
        let fs = SimFs::new(DiskModel::Posix);
        fs.fail_at(3, kind, FaultMode::Once);
        first_failure(&fs)
    };
    assert_eq!(first(FaultKind::SyncFails), Some(4));
    assert_eq!(first(FaultKind::ReadEio), Some(7));
    assert_eq!(first(FaultKind::WriteEio), Some(3));
    assert_eq!(first(FaultKind::Enospc), Some(3));
    assert_eq!(first(FaultKind::ShortWrite), Some(13));
}

#[test]
fn a_fault_strikes_once_or_for_ever() {
    let fs = with_dir(DiskModel::Posix);
    let file = create(&fs, "/d/a", b"1");
    fs.fail_at(fs.op_count() + 1, FaultKind::Enospc, FaultMode::Once);
    assert!(file.write_at(b"2", 0).is_ok());
    assert_eq!(kind(file.write_at(b"3", 0)), ErrorKind::StorageFull);
    assert!(file.write_at(b"4", 0).is_ok());
    fs.fail_at(fs.op_count(), FaultKind::WriteEio, FaultMode::Persistent);
    for _ in 0..3 {
        assert_eq!(file.write_at(b"5", 0).err().and_then(|error| error.raw_os_error()), Some(5));
        assert!(file.sync_data().is_err());
        assert_eq!(file.read_at(&mut [0], 0).unwrap(), 1);
    }
    assert_eq!(fs.read("/d/a"), b"4");
    fs.clear_faults();
    assert!(file.write_at(b"6", 0).is_ok());
    assert!(fs.fault_fired());
}

#[test]
fn a_short_write_leaves_a_part_and_an_error() {
    let mut lengths = Vec::new();
    for skipped in 0..20 {
        let fs = with_dir(DiskModel::Posix);
        let file = create(&fs, "/d/a", b"");
        (0..skipped).for_each(|_| assert!(file.len().is_ok()));
        fs.fail_at(0, FaultKind::ShortWrite, FaultMode::Once);
        assert!(file.write_at(&[7; 100], 0).is_err());
        let content = fs.read("/d/a");
        assert!(content.len() < 100 && content.iter().all(|&byte| byte == 7));
        assert_eq!(fs.counts().written_bytes, fs.used_bytes());
        lengths.push(content.len());
    }
    lengths.dedup();
    assert!(lengths.len() > 10, "{lengths:?}");
}

#[test]
fn a_removal_of_a_directory_may_fail_half_way() {
    let fs = with_dir(DiskModel::Posix);
    for index in 0..10 {
        drop(create(&fs, &format!("/d/{index}"), b""));
    }
    fs.fail_at(0, FaultKind::ShortWrite, FaultMode::Once);
    assert!(fs.remove_dir_all(p("/d")).is_err());
    assert!((1..10).contains(&names(&fs).len()));
    assert!(fs.remove_dir_all(p("/d")).is_ok());
}

#[test]
fn a_failed_directory_sync_leaves_the_names_unsynced() {
    let fs = with_dir(DiskModel::Posix);
    create(&fs, "/d/a", b"").sync_data().unwrap();
    fs.fail_at(0, FaultKind::SyncFails, FaultMode::Once);
    assert!(fs.sync_dir(p("/d")).is_err());
    assert!(over_seeds(&fs, |cut| names(cut).len()).contains(&0));
}

#[test]
fn from_the_planned_cut_on_nothing_happens_any_more() {
    let fs = with_dir(DiskModel::Posix);
    let file = create_durable(&fs, "/d/a", b"old");
    fs.cut_at(fs.op_count() + 1);
    file.write_at(b"new", 0).unwrap();
    assert!(!fs.fault_fired());
    assert!(file.sync_data().is_err());
    assert!(fs.fault_fired());
    assert!(file.write_at(b"xxx", 0).is_err() && fs.list(p("/d")).is_err());
    let contents: Vec<_> = over_seeds(&fs, |cut| cut.read("/d/a"));
    assert!(contents.contains(&b"old".to_vec()) && contents.contains(&b"new".to_vec()));
    assert!(contents.iter().flatten().all(|&byte| byte != b'x'));
    let next = fs.kill();
    assert!(next.list(p("/d")).is_ok(), "the new world has no planned cut");
}

#[test]
fn the_trace_tells_each_operation_and_its_fault() {
    let fs = with_dir(DiskModel::Posix);
    fs.enable_trace();
    let file = create(&fs, "/d/a", b"123");
    fs.fail_at(0, FaultKind::SyncFails, FaultMode::Once);
    assert!(file.sync_data().is_err());
    let expected = ["2 Create /d/a CreateNew", "3 Write /d/a 0+3", "4 SyncData /d/a !SyncFails"];
    assert_eq!(fs.trace(), expected);
    let next = fs.kill();
    assert!(next.list(p("/d")).is_ok());
    assert_eq!(next.trace(), ["0 List /d"]);
}
