//! Rules of refusals: every value out of range, and every option that the place does not have, is named by a typed error.

use super::{Place, World, assert_refused};
use jetkv::{
    ErrorKind, KeyValueConfig, KvError, Placement, PurgeOptions, Republish, Source, WatchEvent, WatchOptions,
    WriteOptions,
};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const TOO_LONG: Duration = Duration::from_secs(u64::MAX);

/// Checks that neither create nor update takes the configuration.
fn assert_invalid(world: &World, config: &KeyValueConfig, word: &str) {
    let manager = world.js.key_value_manager();
    for result in [manager.create_key_value(config.clone()), manager.update_key_value(config.clone())] {
        assert_refused!(result, KvError::InvalidConfig { bucket, .. } if bucket == "b", word, "\"b\"");
    }
}

pub(crate) fn histories_out_of_range(world: &World) {
    for history in [0, 65, u32::MAX] {
        let created = world.js.create_key_value(world.config("b").history(history));
        assert_refused!(created, KvError::HistoryOutOfRange { max: 64, .. }, history, 64);
    }
    for history in [1, 64] {
        world.with(world.config(&format!("b{history}")).history(history));
    }
}

pub(crate) fn sizes_out_of_range(world: &World) {
    world.bucket();
    assert_invalid(world, &world.config("b").max_value_size(0), "max_value_size");
    assert_invalid(world, &world.config("b").max_value_size(u32::MAX), "4294967295");
    assert_invalid(world, &world.config("b").max_bytes(0), "max_bytes");
    assert_invalid(world, &world.config("b").replicas(0), "replicas");
    assert_invalid(world, &world.config("b").replicas(6), "replicas");
}

pub(crate) fn times_out_of_range(world: &World) {
    world.bucket();
    assert_invalid(world, &world.config("b").ttl(Duration::from_millis(99)), "100ms");
    assert_invalid(world, &world.config("b").ttl(Duration::ZERO), "100ms");
    assert_invalid(world, &world.config("b").ttl(TOO_LONG), "292 years");
    assert_invalid(world, &world.config("b").limit_marker_ttl(Duration::from_millis(999)), "1 second");
    assert_invalid(world, &world.config("b").limit_marker_ttl(TOO_LONG), "292 years");
    world.with(world.config("least").ttl(Duration::from_millis(100)).limit_marker_ttl(SECOND));
}

pub(crate) fn texts_out_of_range(world: &World) {
    world.bucket();
    assert_invalid(world, &world.config("b").description("x".repeat(4097)), "4096");
    assert_invalid(world, &world.config("b").metadata([("k", "x".repeat(131_072))]), "131072");
}

pub(crate) fn options_that_the_place_does_not_have(world: &World) {
    if world.place == Place::Server {
        let created = world.js.create_key_value(world.config("b").replicas(3));
        assert_refused!(created, KvError::Unsupported { place: "remote", .. }, "replicas", "remote");
    }
    if world.place != Place::Embedded {
        return;
    }
    let republish = Republish { source: ">".into(), destination: "r.>".into(), headers_only: false };
    for (config, option) in [
        (world.config("b").replicas(3), "replicas"),
        (world.config("b").placement(Placement::default()), "placement"),
        (world.config("b").republish(republish), "republish"),
        (world.config("b").mirror(Source::new("o")), "mirror"),
        (world.config("b").sources([Source::new("o")]), "sources"),
    ] {
        let created = world.js.create_key_value(config);
        assert_refused!(created, KvError::Unsupported { .. }, option);
    }
    assert!(world.js.key_value_names().unwrap().is_empty());
}

