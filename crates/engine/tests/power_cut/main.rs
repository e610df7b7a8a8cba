//! Pulls the plug at every moment of random histories: what was acknowledged is there, and nothing else.
//!
//! `JETKV_SEEDS` says how many histories are run, `JETKV_SEED` runs one of them and shows all that it did; with
//! `JETKV_DISK=1` also what the disk did. `JETKV_HISTORIES` says how many are cut at every operation.

#[cfg(test)]
mod draw;
#[cfg(test)]
mod judge;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod planted;
#[cfg(test)]
mod possible;
#[cfg(test)]
mod world;

use jetkv_engine::Sync;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use testkit::{DiskModel, FsBug};
use world::{Cuts, Focus, Setup, World};

#[test]
fn power_cuts_lose_nothing() {
    if let Some(seed) = number("JETKV_SEED") {
        return check(setup(seed, None)).unwrap_or_else(|failure| panic!("{failure}"));
    }
    let next = AtomicU64::new(0);
    let count = number("JETKV_SEEDS").unwrap_or(5000);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= count {
                        break;
                    }
                    if let Err(failure) = check(setup(seed, None)) {
                        next.store(count, Ordering::Relaxed);
                        panic!("{failure}");
                    }
                }
            });
        }
    });
    println!("{count} histories, none with a violation");
}

#[test]
fn a_cut_at_every_operation_loses_nothing() {
    for history in 0..number("JETKV_HISTORIES").unwrap_or(20) {
        let disk = if history % 2 == 0 { DiskModel::Posix } else { DiskModel::Ext4Like };
        let setup = Setup {
            seed: 1_000_000 + history,
            disk,
            sync: Sync::Always,
            steps: 10,
            cuts: Cuts::Never,
            focus: Focus::Nothing,
            bug: None,
        };
        let mut world = World::new(setup);
        world.run().unwrap();
        let count = world.op_count();
        for at in 0..count {
            let setup = Setup { cuts: Cuts::At(at), ..setup };
            check(setup)
                .unwrap_or_else(|failure| panic!("history {history}, cut at {at} of {count}: {failure}"));
        }
    }
}

/// Returns the history of a seed.
fn setup(seed: u64, bug: Option<FsBug>) -> Setup {
    let disk = if seed.is_multiple_of(2) { DiskModel::Posix } else { DiskModel::Ext4Like };
    let sync = match seed % 8 {
        6 => Sync::Os,
        7 => Sync::Every(Duration::from_secs(2)),
        _ => Sync::Always,
    };
    let (focus, steps, cuts) = match seed / 8 % 3 {
        0 => (Focus::Dead, 60, Cuts::Random(2)),
        _ => (Focus::Nothing, 25, Cuts::Random(3)),
    };
    Setup { seed, disk, sync, steps, cuts, focus, bug }
}

/// Runs one history; a failure tells what differed, what was done before, and how to see it again.
fn check(setup: Setup) -> Result<(), String> {
    let mut world = World::new(setup);
    let outcome = catch_unwind(AssertUnwindSafe(|| world.run()));
    let outcome = outcome.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or(panic.downcast_ref::<&str>().copied());
        Err(format!("panic: {}", text.unwrap_or("of an unknown kind")))
    });
    outcome.map_err(|difference| {
        let shown = if number("JETKV_SEED").is_some() { 0 } else { world.trace.len().saturating_sub(20) };
        if number("JETKV_DISK").is_some() {
            world.trace.extend(world.fs.trace());
        }
        format!(
            "{difference}\n  {setup:?}\n  what went before:\n    {}\n  run it again: JETKV_SEED={} cargo test -p \
             jetkv-engine --test power_cut power_cuts_lose_nothing",
            world.trace[shown..].join("\n    "),
            setup.seed,
        )
    })
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}
