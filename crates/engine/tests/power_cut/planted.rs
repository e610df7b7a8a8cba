//! Planted bugs: the suite must notice each of them.

use super::{check, setup};
use jetkv_engine::planted::{Bug, plant};
use testkit::FsBug;

/// A bug, in the engine or in the file system below it.
#[derive(Debug, Clone, Copy)]
enum Planted {
    Engine(Bug),
    Disk(FsBug),
}

use Planted::{Disk, Engine};

/// Every bug, and what it breaks.
const TABLE: &[(Planted, &str)] = &[
    (Engine(Bug::AcknowledgeUnsynced), "what was acknowledged is gone after a cut"),
    (Engine(Bug::TrustStaleHints), "what was written after the last hints is gone"),
    (Engine(Bug::CutInTheMiddle), "an intact entry is taken for a torn one"),
    (Engine(Bug::KeepHalfBatch), "a batch is there in part"),
    (Engine(Bug::ShowUnsynced), "a second cut takes back what was seen after the first"),
    (Engine(Bug::DropFloorsEarly), "purged messages come back"),
    (Engine(Bug::DropRemovalsEarly), "removed messages come back"),
    (Engine(Bug::RemoveWithoutFloor), "messages come back that the removed one had hidden"),
    (Engine(Bug::RemoveOldFilesFirst), "a cut in a compaction loses segments"),
    (Engine(Bug::CompactWithoutSync), "a cut after a compaction loses segments"),
    (Engine(Bug::ForgetNextSequence), "sequences are used twice"),
    (Engine(Bug::ForgetStreamFloor), "messages below the floor of the stream come back"),
    (Engine(Bug::KeepConfigInMemory), "the old configuration comes back"),
    (Engine(Bug::DeleteWithoutSync), "a deleted stream comes back"),
    (Disk(FsBug::SkipSyncOf(".seg")), "segments are not durable"),
    (Disk(FsBug::SkipSyncOf("manifest")), "manifests are not durable"),
    (Disk(FsBug::SkipSomeSyncs), "some acknowledged writes are not durable"),
    (Disk(FsBug::SyncLate), "the newest acknowledged write is not durable"),
    (Disk(FsBug::SkipDirSync), "names are not durable"),
    (Disk(FsBug::RenameByCopy), "a manifest is replaced in several steps"),
];

#[test]
fn every_planted_bug_is_caught() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let caught: Vec<_> =
        TABLE.iter().map(|(planted, breaks)| (planted, breaks, seeds_to_catch(*planted))).collect();
    std::panic::set_hook(hook);
    for (planted, breaks, seeds) in &caught {
        println!("{planted:?} ({breaks}): caught after {seeds:?} seeds");
    }
    let missed: Vec<_> = caught.iter().filter(|(_, _, seeds)| seeds.is_none()).collect();
    assert!(missed.is_empty(), "not caught within {SEEDS_MAX} seeds: {missed:?}");
}

fn seeds_to_catch(planted: Planted) -> Option<u64> {
    let (engine, disk) = match planted {
        Engine(bug) => (Some(bug), None),
        Disk(bug) => (None, Some(bug)),
    };
    plant(engine);
    let seed = (0..SEEDS_MAX).find(|seed| check(setup(*seed, disk)).is_err());
    plant(None);
    seed.map(|seed| seed + 1)
}

const SEEDS_MAX: u64 = 3000;
