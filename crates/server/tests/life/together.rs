//! What comes in one read is done together; its answers are those of the same operations one at a time.

use crate::world::{PATIENCE, World, request};
use serde_json::json;
use std::collections::BTreeMap;
use testkit::nats::{Client, Request, publication};

/// One operation: where to, with which headers, and what.
type Operation = (String, String, String);

fn world() -> (World, Client) {
    let world = World::new(|_| {});
    let mut client = world.client();
    for (name, history, size) in [("A", 1, 64), ("B", 3, -1)] {
        let config = json!({
            "name": format!("KV_{name}"), "subjects": [format!("$KV.{name}.>")], "max_msgs_per_subject": history,
            "max_msg_size": size, "storage": "file", "allow_direct": true, "discard": "new",
            "allow_rollup_hdrs": true, "allow_msg_ttl": name == "B",
        });
        let answer = request(&mut client, &format!("$JS.API.STREAM.CREATE.KV_{name}"), &config);
        assert!(answer["error"].is_null(), "{answer}");
        for key in 0..3 {
            client.request(&format!("$KV.{name}.still.{key}"), "kept").unwrap();
        }
    }
    // A stream whose subjects are no subtree.
    let config = json!({ "name": "C", "subjects": ["c.*.x", "c.d"], "storage": "memory" });
    request(&mut client, "$JS.API.STREAM.CREATE.C", &config);
    (world, client)
}

fn operation(mut draw: impl FnMut(u64) -> u64) -> Operation {
    let bucket = ["A", "B"][usize::try_from(draw(2)).unwrap()];
    let key = format!("$KV.{bucket}.k{}", draw(3));
    let lines = |lines: &str| format!("NATS/1.0\r\n{lines}\r\n\r\n");
    let body = "v".repeat(usize::try_from(draw(8)).unwrap());
    let plain = |subject: &str| (subject.to_owned(), String::new(), body.clone());
    match draw(16) {
        0..=3 => plain(&key),
        4 | 5 => (key, lines(&format!("Nats-Expected-Last-Subject-Sequence: {}", draw(12))), body),
        6 => (key, lines("KV-Operation: DEL"), String::new()),
        7 => (key, lines("KV-Operation: PURGE\r\nNats-Rollup: sub"), String::new()),
        8 => (key, lines(&format!("Nats-Msg-Id: {}", draw(4))), body),
        9 => (key, lines("Nats-TTL: 1h"), body),
        10 => (key, lines(&format!("Nats-Expected-Last-Sequence: {}", draw(20))), body),
        11 => (key, String::new(), "x".repeat(100)),
        12 => plain(["c.d", "c.e.x", "$KV.A.", "$KV.A..b"][usize::try_from(draw(4)).unwrap()]),
        13 => {
            (format!("$JS.API.STREAM.PURGE.KV_{bucket}"), String::new(), format!("{{\"filter\":\"{key}\"}}"))
        }
        // What nobody writes reads the same at any time.
        14 => (
            format!("$JS.API.DIRECT.GET.KV_{bucket}.$KV.{bucket}.still.{}", draw(4)),
            String::new(),
            String::new(),
        ),
        _ => {
            let of = ["KV_A", "KV_B", "C", "nothing"][usize::try_from(draw(4)).unwrap()];
            (format!("$JS.API.DIRECT.GET.{of}"), String::new(), "{\"seq\":2}".to_owned())
        }
    }
}

/// Returns the answers by the number of their operation, without the times in them.
fn answers(client: &mut Client, operations: &[Operation], at_once: bool) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut take = |client: &mut Client, count: usize| {
        for _ in 0..count {
            let message = client.next_message("7", PATIENCE).unwrap().unwrap();
            let headers = String::from_utf8(message.headers.unwrap_or_default()).unwrap();
            let headers: Vec<_> =
                headers.lines().filter(|line| !line.starts_with("Nats-Time-Stamp")).collect();
            let payload = String::from_utf8(message.payload).unwrap();
            let subject = String::from_utf8(message.subject).unwrap();
            let before = found.insert(subject, format!("{headers:?} {payload}"));
            assert_eq!(before, None, "answered twice");
        }
    };
    client.subscribe("answers.*", None, "7").unwrap();
    let publications = operations.iter().enumerate().map(|(number, (subject, headers, payload))| {
        let request = Request { headers: headers.as_bytes(), payload: payload.as_bytes() };
        publication(subject, Some(&format!("answers.{number:04}")), request)
    });
    if at_once {
        client.send(&publications.flatten().collect::<Vec<_>>()).unwrap();
        take(client, operations.len());
    } else {
        for publication in publications {
            client.send(&publication).unwrap();
            take(client, 1);
        }
    }
    client.unsubscribe("7", None).unwrap();
    found
}

#[test]
fn operations_of_one_read_are_answered_as_those_of_many() {
    for seed in 1_u64..=12 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut draw = |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 20) % below
        };
        let operations: Vec<_> = (0..400).map(|_| operation(&mut draw)).collect();
        let (_one, mut one) = world();
        let (_many, mut many) = world();
        let expected = answers(&mut one, &operations, false);
        let found = answers(&mut many, &operations, true);
        for (number, (expected, found)) in expected.iter().zip(&found).enumerate() {
            assert_eq!(expected, found, "seed {seed}: {:?}", operations[number]);
        }
        assert_eq!(expected.len(), found.len());
    }
}

#[test]
fn a_get_does_not_wait_for_the_end_of_a_run() {
    let (_world, mut client) = world();
    // More gets than are answered together, each of its own value.
    let puts: Vec<_> = (0..300)
        .map(|number| (format!("$KV.A.g.{number}"), String::new(), format!("value {number}")))
        .collect();
    assert!(answers(&mut client, &puts, true).values().all(|answer| answer.contains("\"seq\"")));
    let gets: Vec<_> = (0..300)
        .map(|number| (format!("$JS.API.DIRECT.GET.KV_A.$KV.A.g.{number}"), String::new(), String::new()))
        .collect();
    for (number, answer) in answers(&mut client, &gets, true).values().enumerate() {
        assert!(answer.ends_with(&format!("] value {number}")), "{answer}");
    }
}
