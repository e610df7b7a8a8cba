//! Every kind of fault at every file operation of one workload that does everything a store can do.

use crate::model::Existence;
use crate::run::{Run, is_broken};
use crate::world::{clock, put};
use jetkv_engine::{EngineError, Store, Sync};
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use testkit::{DiskModel, FaultKind, FaultMode, SimFs};

/// Creates, writes, compares, deletes, purges, expires, compacts, configures, closes and opens.
fn workload(run: &mut Run) {
    run.create("A", 1);
    run.create("B", 3);
    for n in 0..8 {
        run.put("A", &format!("k{}", n % 3));
        run.put("B", &format!("k{}", n % 2));
    }
    run.put_for("B", "brief", Duration::from_secs(5));
    run.compare_and_put("A", "k0", true);
    run.compare_and_put("A", "k1", false);
    run.mark_deleted("A", "k1");
    run.remove_oldest("B");
    run.create("C", 2);
    run.put("C", "k0");
    run.purge("B", "B.k0");
    run.look();
    run.upkeep(Duration::from_secs(10), &[("B", "brief")]);
    run.configure("B", 2);
    run.delete("C");
    run.put("C", "k0");
    run.put("A", "k2");
    run.reopen();
    run.create("C", 1);
    for n in 0..4 {
        run.put("B", &format!("k{n}"));
        run.put("C", "k1");
        run.put("A", "k0");
    }
    run.compact();
    run.look();
    run.compare_and_put("B", "k1", true);
    run.purge("A", ">");
    run.put("A", "k0");
    run.upkeep(Duration::from_secs(1), &[("B", "brief")]);
    run.delete("C");
    run.reopen();
    run.put("A", "k1");
    run.put("B", "k1");
}

fn one(kind: FaultKind, mode: FaultMode, sync: Sync, model: DiskModel, at: u64) -> bool {
    let fs = SimFs::new(model);
    fs.fail_at(at, kind, mode);
    let mut run = Run::new(fs, clock(), sync);
    workload(&mut run);
    let fired = run.fs.fault_fired();
    run.fs.clear_faults();
    run.look();
    run.check_images(at);
    if mode == FaultMode::Once {
        assert!(run.store.is_some(), "one error must not keep the store closed");
        assert!(run.poisoned_count <= 1, "one error poisoned {} streams", run.poisoned_count);
    }
    let whole = |store: &Store| run.streams.keys().all(|stream| !is_broken(store, stream));
    if !run.store.as_ref().is_some_and(whole) {
        run.reopen();
    }
    goes_on(&mut run, kind);
    run.look();
    run.check_images(at + 1);
    fired
}

/// Without faults, all but poisoned streams take writes on the same handle, and the store can do everything again.
fn goes_on(run: &mut Run, kind: FaultKind) {
    for stream in ["A", "B"] {
        let Some((handle, sketch)) = run.stream(stream).zip(run.streams.get_mut(stream)) else { continue };
        let (key, value) = (format!("{stream}.on"), "goes on");
        match put(&handle, &key, value.as_bytes()) {
            Ok(sequence) => sketch.write(&key, value, 1, Ok(sequence)),
            Err(error @ EngineError::Poisoned { .. }) => {
                assert_ne!(kind, FaultKind::Enospc, "a full disk poisons nothing: {error}");
                assert_ne!(kind, FaultKind::ReadEio, "a failed read poisons nothing: {error}");
            }
            Err(error) => panic!("stream {stream}: {error}"),
        }
    }
    if run.store.is_some() {
        run.create("A", 1);
        run.create("B", 3);
        run.create("D", 1);
        run.put("D", "k0");
        for stream in ["A", "B", "D"] {
            assert_eq!(run.streams[stream].existence, Existence::Yes, "stream {stream} can be made");
        }
        run.reopen();
        assert!(run.store.is_some());
    }
}

fn sweep(kind: FaultKind, sync: Sync) {
    // A lasting fault at one operation is not so different from one at the next.
    let step = if std::env::var_os("JETKV_FAULTS").is_some() { 1 } else { 7 };
    for (mode, step) in [(FaultMode::Once, 1), (FaultMode::Persistent, step)] {
        for at in (0..).step_by(step) {
            let model = if at % 2 == 0 { DiskModel::Posix } else { DiskModel::Ext4Like };
            let outcome = std::panic::catch_unwind(|| one(kind, mode, sync, model, at));
            match outcome {
                Ok(true) => {}
                Ok(false) => {
                    println!("{kind:?} {mode:?} {sync:?}: failed at every {step}. of {at} operations");
                    assert!(at > 100, "the workload is too small to mean anything");
                    break;
                }
                Err(_) => {
                    println!("{}", around(kind, mode, sync, model, at));
                    panic!("{kind:?} {mode:?} {sync:?} {model:?} at operation {at}");
                }
            }
        }
    }
}

/// Returns the file operations around the one that failed.
fn around(kind: FaultKind, mode: FaultMode, sync: Sync, model: DiskModel, at: u64) -> String {
    let fs = SimFs::new(model);
    fs.enable_trace();
    fs.fail_at(at, kind, mode);
    // It may end in the same panic; the operations up to there are what counts.
    let _ = std::panic::catch_unwind(AssertUnwindSafe(|| workload(&mut Run::new(fs.clone(), clock(), sync))));
    let first = usize::try_from(at).unwrap().saturating_sub(20);
    fs.trace().into_iter().skip(first).take(50).collect::<Vec<_>>().join("\n")
}

#[test]
fn any_operation_may_fail() {
    sweep(FaultKind::Eio, Sync::Always);
}

#[test]
fn any_read_may_fail() {
    sweep(FaultKind::ReadEio, Sync::Always);
}

#[test]
fn any_change_of_the_disk_may_fail() {
    sweep(FaultKind::WriteEio, Sync::Always);
}

#[test]
fn any_operation_may_find_the_disk_full() {
    sweep(FaultKind::Enospc, Sync::Always);
}

#[test]
fn any_write_may_stop_half_way() {
    sweep(FaultKind::ShortWrite, Sync::Always);
}

#[test]
fn any_sync_may_fail() {
    sweep(FaultKind::SyncFails, Sync::Always);
}

#[test]
fn any_change_of_the_disk_may_fail_where_nothing_is_synced() {
    sweep(FaultKind::WriteEio, Sync::Os);
}
