//! Check and repair: no false alarms, and after a repair everything that was intact is there and nothing is damaged.

use crate::judge::{Rules, Verdict, compare, judge};
use crate::shapes::{assert_none, damage, name_of};
use crate::world::{self, Oracle, Stop, image};
use jetkv_engine::{Append, DamageKind, Store};
use std::collections::BTreeSet;
use testkit::{Rng, SimFs};

#[test]
fn a_healthy_store_raises_no_alarm() {
    let mut violations = Vec::new();
    for seed in 0..count("JETKV_HEALTHY_STORES", 60) {
        for stop in [Stop::Clean, Stop::Killed, Stop::PowerCut] {
            let image = image(seed, stop);
            let store = world::open(&image.fs).unwrap();
            let found = store.check(&mut |_, _| {}).unwrap();
            let alarm = |kind| kind != DamageKind::UnexplainedTail || stop != Stop::PowerCut;
            let alarms = found.iter().filter(|damage| alarm(damage.kind));
            violations.extend(alarms.map(|alarm| format!("store {seed}, {}: {alarm}", image.name)));
            store.close().unwrap();
            drop(store);
            let verdict = judge(&image.fs, &image, &Rules { unreadable_max: Some(0), ..Rules::default() });
            let found = verdict.violations.into_iter();
            violations.extend(found.map(|found| format!("store {seed}, {}: {found}", image.name)));
        }
    }
    assert_none(&violations);
}

#[test]
fn a_repair_keeps_what_is_intact_and_leaves_nothing_damaged() {
    let images: Vec<_> = (0..4)
        .flat_map(|seed| [Stop::Clean, Stop::Killed, Stop::PowerCut].map(|stop| image(seed, stop)))
        .collect();
    let mut violations = Vec::new();
    for seed in 0..count("JETKV_ALL_SHAPES", 300) {
        let mut rng = Rng::new(seed);
        let image = rng.pick(&images);
        let fs = image.fs.fork();
        let (mut what, _) = damage(&fs, image, &mut rng);
        if rng.chance(1, 3) {
            let (more, _) = damage(&fs, image, &mut rng);
            what = format!("{what}, {more}");
        }
        let found = repair(&fs, &image.oracle).into_iter();
        violations.extend(found.map(|found| format!("repair {seed}, {}: {what}: {found}", image.name)));
    }
    assert_none(&violations);
}

fn count(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().and_then(|count| count.parse().ok()).unwrap_or(usual)
}

/// Repairs a damaged store and returns what is wrong afterwards.
fn repair(fs: &SimFs, oracle: &Oracle) -> Vec<String> {
    let before: Vec<_> = fs.paths().into_iter().map(|path| (path.clone(), fs.read(path))).collect();
    let store = world::open(fs).unwrap();
    let mut damaged = Verdict::default();
    compare(&mut damaged, &store, oracle);
    if damaged.blocked > 0 || damaged.broken > 0 || !damaged.violations.is_empty() {
        // What a loss of unknown messages leaves behind is not exact; the store must come to rest all the same.
        let mut violations = Vec::new();
        let found = store.repair().map(|_| store.check(&mut |_, _| {}));
        if !matches!(&found, Ok(Ok(found)) if found.is_empty()) {
            violations.push(format!("not clean after the repair: {found:?}"));
        }
        return violations;
    }
    let mut violations = Vec::new();
    if let Err(error) = store.repair() {
        return vec![format!("repair: {error}")];
    }
    let left = without(oracle, &damaged.unreadable);
    is_clean(&mut violations, "after the repair", &store, &left);
    store.close().unwrap();
    drop(store);
    let store = world::open(fs).unwrap();
    is_clean(&mut violations, "after reopening", &store, &left);
    for name in left.keys() {
        let stream = world::stream(&store, name).unwrap();
        let subject = world::subject(&format!("{name}.new"));
        stream.append(&[Append::put(&subject, b"new")]).wait().unwrap();
    }
    store.compact().unwrap();
    store.close().unwrap();
    let kept = |content: &[u8]| fs.paths().iter().any(|path| fs.read(path).starts_with(content));
    let lost_files: BTreeSet<_> = damaged.unreadable.iter().map(|(name, _)| name.clone()).collect();
    if !lost_files.is_empty() {
        let quarantined = fs.paths().iter().any(|path| path.starts_with("/data/quarantine"));
        let missing = before.iter().all(|(path, content)| name_of(path).ends_with(".seg") && kept(content));
        if !quarantined && missing {
            violations.push("nothing is in quarantine".into());
        }
    }
    violations
}

/// Returns what must be left when messages were given up.
fn without(oracle: &Oracle, given_up: &BTreeSet<(String, u64)>) -> Oracle {
    let mut left = oracle.clone();
    for (name, expected) in &mut left {
        for live in expected.live.values_mut() {
            live.retain(|sequence| !given_up.contains(&((*name).to_owned(), *sequence)));
        }
    }
    left
}

fn is_clean(violations: &mut Vec<String>, when: &str, store: &Store, oracle: &Oracle) {
    let found = store.check(&mut |_, _| {});
    if !matches!(&found, Ok(found) if found.is_empty()) {
        violations.push(format!("{when}, check gives {found:?}"));
    }
    if !store.damages().is_empty() {
        violations.push(format!("{when}, damages gives {:?}", store.damages()));
    }
    let mut verdict = Verdict::default();
    compare(&mut verdict, store, oracle);
    violations.extend(verdict.violations.into_iter().map(|found| format!("{when}, {found}")));
    if verdict.unreadable.len() + verdict.blocked > 0 {
        violations.push(format!("{when}, unreadable: {:?}", verdict.unreadable));
    }
}
