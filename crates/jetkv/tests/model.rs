//! The product against plain models, by random operations: buckets, watches, compare-and-set; and every range.
//!
//! `JETKV_SEEDS` sets how many seeds run, `JETKV_SEED` runs one of them again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "model/bucket.rs"]
mod bucket;
#[path = "model/racing.rs"]
mod racing;
#[path = "model/ranges.rs"]
mod ranges;
#[path = "model/reference.rs"]
mod reference;
#[path = "model/steps.rs"]
mod steps;
#[path = "model/watching.rs"]
mod watching;
#[path = "model/world.rs"]
mod world;

use testkit::Rng;
use world::{World, guarded, seeds};

/// Runs random operations on buckets that begin with this history.
fn buckets_follow_the_model(history: u32) {
    for seed in seeds(500) {
        let mut rng = Rng::new(seed ^ u64::from(history) << 40);
        let config = steps::first_config(&mut rng, history);
        let mut world = World::new(&mut rng, config, 1 << 20);
        guarded(seed, &mut world, |world| {
            for _ in 0..STEPS {
                if world.rng.chance(1, 12) {
                    world.step_reopen();
                    world.compare();
                }
                world.step();
                if world.rng.chance(1, 6) || std::env::var_os("JETKV_SEED").is_some() {
                    world.compare();
                }
            }
            world.step_reopen();
            world.compare();
            world.js.close().unwrap();
        });
    }
}

#[test]
fn buckets_without_history_follow_the_model() {
    buckets_follow_the_model(1);
}

#[test]
fn buckets_with_a_history_of_2_follow_the_model() {
    buckets_follow_the_model(2);
}

#[test]
fn buckets_with_a_history_of_5_follow_the_model() {
    buckets_follow_the_model(5);
}

#[test]
fn buckets_with_the_deepest_history_follow_the_model() {
    buckets_follow_the_model(64);
}

const STEPS: usize = 60;
