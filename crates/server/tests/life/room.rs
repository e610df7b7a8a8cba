//! What streams may take of the machine where nobody says anything.

use crate::world::{World, get, request};
use serde_json::{Value, json};

fn memory_of_machine() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() * 1_024
}

#[test]
fn streams_may_have_three_quarters_of_the_machine() {
    let world = World::new(|_| {});
    let mut client = world.client();
    let monitor = world.server().monitor_addr().unwrap();
    let page = |path: &str| -> Value { serde_json::from_str(&get(monitor, path).1).unwrap() };
    let (jsz, varz) = (page("/jsz"), page("/varz"));
    let config = &jsz["config"];
    assert_eq!(config, &varz["jetstream"]["config"]);
    let (memory, disk) = (config["max_memory"].as_u64().unwrap(), config["max_storage"].as_u64().unwrap());
    assert!(memory > 1 << 20 && memory <= memory_of_machine() / 4 * 3, "{memory}");
    assert!(disk > 1 << 20 && disk < u64::MAX / 4 * 3, "{disk}");
    // An account is told of its own limits only, and has none.
    let info = request(&mut client, "$JS.API.INFO", &Value::Null);
    assert_eq!((&info["limits"]["max_memory"], &info["limits"]["max_storage"]), (&json!(-1), &json!(-1)));
    for (storage, most, code) in [("memory", memory, 10028), ("file", disk, 10047)] {
        let reserving = |bytes: u64| json!({ "name": "S", "storage": storage, "max_bytes": bytes });
        let answer = request(&mut client, "$JS.API.STREAM.CREATE.S", &reserving(most + 1));
        assert_eq!(answer["error"]["err_code"], code, "{answer}");
        let answer = request(&mut client, "$JS.API.STREAM.CREATE.S", &reserving(most));
        assert_eq!(answer["config"]["max_bytes"], most, "{answer}");
        request(&mut client, "$JS.API.STREAM.DELETE.S", &Value::Null);
    }
}

#[test]
fn a_limit_that_an_operator_sets_holds_and_is_shown() {
    let world = World::new(|options| {
        if let Some(jetstream) = &mut options.jetstream {
            (jetstream.max_memory, jetstream.max_file) = (Some(5_000), Some(10_000));
        }
    });
    let monitor = world.server().monitor_addr().unwrap();
    let jsz: Value = serde_json::from_str(&get(monitor, "/jsz").1).unwrap();
    assert_eq!(
        (&jsz["config"]["max_memory"], &jsz["config"]["max_storage"]),
        (&json!(5_000), &json!(10_000))
    );
    let mut client = world.client();
    for (storage, stored) in [("memory", 5), ("file", 10)] {
        let config = json!({ "name": "S", "subjects": ["s"], "storage": storage });
        request(&mut client, "$JS.API.STREAM.CREATE.S", &config);
        let body = "x".repeat(1_000);
        let count = (0..20)
            .take_while(|_| {
                let answer = client.request("s", body.as_str()).unwrap();
                let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
                let refused = answer["error"]["err_code"].as_u64();
                assert!(refused.is_none_or(|code| code == 10023), "{answer}");
                refused.is_none()
            })
            .count();
        assert_eq!(count, stored, "{storage}");
        // What is removed makes room at once.
        request(&mut client, "$JS.API.STREAM.PURGE.S", &Value::Null);
        assert!(request(&mut client, "s", &json!("x"))["seq"].is_number());
        request(&mut client, "$JS.API.STREAM.DELETE.S", &Value::Null);
    }
}
