//! What survives of the content of files.

use super::{BOTH, create, create_durable, kind, over_seeds, p, with_dir};
use crate::rng::Rng;
use crate::{DiskModel, FaultKind, FaultMode, SECTOR_BYTES};
use jetkv_engine::env::{Fs, OpenMode};
use std::io::ErrorKind;

#[test]
fn synced_content_is_never_lost() {
    for model in BOTH {
        let fs = with_dir(model);
        let file = create(&fs, "/d/a", &[1; 2000]);
        file.write_at(&[2; 700], 300).unwrap();
        file.set_len(1500).unwrap();
        file.write_at(b"end", 1600).unwrap();
        file.sync_data().unwrap();
        fs.sync_dir(p("/d")).unwrap();
        let expected = fs.read("/d/a");
        assert!(over_seeds(&fs, |cut| cut.read("/d/a")).iter().all(|content| *content == expected));
    }
}

#[test]
fn an_unsynced_write_is_sometimes_kept_and_sometimes_lost_and_sometimes_torn() {
    let fs = with_dir(DiskModel::Posix);
    let file = create_durable(&fs, "/d/a", &[1; 100]);
    file.write_at(&[2; 100], 0).unwrap();
    let contents = over_seeds(&fs, |cut| cut.read("/d/a"));
    assert!(contents.contains(&vec![1; 100]) && contents.contains(&vec![2; 100]));
    let torn = |content: &Vec<u8>| {
        let new = content.iter().take_while(|&&byte| byte == 2).count();
        assert!(
            content[new..].iter().all(|&byte| byte == 1),
            "torn is new bytes, then old ones: {content:?}"
        );
        (1..100).contains(&new)
    };
    assert!(contents.iter().filter(|content| torn(content)).count() > 10);
}

#[test]
fn each_sector_has_its_own_fate_whatever_the_order() {
    let fs = with_dir(DiskModel::Posix);
    let file = create_durable(&fs, "/d/a", &[1; 4 * SECTOR_BYTES]);
    // Unaligned: it touches five sectors' worth of places, the first and the last of them in part.
    file.write_at(&[2; 3 * SECTOR_BYTES], 100).unwrap();
    let kept = |content: Vec<u8>| -> Vec<bool> {
        assert_eq!(content.len(), 4 * SECTOR_BYTES);
        assert!(content[..100].iter().chain(&content[3 * SECTOR_BYTES + 100..]).all(|&byte| byte == 1));
        [100, 512, 1024, 1536].iter().map(|&at| content[at] == 2).collect()
    };
    let patterns = over_seeds(&fs, |cut| kept(cut.read("/d/a")));
    for pattern in 0..16_u32 {
        let wanted: Vec<bool> = (0..4).map(|bit| pattern >> bit & 1 == 1).collect();
        assert!(patterns.contains(&wanted), "{wanted:?} never happened");
    }
}

#[test]
fn a_later_write_may_survive_an_earlier_one() {
    let fs = with_dir(DiskModel::Posix);
    let file = create_durable(&fs, "/d/a", &[0; 1024]);
    file.write_at(&[1; 10], 0).unwrap();
    file.write_at(&[2; 10], 512).unwrap();
    let pairs = over_seeds(&fs, |cut| (cut.read("/d/a")[0], cut.read("/d/a")[512]));
    for pair in [(0, 0), (1, 0), (0, 2), (1, 2)] {
        assert!(pairs.contains(&pair), "{pair:?} never happened");
    }
}

#[test]
fn a_new_length_may_survive_without_the_data_as_zeros() {
    for model in BOTH {
        let fs = with_dir(model);
        let file = create(&fs, "/d/a", b"");
        file.sync_data().unwrap();
        fs.sync_dir(p("/d")).unwrap();
        file.write_at(&[5; 600], 0).unwrap();
        let contents = over_seeds(&fs, |cut| cut.read("/d/a"));
        assert!(contents.contains(&vec![0; 600]) && contents.contains(&vec![5; 600]));
        assert!(contents.contains(&Vec::new()) && contents.contains(&vec![5; 512]));
    }
}

