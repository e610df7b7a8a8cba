//! What survives of names.

use super::{BOTH, create, create_durable, names, over_seeds, p, with_dir};
use crate::DiskModel;
use jetkv_engine::env::Fs;
use std::collections::BTreeSet;

#[test]
fn a_synced_name_is_never_lost() {
    for model in BOTH {
        let fs = with_dir(model);
        drop(create_durable(&fs, "/d/a", b"1"));
        assert!(over_seeds(&fs, names).iter().all(|found| found == &["/d/a"]));
    }
}

#[test]
fn strictly_the_sync_of_a_file_does_not_save_its_name() {
    let fs = with_dir(DiskModel::Posix);
    create(&fs, "/d/a", b"1").sync_data().unwrap();
    fs.sync_dir(p("/")).unwrap();
    let found = over_seeds(&fs, |cut| names(cut).len());
    assert!(found.contains(&0) && found.contains(&1));
}

#[test]
fn in_a_journal_the_sync_of_a_file_saves_all_names_before_it() {
    let fs = with_dir(DiskModel::Ext4Like);
    let file = create(&fs, "/d/a", b"1");
    drop(create(&fs, "/d/b", b"2"));
    file.sync_data().unwrap();
    drop(create(&fs, "/d/c", b"3"));
    let found = over_seeds(&fs, |cut| names(cut).len());
    assert!(found.contains(&2) && found.contains(&3) && !found.contains(&1), "{found:?}");
}

#[test]
fn in_a_journal_the_sync_of_any_directory_saves_all_names() {
    let fs = with_dir(DiskModel::Ext4Like);
    drop(create(&fs, "/d/a", b"1"));
    fs.sync_dir(p("/")).unwrap();
    assert!(over_seeds(&fs, names).iter().all(|found| found == &["/d/a"]));
}

#[test]
fn strictly_any_subset_of_the_names_survives_in_a_journal_the_first_few() {
    let subsets = |model| -> BTreeSet<Vec<String>> {
        let fs = with_dir(model);
        for name in ["/d/1", "/d/2", "/d/3"] {
            drop(create(&fs, name, b""));
        }
        over_seeds(&fs, names).into_iter().collect()
    };
    assert_eq!(subsets(DiskModel::Posix).len(), 8);
    let journal: Vec<_> = subsets(DiskModel::Ext4Like).into_iter().collect();
    let expected: [&[&str]; 4] = [&[], &["/d/1"], &["/d/1", "/d/2"], &["/d/1", "/d/2", "/d/3"]];
    assert_eq!(journal, expected);
}

#[test]
fn a_replacing_rename_leaves_the_old_or_the_new_never_neither() {
    for model in BOTH {
        let fs = with_dir(model);
        drop(create_durable(&fs, "/d/a", b"old"));
        create(&fs, "/d/tmp", b"new").sync_data().unwrap();
        fs.rename(p("/d/tmp"), p("/d/a")).unwrap();
        let contents = over_seeds(&fs, |cut| cut.read("/d/a"));
        assert!(contents.iter().all(|content| content == b"old" || content == b"new"));
        assert!(contents.contains(&b"old".to_vec()) && contents.contains(&b"new".to_vec()));
        fs.sync_dir(p("/d")).unwrap();
        let after = over_seeds(&fs, |cut| (names(cut), cut.read("/d/a")));
        assert!(after.iter().all(|(found, content)| found == &["/d/a"] && content == b"new"));
    }
}

#[test]
fn a_renamed_file_has_exactly_one_name_even_if_the_old_name_is_used_again() {
    for model in BOTH {
        let fs = with_dir(model);
        drop(create_durable(&fs, "/d/a", b"first"));
        fs.rename(p("/d/a"), p("/d/b")).unwrap();
        create(&fs, "/d/a", b"second").sync_data().unwrap();
        fs.rename(p("/d/b"), p("/d/c")).unwrap();
        create(&fs, "/d/b", b"third").sync_data().unwrap();
        fs.remove_file(p("/d/a")).unwrap();
        for found in over_seeds(&fs, |cut| cut.paths().iter().map(|path| cut.read(path)).collect::<Vec<_>>())
        {
            assert_eq!(found.iter().filter(|content| *content == b"first").count(), 1, "{found:?}");
        }
    }
}

#[test]
fn strictly_a_rename_between_directories_needs_both_synced() {
    for order in [["/d", "/e"], ["/e", "/d"]] {
        let fs = with_dir(DiskModel::Posix);
        fs.create_dir_all(p("/e")).unwrap();
        fs.sync_dir(p("/")).unwrap();
        drop(create_durable(&fs, "/d/a", b"1"));
        fs.rename(p("/d/a"), p("/e/a")).unwrap();
        for dir in order {
            let found = over_seeds(&fs, names);
            assert!(found.iter().all(|found| found == &["/d/a"] || found == &["/e/a"]));
            assert!(found.iter().any(|found| found == &["/d/a"]), "before the sync of {dir}");
            fs.sync_dir(p(dir)).unwrap();
        }
        assert!(over_seeds(&fs, names).iter().all(|found| found == &["/e/a"]));
    }
}

#[test]
fn an_unsynced_removal_may_be_undone_with_the_content() {
    for model in BOTH {
        let fs = with_dir(model);
        drop(create_durable(&fs, "/d/a", b"alive"));
        fs.remove_file(p("/d/a")).unwrap();
        let found = over_seeds(&fs, |cut| cut.paths().first().map(|path| cut.read(path)));
        assert!(found.contains(&None) && found.contains(&Some(b"alive".to_vec())));
        fs.sync_dir(p("/d")).unwrap();
        assert!(over_seeds(&fs, names).iter().all(Vec::is_empty));
    }
}

#[test]
fn a_new_directory_is_lost_with_all_in_it_unless_its_parent_is_synced() {
    let fs = with_dir(DiskModel::Posix);
    fs.create_dir_all(p("/d/new/deep")).unwrap();
    drop(create_durable(&fs, "/d/new/deep/a", b"1"));
    fs.sync_dir(p("/d/new")).unwrap();
    let found = over_seeds(&fs, |cut| names(cut).len());
    assert!(found.contains(&0) && found.contains(&1));
    fs.sync_dir(p("/d")).unwrap();
    assert!(over_seeds(&fs, names).iter().all(|found| found == &["/d/new/deep/a"]));
}

#[test]
fn an_unsynced_removal_of_a_directory_may_stop_half_way() {
    for model in BOTH {
        let fs = with_dir(model);
        for name in ["/d/1", "/d/2", "/d/3"] {
            drop(create_durable(&fs, name, b""));
        }
        fs.remove_dir_all(p("/d")).unwrap();
        let counts: BTreeSet<usize> = over_seeds(&fs, |cut| names(cut).len()).into_iter().collect();
        assert_eq!(counts, BTreeSet::from([0, 1, 2, 3]));
        fs.sync_dir(p("/")).unwrap();
        assert!(over_seeds(&fs, names).iter().all(Vec::is_empty));
    }
}

#[test]
fn a_planted_lie_about_directory_syncs_loses_synced_names() {
    for model in BOTH {
        let fs = with_dir(model);
        fs.lie_about_dir_sync(true);
        drop(create(&fs, "/d/a", b"1"));
        fs.sync_dir(p("/d")).unwrap();
        assert!(over_seeds(&fs, |cut| names(cut).len()).contains(&0));
    }
}
