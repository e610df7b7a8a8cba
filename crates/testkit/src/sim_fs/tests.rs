mod content;
mod damage;
mod faults;
mod names;

use super::{DiskModel, SimFs};
use crate::rng::Rng;
use jetkv_engine::env::{EntryKind, File, Fs, OpenMode, SystemClock};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

pub(super) const BOTH: [DiskModel; 2] = [DiskModel::Posix, DiskModel::Ext4Like];

/// Returns a file system with the durable directory `/d`.
pub(super) fn with_dir(model: DiskModel) -> SimFs {
    let fs = SimFs::new(model);
    fs.create_dir_all(p("/d")).unwrap();
    fs.sync_dir(p("/")).unwrap();
    fs
}

pub(super) fn p(path: &str) -> &Path {
    Path::new(path)
}

pub(super) fn create(fs: &SimFs, path: &str, content: &[u8]) -> Arc<dyn File> {
    let file = fs.open(p(path), OpenMode::CreateNew).unwrap();
    file.write_at(content, 0).unwrap();
    file
}

/// Creates a file whose content and name are durable.
pub(super) fn create_durable(fs: &SimFs, path: &str, content: &[u8]) -> Arc<dyn File> {
    let file = create(fs, path, content);
    file.sync_data().unwrap();
    fs.sync_dir(p(path).parent().unwrap()).unwrap();
    file
}

pub(super) fn kind<T>(result: io::Result<T>) -> ErrorKind {
    result.err().expect("it should have failed").kind()
}

/// Returns what `found` says about each of many cuts of the same world.
pub(super) fn over_seeds<T>(fs: &SimFs, found: impl Fn(&SimFs) -> T) -> Vec<T> {
    (0..400).map(|seed| found(&fs.fork().power_cut(&mut Rng::new(seed)))).collect()
}

pub(super) fn names(fs: &SimFs) -> Vec<String> {
    fs.paths().iter().map(|path| path.display().to_string()).collect()
}

#[test]
fn it_behaves_as_a_file_system() {
    let fs = with_dir(DiskModel::Posix);
    assert_eq!(kind(fs.open(p("/d/a"), OpenMode::Read)), ErrorKind::NotFound);
    assert_eq!(kind(fs.open(p("/x/a"), OpenMode::CreateNew)), ErrorKind::NotFound);
    let file = create(&fs, "/d/a", b"hello");
    assert_eq!(kind(fs.open(p("d/a"), OpenMode::CreateNew)), ErrorKind::AlreadyExists);
    file.write_at(b"!", 7).unwrap();
    let mut buffer = [9; 10];
    assert_eq!(file.read_at(&mut buffer, 1).unwrap(), 7);
    assert_eq!(&buffer[..7], b"ello\0\0!");
    assert_eq!(file.read_at(&mut buffer, 100).unwrap(), 0);
    let reader = fs.open(p("/d/a"), OpenMode::Read).unwrap();
    assert_eq!(kind(reader.write_at(b"x", 0)), ErrorKind::PermissionDenied);
    file.set_len(2).unwrap();
    file.set_len(4).unwrap();
    assert_eq!(fs.read("/d/a"), b"he\0\0");
    assert_eq!(reader.len().unwrap(), 4);
    assert!(fs.open(p("/d/a"), OpenMode::Replace).unwrap().is_empty().unwrap());
    assert_eq!(kind(file.set_len(u64::MAX)), ErrorKind::FileTooLarge);
}

#[test]
fn directories_are_listed_renamed_and_removed() {
    let fs = with_dir(DiskModel::Posix);
    fs.create_dir_all(p("/d/b/c")).unwrap();
    drop(create(&fs, "/d/b/c/f", b"1"));
    drop(create(&fs, "/d/a", b"2"));
    let entries = fs.list(p("/d")).unwrap();
    let entries: Vec<_> = entries.iter().map(|entry| (entry.name.as_str(), entry.kind)).collect();
    assert_eq!(entries, [("a", EntryKind::File), ("b", EntryKind::Directory)]);
    assert_eq!(kind(fs.list(p("/none"))), ErrorKind::NotFound);
    assert_eq!(kind(fs.list(p("/d/a"))), ErrorKind::NotADirectory);
    assert_eq!(kind(fs.rename(p("/d/b"), p("/d/b/c/x"))), ErrorKind::InvalidInput);
    assert_eq!(kind(fs.rename(p("/d/a"), p("/d/b"))), ErrorKind::IsADirectory);
    fs.rename(p("/d/b"), p("/e")).unwrap();
    assert_eq!(names(&fs), ["/d/a", "/e/c/f"]);
    assert_eq!(kind(fs.remove_file(p("/e"))), ErrorKind::IsADirectory);
    fs.remove_dir_all(p("/e")).unwrap();
    assert_eq!(names(&fs), ["/d/a"]);
    assert_eq!(kind(fs.sync_dir(p("/e"))), ErrorKind::NotFound);
    assert_eq!(fs.used_bytes(), 1);
}

