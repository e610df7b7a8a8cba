//! What survives a cut, and what may not.

use super::*;

fn disk(model: DiskModel) -> (Disk, NodeId) {
    let mut disk = Disk::new(model);
    let file = disk.make(ROOT, OsStr::new("a"), Node::new_file(0o600)).unwrap();
    disk.write(file, 0, &[7; 2 * SECTOR_BYTES]).unwrap();
    (disk, file)
}

fn after_cut(mut disk: Disk, seed: u64) -> Disk {
    disk.cut(&mut Rng::new(seed));
    disk
}

#[test]
fn what_was_synced_survives_every_cut() {
    for model in [DiskModel::Posix, DiskModel::Journal] {
        for seed in 0..200 {
            let (mut disk, file) = disk(model);
            disk.sync_file(file).unwrap();
            disk.sync_directory(ROOT).unwrap();
            disk.write(file, SECTOR_BYTES, &[8; SECTOR_BYTES]).unwrap();
            let disk = after_cut(disk, seed);
            let file = disk.find(ROOT, OsStr::new("a")).unwrap();
            let bytes = &disk.file(file).unwrap().bytes;
            assert_eq!(bytes[..SECTOR_BYTES], [7; SECTOR_BYTES]);
            assert!(bytes[SECTOR_BYTES..] == [7; SECTOR_BYTES] || bytes[SECTOR_BYTES..] == [8; SECTOR_BYTES]);
        }
    }
}

#[test]
fn what_was_not_synced_is_lost_by_some_cuts_and_kept_by_others() {
    let (mut names, mut bytes) = (BTreeSet::new(), BTreeSet::new());
    for seed in 0..200 {
        let (mut disk, file) = disk(DiskModel::Posix);
        disk.sync_file(file).unwrap();
        names.insert(after_cut(disk, seed).find(ROOT, OsStr::new("a")).is_ok());
        let (mut disk, file) = self::disk(DiskModel::Posix);
        disk.sync_directory(ROOT).unwrap();
        let disk = after_cut(disk, seed);
        bytes.insert(disk.file(file).unwrap().bytes.clone());
    }
    assert_eq!(names.len(), 2, "a name without a sync of its directory");
    assert!(bytes.len() >= 4, "torn, shorter, zeroed and whole: {}", bytes.len());
}

#[test]
fn a_rename_leaves_the_old_file_or_the_new_one() {
    let mut seen = BTreeSet::new();
    for seed in 0..100 {
        let (mut disk, old) = disk(DiskModel::Posix);
        disk.sync_file(old).unwrap();
        let new = disk.make(ROOT, OsStr::new("b"), Node::new_file(0o600)).unwrap();
        disk.sync_directory(ROOT).unwrap();
        disk.rename((ROOT, OsStr::new("b")), (ROOT, OsStr::new("a"))).unwrap();
        let found = after_cut(disk, seed).find(ROOT, OsStr::new("a")).unwrap();
        assert!(found == old || found == new);
        seen.insert(found);
    }
    assert_eq!(seen.len(), 2);
}

#[test]
fn a_dead_disk_takes_nothing() {
    let (mut disk, file) = disk(DiskModel::Journal);
    disk.die();
    assert_eq!(disk.write(file, 0, b"x"), Err(Refusal::Dead));
    assert_eq!(disk.sync_file(file), Err(Refusal::Dead));
    assert_eq!(disk.remove(ROOT, OsStr::new("a")), Err(Refusal::Dead));
    disk.cut(&mut Rng::new(1));
    assert!(disk.make(ROOT, OsStr::new("c"), Node::new_file(0o600)).is_ok());
}