pub(crate) fn options_that_servers_have(world: &World) {
    if world.place == Place::Embedded {
        return;
    }
    let origin = world.with(world.config("o"));
    let republish = Republish { source: "$KV.r.>".into(), destination: "r.>".into(), headers_only: false };
    for config in [
        world.config("r").republish(republish),
        world.config("s").sources([Source::new("o")]),
        world.config("m").mirror(Source::new("o")),
    ] {
        let bucket = config.bucket.clone();
        world.with(config.clone());
        // The same again is no conflict, whatever the names of streams were made of.
        let again = world.with(config);
        assert_eq!(again.bucket(), bucket);
    }
    origin.put("k", "1").unwrap();
    let mut watcher = world.js.key_value("s").unwrap().watch("k").unwrap();
    let copied = watcher.find_map(|event| match event.unwrap() {
        WatchEvent::Entry(entry) => Some(entry.value),
        WatchEvent::EndOfInitial => None,
    });
    assert_eq!(copied.unwrap(), "1");
    assert_eq!(world.js.key_value_names().unwrap(), ["m", "o", "r", "s"]);
}

pub(crate) fn per_key_ttls_out_of_range(world: &World) {
    let kv = world.bucket();
    for (ttl, text) in [(Duration::ZERO, "0s"), (Duration::from_millis(999), "999ms"), (TOO_LONG, "years")] {
        let options = WriteOptions::new().ttl(ttl);
        assert_refused!(kv.put_with("k", "", options.clone()), KvError::InvalidTtl { .. }, text);
        assert_refused!(kv.create_with("k", "", options.clone()), KvError::InvalidTtl { .. }, text);
        assert_refused!(kv.update_with("k", "", 0, options), KvError::InvalidTtl { .. }, text);
        assert_refused!(kv.purge_with("k", PurgeOptions::new().ttl(ttl)), KvError::InvalidTtl { .. }, text);
    }
    assert_eq!(kv.status().unwrap().last_revision, 0);
}

pub(crate) fn reserved_and_broken_headers(world: &World) {
    let kv = world.bucket();
    for (name, value) in [
        ("Nats-TTL", "1"),
        ("nats-rollup", "all"),
        ("KV-Operation", "DEL"),
        ("", "1"),
        ("a b", "1"),
        ("a:b", "1"),
        ("a", "1\r\nb: 2"),
    ] {
        let put = kv.put_with("k", "", WriteOptions::new().header(name, value));
        assert_refused!(put, KvError::InvalidHeader { name: named, .. } if named == name, name);
    }
    let large = WriteOptions::new().header("a", "x".repeat(70_000));
    assert_refused!(kv.put_with("k", "", large), KvError::InvalidHeader { .. }, "large");
}

pub(crate) fn values_that_are_too_large(world: &World) {
    let kv = world.with(world.config("b").max_value_size(100));
    kv.put("k", [0; 100]).unwrap();
    let put = kv.put("k", [0; 101]);
    assert_refused!(put, KvError::ValueTooLarge { bytes: 101, max: 100, .. }, "\"k\"", "\"b\"", 101, 100);
    // Headers count.
    let with_header = kv.put_with("k", [0; 95], WriteOptions::new().header("A", "1"));
    assert_refused!(with_header, KvError::ValueTooLarge { .. }, "\"k\"");
}

pub(crate) fn a_full_bucket(world: &World) {
    let kv = world.with(world.config("b").max_bytes(400));
    let refused = (0..20).find_map(|number| kv.put(&format!("k{number}"), [0; 50]).err()).unwrap();
    assert!(matches!(&refused, KvError::BucketFull { bucket, .. } if bucket == "b"), "{refused}");
    assert_eq!(refused.kind(), ErrorKind::LimitReached);
    assert!(refused.to_string().contains("maximum bytes"));
    // What is there stays, and room that is made can be used.
    assert_eq!(kv.get("k0").unwrap().unwrap().value.len(), 50);
    kv.empty().unwrap();
    kv.put("k", [0; 50]).unwrap();
}

pub(crate) fn contradicting_watch_options(world: &World) {
    let kv = world.bucket();
    for (options, word) in [
        (WatchOptions::new().include_history().updates_only(), "include_history"),
        (WatchOptions::new().resume_from(1).updates_only(), "resume_from"),
        (WatchOptions::new().resume_from(0), "resume_from 0"),
    ] {
        assert_refused!(kv.watch_all_with(options), KvError::InvalidOption { .. }, word);
    }
}