#[test]
fn an_open_handle_outlives_the_name() {
    let fs = with_dir(DiskModel::Posix);
    let removed = create(&fs, "/d/removed", b"one");
    let replaced = create(&fs, "/d/replaced", b"two");
    fs.remove_file(p("/d/removed")).unwrap();
    drop(create(&fs, "/d/tmp", b"three"));
    fs.rename(p("/d/tmp"), p("/d/replaced")).unwrap();
    fs.sync_dir(p("/d")).unwrap();
    let mut buffer = [0; 3];
    assert_eq!(removed.read_at(&mut buffer, 0).unwrap(), 3);
    assert_eq!(&buffer, b"one");
    replaced.write_at(b"T", 0).unwrap();
    assert_eq!(replaced.read_at(&mut buffer, 0).unwrap(), 3);
    assert_eq!(&buffer, b"Two");
    assert_eq!(fs.used_bytes(), 11);
    drop((removed, replaced));
    assert_eq!(fs.used_bytes(), 5);
    assert_eq!(fs.read("/d/replaced"), b"three");
}

#[test]
fn a_lock_is_exclusive_until_dropped_and_ends_with_the_world() {
    let fs = with_dir(DiskModel::Posix);
    let lock = fs.lock(p("/d/lock")).unwrap().expect("nobody holds it");
    assert!(fs.lock(p("/d/lock")).unwrap().is_none());
    assert!(fs.lock(p("/d/other")).unwrap().is_some());
    drop(lock);
    let lock = fs.lock(p("/d/lock")).unwrap().expect("it was dropped");
    let next = fs.kill();
    let next_lock = next.lock(p("/d/lock")).unwrap().expect("the holder was killed");
    drop(lock);
    assert!(
        next.lock(p("/d/lock")).unwrap().is_none(),
        "a lock of the old world ends nothing in the new one"
    );
    let after = next.power_cut(&mut Rng::new(1));
    assert!(after.lock(p("/d/lock")).unwrap().is_some());
    drop(next_lock);
}

#[test]
fn after_the_end_of_a_world_everything_in_it_fails() {
    for end in [|fs: &SimFs| fs.kill(), |fs: &SimFs| fs.power_cut(&mut Rng::new(3))] {
        let fs = with_dir(DiskModel::Ext4Like);
        let file = create_durable(&fs, "/d/a", b"content");
        let op_count = fs.op_count();
        let next = end(&fs);
        assert!(file.read_at(&mut [0], 0).is_err());
        assert!(file.write_at(b"late", 0).is_err());
        assert!(file.sync_data().is_err() && file.set_len(0).is_err() && file.len().is_err());
        let clone = fs.clone();
        assert!(clone.open(p("/d/a"), OpenMode::Read).is_err() && clone.list(p("/d")).is_err());
        assert!(clone.sync_dir(p("/d")).is_err() && clone.lock(p("/d/l")).is_err());
        assert!(clone.remove_file(p("/d/a")).is_err() && clone.rename(p("/d/a"), p("/d/b")).is_err());
        assert!(clone.create_dir_all(p("/e")).is_err() && clone.remove_dir_all(p("/d")).is_err());
        drop(file);
        assert_eq!(next.read("/d/a"), b"content");
        assert_eq!((fs.op_count(), next.op_count()), (op_count, 0));
    }
}

#[test]
fn a_kill_loses_nothing_and_makes_nothing_durable() {
    let fs = with_dir(DiskModel::Posix);
    let file = create_durable(&fs, "/d/a", b"old");
    file.write_at(b"new", 0).unwrap();
    drop(create(&fs, "/d/b", b"unsynced name"));
    let next = fs.kill();
    assert_eq!((next.read("/d/a"), names(&next).len()), (b"new".to_vec(), 2));
    let contents = over_seeds(&next, |cut| cut.read("/d/a"));
    assert!(contents.contains(&b"old".to_vec()) && contents.contains(&b"new".to_vec()));
    let counts = over_seeds(&next, |cut| names(cut).len());
    assert!(counts.contains(&1) && counts.contains(&2));
    let reopened = next.open(p("/d/a"), OpenMode::ReadWrite).unwrap();
    reopened.sync_data().unwrap();
    assert!(over_seeds(&next, |cut| cut.read("/d/a")).iter().all(|content| content == b"new"));
}

#[test]
fn the_same_seed_leaves_the_same_world() {
    for model in BOTH {
        let fs = with_dir(model);
        for index in 0..5 {
            drop(create(&fs, &format!("/d/{index}"), &[7; 3000]));
        }
        let image = |seed| {
            let cut = fs.fork().power_cut(&mut Rng::new(seed));
            cut.paths().iter().map(|path| (path.clone(), cut.read(path))).collect::<Vec<_>>()
        };
        assert!((0..50).all(|seed| image(seed) == image(seed)));
        assert!((0..50).any(|seed| image(seed) != image(0)));
    }
}

/// Run by hand: `cargo test -p testkit --release -- --ignored --nocapture speed`.
#[test]
#[ignore = "prints a measurement"]
fn speed_of_a_small_world() {
    use jetkv_engine::env::Clock;
    let rounds = 2000_u32;
    let start = SystemClock.now();
    let mut cut_time = std::time::Duration::ZERO;
    for seed in 0..rounds {
        let fs = with_dir(DiskModel::Posix);
        for file in 0..8 {
            let file = create_durable(&fs, &format!("/d/{file}"), &[1; 16_384]);
            for record in 0..20 {
                file.write_at(&[2; 300], 16_384 + record * 300).unwrap();
            }
        }
        let before_cut = SystemClock.now();
        let cut = fs.power_cut(&mut Rng::new(u64::from(seed)));
        cut_time += SystemClock.now().since(before_cut);
        for path in cut.paths() {
            assert!(cut.read(&path).len() >= 16_384);
        }
    }
    println!("cut {:?}, whole cycle {:?}", cut_time / rounds, SystemClock.now().since(start) / rounds);
}
