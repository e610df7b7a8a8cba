//! `$JS.<domain>.API.>` (PROTOCOL 2.1.4).

use crate::world::{World, request};
use serde_json::{Value, json};

#[test]
fn the_api_answers_below_its_domain_as_without_it() {
    let world = World::new(|options| {
        if let Some(jetstream) = &mut options.jetstream {
            jetstream.domain = Some("hub".into());
        }
    });
    let mut client = world.client();
    assert_eq!(serde_json::from_slice::<Value>(client.info()).unwrap()["domain"], "hub");
    for prefix in ["$JS.API", "$JS.hub.API"] {
        assert_eq!(
            request(&mut client, &format!("{prefix}.INFO"), &Value::Null)["domain"],
            "hub",
            "{prefix}"
        );
    }
    let config =
        json!({ "name": "KV_b", "subjects": ["$KV.b.>"], "allow_direct": true, "max_msgs_per_subject": 1 });
    let created = request(&mut client, "$JS.hub.API.STREAM.CREATE.KV_b", &config);
    assert_eq!(
        (&created["config"]["name"], &created["did_create"]),
        (&json!("KV_b"), &json!(true)),
        "{created}"
    );
    // Clients with a domain put values below its prefix.
    let stored = request(&mut client, "$JS.hub.API.$KV.b.k", &json!("v"));
    assert_eq!(stored, json!({ "stream": "KV_b", "domain": "hub", "seq": 1 }));
    let direct = client.request("$JS.hub.API.DIRECT.GET.KV_b.$KV.b.k", "").unwrap();
    assert_eq!(
        (direct.payload.as_slice(), direct.header("Nats-Subject").as_deref()),
        (&b"\"v\""[..], Some("$KV.b.k"))
    );
    for prefix in ["$JS.API", "$JS.hub.API"] {
        let info = request(&mut client, &format!("{prefix}.STREAM.INFO.KV_b"), &Value::Null);
        assert_eq!((&info["state"]["messages"], &info["domain"]), (&json!(1), &json!("hub")));
    }
    let consumer = json!({ "stream_name": "KV_b", "config": { "name": "c", "deliver_subject": "watch", "ack_policy": "none" } });
    client.subscribe("watch", None, "watch").unwrap();
    request(&mut client, "$JS.hub.API.CONSUMER.CREATE.KV_b.c", &consumer);
    let delivered = client.next_message("watch", crate::world::PATIENCE).unwrap().unwrap();
    assert!(delivered.reply.unwrap().starts_with(b"$JS.ACK."));
    for other in ["$JS.other.API.INFO", "$JS.other.API.$KV.b.k", "$JS.hub.INFO", "$JS.hub.APIX.INFO"] {
        assert_eq!(client.request(other, "").unwrap().status().as_deref(), Some("503"), "{other}");
    }
    assert_eq!(request(&mut client, "$JS.API.STREAM.INFO.KV_b", &Value::Null)["state"]["messages"], 1);
}