#[test]
fn a_change_of_length_is_kept_or_lost() {
    let fs = with_dir(DiskModel::Posix);
    let file = create_durable(&fs, "/d/a", &[1; 10]);
    file.set_len(4).unwrap();
    let lengths = over_seeds(&fs, |cut| cut.read("/d/a").len());
    assert!(lengths.iter().all(|length| [4, 10].contains(length)));
    assert!(lengths.contains(&4) && lengths.contains(&10));
    drop(fs.open(p("/d/a"), OpenMode::Replace).unwrap());
    let lengths = over_seeds(&fs, |cut| cut.read("/d/a").len());
    assert!(lengths.contains(&0) && lengths.contains(&10));
}

#[test]
fn what_survived_one_cut_survives_the_next() {
    let fs = with_dir(DiskModel::Ext4Like);
    drop(create(&fs, "/d/a", &[3; 5000]));
    for seed in 0..50 {
        let cut = fs.fork().power_cut(&mut Rng::new(seed));
        if cut.paths().is_empty() {
            continue;
        }
        let content = cut.read("/d/a");
        assert!(over_seeds(&cut, |again| again.read("/d/a")).iter().all(|found| *found == content));
    }
}

#[test]
fn after_a_failed_sync_the_data_is_given_up() {
    let fs = with_dir(DiskModel::Posix);
    let file = create_durable(&fs, "/d/a", b"old....");
    file.write_at(b"new", 0).unwrap();
    fs.fail_at(fs.op_count(), FaultKind::SyncFails, FaultMode::Once);
    assert!(file.sync_data().is_err());
    file.write_at(b"late", 3).unwrap();
    file.sync_data().unwrap();
    assert_eq!(fs.read("/d/a"), b"newlate");
    assert!(over_seeds(&fs, |cut| cut.read("/d/a")).iter().all(|content| content == b"oldlate"));
}

#[test]
fn a_planted_lie_about_syncs_loses_synced_content() {
    let fs = with_dir(DiskModel::Posix);
    let file = create_durable(&fs, "/d/a", b"old");
    fs.lie_about_sync(true);
    file.write_at(b"new", 0).unwrap();
    file.sync_data().unwrap();
    assert!(over_seeds(&fs, |cut| cut.read("/d/a")).contains(&b"old".to_vec()));
    fs.lie_about_sync(false);
    file.sync_data().unwrap();
    assert!(over_seeds(&fs, |cut| cut.read("/d/a")).iter().all(|content| content == b"new"));
}

#[test]
fn above_the_capacity_nothing_grows_and_nothing_changes() {
    let fs = with_dir(DiskModel::Posix);
    fs.set_capacity(Some(10));
    let (one, two) = (create(&fs, "/d/1", &[1; 6]), create(&fs, "/d/2", &[2; 4]));
    assert_eq!(kind(two.write_at(b"xy", 3)), ErrorKind::StorageFull);
    assert_eq!(kind(two.set_len(5)), ErrorKind::StorageFull);
    assert_eq!(fs.read("/d/2"), [2; 4]);
    two.write_at(b"xy", 2).unwrap();
    two.sync_data().unwrap();

    fs.set_capacity(Some(11));
    two.write_at(b"z", 4).unwrap();
    assert_eq!(kind(two.write_at(b"z", 5)), ErrorKind::StorageFull);
    fs.remove_file(p("/d/1")).unwrap();
    assert_eq!(kind(two.write_at(b"z", 5)), ErrorKind::StorageFull);
    drop(one);
    two.write_at(b"z", 5).unwrap();
    two.set_len(0).unwrap();
    two.set_len(11).unwrap();
    assert_eq!(kind(create(&fs.kill(), "/d/3", b"").write_at(b"z", 0)), ErrorKind::StorageFull);
}
