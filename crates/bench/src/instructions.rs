//! `bench instructions`: small worlds whose work is a fixed number of instructions, for a program that counts them.
//!
//! `cargo xtask instructions` runs each under callgrind, which counts what the thread does while it is inside of
//! [`measured`], compares it with `crates/bench/instructions.toml`, and fails where more was needed than before. Nothing
//! here depends on the time, on chance or on another thread: the clock stands still, random numbers have a seed, and the
//! server runs on the one thread that also asks it.

mod engine;
mod wire;

use crate::Outcome;
use crate::baseline::DIR_DEFAULT;
use crate::data::{Data, Key};
use crate::flags::Flags;
use jetkv_engine::env::{Env, StdFs};
use jetkv_types::Timestamp;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use testkit::{ManualClock, SeededEntropy};

/// Runs the command: without `--work` it names every work.
pub(crate) fn run(mut flags: Flags) -> Outcome<()> {
    let wanted: Option<String> = flags.take_optional("work")?;
    let dir: PathBuf = flags.take("dir", PathBuf::from(DIR_DEFAULT))?;
    flags.finish()?;
    let Some(wanted) = wanted else {
        WORKS.iter().for_each(|(name, _)| println!("{name}"));
        return Ok(());
    };
    let found = WORKS.iter().find(|(name, _)| *name == wanted);
    let (name, work) = found.ok_or_else(|| format!("there is no work {wanted:?}"))?;
    // Two at a time must not meet.
    let dir = dir.join(format!("instructions-{name}-{}", std::process::id()));
    fs::create_dir_all(&dir)?;
    let done = work(&dir);
    fs::remove_dir_all(&dir)?;
    println!("operations {}", done?);
    Ok(())
}

/// Does the work in an empty directory and returns how many operations were inside of [`measured`].
type Work = fn(&Path) -> Outcome<u64>;

const WORKS: &[(&str, Work)] = &[
    ("engine-put", engine::put),
    ("engine-overwrite", engine::overwrite),
    ("engine-compare-and-set", engine::compare_and_set),
    ("engine-get", engine::get),
    ("engine-watch", engine::watch),
    ("engine-list", engine::list),
    ("engine-open-by-hints", engine::open_by_hints),
    ("engine-open-by-entries", engine::open_by_entries),
    ("wire-put", wire::put),
    ("wire-compare-and-set", wire::compare_and_set),
    ("wire-get", wire::get),
    ("wire-watch", wire::watch),
    ("wire-list", wire::list),
];

/// The part of a work that counts; the name is what callgrind looks for.
#[inline(never)]
fn measured(work: &mut dyn FnMut() -> Outcome<()>) -> Outcome<()> {
    let result = work();
    // What stands behind the call keeps it from becoming a jump, which would end the function before the work.
    std::hint::black_box(result)
}

/// The real files, with a clock that stands still and random numbers that are always the same.
fn env() -> Env {
    let clock = ManualClock::new(Timestamp::from_nanos(NOW_NANOS));
    Env { fs: Arc::new(StdFs), clock: Arc::new(clock), entropy: Arc::new(SeededEntropy::new(1)) }
}

/// The keys of a world.
fn keys() -> Vec<Key> {
    let data = Data::new(KEYS);
    (0..KEYS).map(|index| data.key(index)).collect()
}

/// Enough for tables and trees to have their usual depth, few enough for one segment.
const KEYS: u64 = 2_000;
const NOW_NANOS: u64 = 1_700_000_000_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_work_does_what_it_says_without_being_counted() {
        for (name, work) in WORKS {
            let dir = tempfile::tempdir().unwrap();
            let operations = work(dir.path()).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(operations >= KEYS, "{name} did {operations} operations");
        }
    }
}
