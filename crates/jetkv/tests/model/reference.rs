//! What the reference server (2.15.1) answered where no document says it, and what random operations found once.

use crate::bucket::BUCKET;
use crate::world::{End, World, seconds};
use jetkv::{KeyValueConfig, Operation, PurgeOptions, WriteOptions};
use std::time::Duration;
use testkit::Rng;

fn world(config: KeyValueConfig) -> World {
    World::new(&mut Rng::new(1), config, 1 << 20)
}

fn config(history: u32) -> KeyValueConfig {
    KeyValueConfig::new(BUCKET).history(history)
}

fn ttl(count: u64) -> WriteOptions {
    WriteOptions::new().ttl(seconds(count))
}

fn pass(world: &World, span: Duration) {
    world.clock.advance(span);
    world.js.to_async().run_upkeep().unwrap();
}

/// Writes what is kept of key `k` as revisions with a letter of their operation.
fn kept(world: &World) -> String {
    let letter = |operation| match operation {
        Operation::Put => "put",
        Operation::Delete => "delete",
        Operation::Purge => "purge",
    };
    let entries = world.kv.history("k").unwrap();
    let words: Vec<_> =
        entries.iter().map(|entry| format!("{} {}", entry.revision, letter(entry.operation))).collect();
    words.join(", ")
}

/// Checks what is kept after `span`, once with and once without limit markers of one second.
fn check_expiry(write: impl Fn(&World), span: Duration, with_markers: &str, without: &str) {
    for (config, wanted) in [(config(5).limit_marker_ttl(seconds(1)), with_markers), (config(5), without)] {
        let world = world(config);
        write(&world);
        pass(&world, span);
        assert_eq!(kept(&world), wanted, "{:?}", world.model.config.limit_marker_ttl);
    }
}

#[test]
fn an_older_value_shows_again_when_the_newest_expires() {
    let old_and_new = |world: &World| {
        world.kv.put("k", "old").unwrap();
        world.kv.put_with("k", "new", ttl(2)).unwrap();
    };
    check_expiry(old_and_new, seconds(3), "1 put", "1 put");
}

#[test]
fn a_value_that_expires_in_the_middle_goes_silently() {
    let three = |world: &World| {
        world.kv.put("k", "1").unwrap();
        world.kv.put_with("k", "2", ttl(1)).unwrap();
        world.kv.put("k", "3").unwrap();
    };
    check_expiry(three, seconds(2), "1 put, 3 put", "1 put, 3 put");
}

#[test]
fn the_last_of_several_to_expire_leaves_the_marker() {
    let long_and_short = |world: &World| {
        world.kv.put_with("k", "old", ttl(4)).unwrap();
        world.kv.put_with("k", "new", ttl(1)).unwrap();
    };
    check_expiry(long_and_short, seconds(2), "1 put", "1 put");
    check_expiry(long_and_short, seconds(4), "3 purge", "");
}

#[test]
fn a_delete_that_expires_leaves_a_marker_and_a_purge_does_not() {
    for (purges, wanted) in [(false, "3 purge"), (true, "")] {
        let world = world(config(5).ttl(seconds(2)).limit_marker_ttl(seconds(5)));
        world.kv.put("k", "1").unwrap();
        if purges {
            world.kv.purge("k").unwrap()
        } else {
            world.kv.delete("k").unwrap()
        };
        pass(&world, seconds(3));
        assert_eq!(kept(&world), wanted);
    }
}

#[test]
fn a_short_ttl_of_a_purge_is_raised_in_a_history_only() {
    for (history, seconds_kept) in [(1, "1"), (2, "5")] {
        let world = world(config(history).limit_marker_ttl(seconds(5)));
        world.kv.purge_with("k", PurgeOptions::new().ttl(seconds(1))).unwrap();
        let marker = world.kv.entry("k").unwrap().unwrap();
        assert_eq!(marker.headers.get("Nats-TTL"), Some(seconds_kept));
        pass(&world, seconds(6));
        assert_eq!(kept(&world), "");
    }
}

#[test]
fn a_lower_history_drops_the_oldest_at_once_and_leaves_no_marker() {
    let world = world(config(5).limit_marker_ttl(seconds(5)));
    world.kv.put("k", "1").unwrap();
    world.kv.put("k", "2").unwrap();
    world.kv.delete("k").unwrap();
    world.js.update_key_value(config(2).limit_marker_ttl(seconds(5))).unwrap();
    assert_eq!(kept(&world), "2 put, 3 delete");
    world.js.update_key_value(config(1)).unwrap();
    assert_eq!(kept(&world), "3 delete");
    assert_eq!(world.kv.status().unwrap().last_revision, 3);
}

#[test]
fn an_edit_before_the_first_write_loses_nothing() {
    for end in [End::Closed, End::Killed, End::PowerCut] {
        let mut world = world(config(1));
        world.js.update_key_value(config(1).description("long ".repeat(50))).unwrap();
        world.kv.put("k", "1").unwrap();
        world.kv.put("k", "2").unwrap();
        world.reopen(end);
        assert_eq!(kept(&world), "2 put", "{end:?}");
    }
}
