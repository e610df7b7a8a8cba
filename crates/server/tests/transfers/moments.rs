//! Power cuts, clients that go silent, and clients that flood.

use crate::restore::expect_filled;
use crate::world::{
    PATIENCE, World, api, backup, begin_backup, begin_restore, err_code, fill, next_chunk, restore,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use testkit::nats::{Client, Request};
use testkit::{DiskModel, Rng, SimFs};

fn made() -> (Vec<u8>, Value) {
    let world = World::new();
    let mut client = world.client();
    fill(&mut client);
    let backup = backup(&mut client, &json!({}));
    (backup.bytes, backup.response["config"].clone())
}

/// Cuts the power of a world, and starts a server on what is left.
fn cut(world: World, seed: u64) -> World {
    let left = world.fs.fork().power_cut(&mut Rng::new(seed));
    drop(world);
    World::with(left, |_| {})
}

#[test]
fn a_power_cut_within_a_restore_leaves_nothing_and_one_after_it_everything() {
    let (bytes, config) = made();
    for seed in 0..8 {
        let disk = if seed % 2 == 0 { DiskModel::Posix } else { DiskModel::Ext4Like };
        let world = World::with(SimFs::new(disk), |_| {});
        let mut client = world.client();
        let to = begin_restore(&mut client, &config);
        client.request(&to, &bytes[..]).unwrap();
        let world = cut(world, seed);
        let mut client = world.client();
        assert_eq!(api(&mut client, "STREAM.NAMES", &Value::Null)["total"], 0);
        assert_eq!(api(&mut client, "INFO", &Value::Null)["storage"], 0);
        assert!(!world.has_drafts());
        // A stream of that name begins anew, without the consumers of the other one.
        api(&mut client, "STREAM.CREATE.S", &json!({ "name": "S", "subjects": ["s.>"] }));
        assert_eq!(api(&mut client, "STREAM.INFO.S", &Value::Null)["state"]["consumer_count"], 0);
        api(&mut client, "STREAM.DELETE.S", &Value::Null);
        assert_eq!(err_code(&restore(&mut client, &config, &bytes, 300)), 0);
        let world = cut(world, seed);
        let mut client = world.client();
        expect_filled(&mut client);
        let info = api(&mut client, "CONSUMER.INFO.S.C1", &Value::Null);
        assert_eq!((&info["num_ack_pending"], &info["delivered"]["stream_seq"]), (&json!(2), &json!(5)));
        let names = api(&mut client, "CONSUMER.NAMES.S", &Value::Null);
        assert_eq!(names["consumers"], json!(["C1"]), "the passing one went with the server");
    }
}

#[test]
fn a_server_that_stops_does_not_wait_for_transfers() {
    let (bytes, config) = made();
    let world = World::new();
    let mut client = world.client();
    fill(&mut client);
    let random: Vec<u8> = (0..20_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let answer = client.request("s.large", Request { headers: b"", payload: &random }).unwrap();
    assert!(answer.headers.is_none());
    begin_backup(&mut client, &json!({ "chunk_size": 1, "window_size": 1 }));
    next_chunk(&mut client);
    let config = json!({ "name": "T", "subjects": ["t.>"], "storage": config["storage"] });
    let answer = api(&mut client, "STREAM.RESTORE.T", &json!({ "config": config, "state": {} }));
    client.request(answer["deliver_subject"].as_str().unwrap(), &bytes[..]).unwrap();
    assert!(world.has_drafts());
    let (fs, begun) = (world.fs.fork(), Instant::now());
    drop(world);
    assert!(begun.elapsed() < Duration::from_secs(4));
    let world = World::with(fs.kill(), |_| {});
    assert_eq!(api(&mut world.client(), "STREAM.NAMES", &Value::Null)["streams"], json!(["S"]));
    assert!(!world.has_drafts());
}

#[test]
fn who_says_nothing_for_five_seconds_is_given_up() {
    let (bytes, config) = made();
    let world = World::new();
    let (mut one, mut other) = (world.client(), world.client());
    let to = begin_restore(&mut one, &config);
    one.request(&to, &bytes[..]).unwrap();
    assert!(world.has_drafts());
    let begun = Instant::now();
    let random: Vec<u8> = (0..20_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    api(&mut other, "STREAM.CREATE.T", &json!({ "name": "T", "subjects": ["t"] }));
    other.request("t", Request { headers: b"", payload: &random }).unwrap();
    other.subscribe("chunks", None, "chunks").unwrap();
    api(
        &mut other,
        "STREAM.SNAPSHOT.T",
        &json!({ "deliver_subject": "chunks", "chunk_size": 1_024, "window_size": 1 }),
    );
    assert_eq!(next_chunk(&mut other).payload.len(), 1_024);
    assert_eq!(next_chunk(&mut other).status().as_deref(), Some("408 No Flow Response"));
    assert!(begun.elapsed() >= Duration::from_millis(4_900));
    // The restore is over at about the same time.
    while world.has_drafts() {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
    assert_eq!(one.request(&to, "").unwrap().status().as_deref(), Some("503"));
    assert_eq!(err_code(&api(&mut one, "STREAM.INFO.S", &Value::Null)), 10059);
}

#[test]
fn who_floods_a_restore_is_cut_off_and_slows_nobody() {
    let (_, config) = made();
    let world = World::new();
    let (mut flood, mut other) = (world.client(), world.client());
    let to = begin_restore(&mut flood, &config);
    flood.subscribe("answers", None, "answered").unwrap();
    let chunk = vec![b'x'; 1 << 20];
    // What stands in front is a block that never ends, so that every chunk is taken and none is refused as such.
    flood.request(&to, &b"\xff\x06\0\0S2sTwO"[..]).unwrap();
    for _ in 0..100 {
        flood.publish(&to, Some("answers"), Request { headers: b"", payload: &chunk }).unwrap();
    }
    flood.publish(&to, Some("answers"), "".into()).unwrap();
    assert_eq!(err_code(&api(&mut other, "STREAM.INFO.S", &Value::Null)), 10059);
    flood.flush().unwrap();
    let text = |client: &mut Client| {
        std::iter::from_fn(|| client.next_message("answered", Duration::from_millis(500)).unwrap()).find_map(
            |answer| (!answer.payload.is_empty()).then(|| String::from_utf8(answer.payload).unwrap()),
        )
    };
    let answer = text(&mut flood).unwrap();
    assert!(answer.contains("\"err_code\":10062"), "{answer}");
    assert_eq!(err_code(&api(&mut other, "STREAM.INFO.S", &Value::Null)), 10059);
}
