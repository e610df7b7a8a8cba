//! Watchers that do not read (RELIABILITY, row 21): they cost a bounded backlog, slow nobody, and lose nothing.

use crate::disk::{Running, api, create_bucket, put};
use crate::harness::Raw;
use serde_json::json;
use std::time::Duration;
use testkit::nats::Client;
use testkit::{DiskModel, SimFs};

/// Makes a watch of the bucket `b` that delivers to `to`.
fn watch(client: &mut Client, to: &str) {
    let config = json!({
        "deliver_subject": to, "deliver_policy": "last_per_subject", "filter_subject": "$KV.b.>",
        "ack_policy": "none", "mem_storage": true,
    });
    let body = json!({ "stream_name": "KV_b", "config": config });
    let created = api(client, &format!("CONSUMER.CREATE.KV_b.{to}.$KV.b.>"), &body.to_string());
    assert_eq!(created["error"], json!(null), "{created}");
}

#[test]
fn watchers_that_do_not_read_slow_nobody() {
    let running = Running::on(&SimFs::new(DiskModel::Posix));
    let mut writer = running.client();
    create_bucket(&mut writer, "b", 1);
    let mut dead: Vec<Raw> = (0..DEAD)
        .map(|number| {
            let mut raw = running.world.client();
            raw.check(&format!("SUB dead{number} 1\r\n"), "");
            watch(&mut writer, &format!("dead{number}"));
            raw
        })
        .collect();
    let mut reader = running.client();
    reader.subscribe("live", None, "1").unwrap();
    reader.flush().unwrap();
    watch(&mut writer, "live");
    let value = "v".repeat(VALUE_BYTES);
    for number in 0..KEYS {
        put(&mut writer, &format!("b.k{number}"), &value);
    }
    for number in 0..KEYS {
        let message = reader.next_message("1", Duration::from_secs(20)).unwrap().unwrap();
        assert_eq!(String::from_utf8_lossy(&message.subject), format!("$KV.b.k{number}"));
    }
    // Nobody was cut off, and nobody has more waiting than a watcher may have, and the message that exceeded it.
    let connections = running.world.server().connections();
    assert_eq!(connections.len(), DEAD + 2);
    let most = connections.iter().map(|connection| connection.out.pending_bytes).max().unwrap();
    assert!(most > 1 << 20, "the sockets took everything, so that this shows nothing: {most}");
    assert!(most <= (4 << 20) + 2 * u64::try_from(VALUE_BYTES).unwrap(), "{most} bytes wait");
    // One that begins to read gets everything, in order.
    let raw = dead.first_mut().unwrap();
    for number in 0..KEYS {
        let line = raw.line();
        assert!(line.starts_with(&format!("MSG $KV.b.k{number} 1 $JS.ACK.KV_b.dead0.1.")), "{line}");
        assert_eq!(raw.line().len(), VALUE_BYTES);
    }
}

const DEAD: usize = 20;
const KEYS: usize = 100;
const VALUE_BYTES: usize = 256 << 10;
