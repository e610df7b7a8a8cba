use super::*;
use crate::js::Scrub;
use crate::monitor::collect::Phase;
use crate::monitor::facts::{
    AccountStreams, Consumers, JetStreamFacts, LoadFacts, ServerFacts, StreamFacts, StreamFigures,
};
use crate::monitor::query::Query;
use crate::monitor::route::Answer;
use crate::options::{Address, HttpOptions, HttpScheme, IfTaken, JetStreamOptions, Secret, ServerOptions};
use jetkv_engine::{StoreStats, StreamStats, SyncTimes};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

fn server() -> ServerFacts {
    let mut options =
        ServerOptions { jetstream: Some(JetStreamOptions::new("/data")), ..ServerOptions::default() };
    options.auth.token = Some(Secret::new("hunter2"));
    let listen = Address { host: "127.0.0.1".into(), port: 0 };
    options.http = Some(HttpOptions {
        listen,
        base_path: String::new(),
        scheme: HttpScheme::Plain,
        if_taken: IfTaken::Fail,
    });
    ServerFacts {
        id: "NID".into(),
        name: "n\"1".into(),
        host: "127.0.0.1".into(),
        port: 4222,
        auth_required: true,
        options: Arc::new(options),
        started: "2026-11-23T07:00:00Z".parse().unwrap(),
        config_loaded: "2026-11-23T07:00:00Z".parse().unwrap(),
        now: "2026-11-23T07:34:22Z".parse().unwrap(),
        uptime: Duration::from_secs(2_062),
        monitor: Some("127.0.0.1:8222".parse().unwrap()),
        requests: BTreeMap::from([("/varz", 3)]),
    }
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.into()).unwrap()
}

fn stream(name: &str, damages: &[&str]) -> StreamFacts {
    StreamFacts {
        name: name.into(),
        created: "2026-11-23T07:10:00Z".parse().unwrap(),
        in_memory: name.starts_with("MEM"),
        messages: 2,
        bytes: 80,
        reserved: 1_000,
        figures: StreamFigures {
            subjects: 1,
            gets: 12,
            store: StreamStats { stored_count: 3, ..StreamStats::default() },
            ..StreamFigures::default()
        },
        damages: damages.iter().map(|damage| (*damage).to_owned()).collect(),
        consumers: vec!["c1".into()],
        config: raw(r#"{"name":"KV_foo"}"#),
        state: raw(r#"{"messages":2}"#),
        consumer_details: vec![raw(r#"{"stream_name":"KV_foo"}"#)],
    }
}

fn facts(damages: &[&str]) -> JetStreamFacts {
    let streams = vec![stream("KV_foo", damages), stream("MEM_bar", &[])];
    let damages = streams[0].damages.clone();
    let account = AccountStreams {
        name: "A".into(),
        api: (4, 1),
        limits: (None, Some(5)),
        corrupt_records: damages.len(),
        damages,
        damaged_keys: 1,
        read_only: 3,
        full: None,
        broken: BTreeMap::from([("KV_gone".to_owned(), "all of it".to_owned())]),
        store: StoreStats { sync_count: 9, ..StoreStats::default() },
        sync_times: SyncTimes {
            counts: [0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            total: Duration::from_millis(6_001),
            failures: 2,
            last: "2026-11-23T07:34:21.5Z".parse().unwrap(),
        },
        scrub: Scrub { began: Some("2026-11-23T07:00:00Z".parse().unwrap()), ended: None, bytes: 77 },
        streams,
    };
    JetStreamFacts { accounts: vec![account] }
}

fn json(answer: Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

#[test]
fn varz_shows_everything_but_secrets() {
    let load = LoadFacts { connections: 7, cpu: 0.0, ..LoadFacts::default() };
    let answer = varz(&server(), &load, Some(&facts(&[])));
    let text = String::from_utf8(answer.body.clone()).unwrap();
    assert!(!text.contains("hunter2"));
    assert!(text.starts_with("{\n  \"server_id\": \"NID\",\n  \"server_name\": \"n\\\"1\",\n"), "{text}");
    assert!(text.contains("\n  \"auth_timeout\": 2,\n") && text.contains("\n  \"cpu\": 0,\n"), "{text}");
    let page = json(answer);
    assert_eq!((&page["connections"], &page["uptime"]), (&7.into(), &"34m22s".into()));
    assert_eq!((&page["auth_required"], &page["http_port"]), (&true.into(), &8222.into()));
    assert_eq!(page["jetstream"]["config"]["store_dir"], "/data");
    assert_eq!(page["jetstream"]["config"]["sync_always"], true);
    assert_eq!(page["jetstream"]["stats"]["storage"], 80);
    assert_eq!(page["jetstream"]["stats"]["memory"], 80);
    assert_eq!(page["http_req_stats"]["/varz"], 3);
}

#[test]
fn jsz_shows_what_is_asked_for() {
    let page = |query: &str, expected: Consumers| {
        let collect = |consumers| {
            assert_eq!(consumers, expected, "{query}");
            Some(facts(&[]))
        };
        json(jsz(&server(), collect, &Query::parse(query)).unwrap())
    };
    let plain = page("", Consumers::Named);
    assert_eq!(
        (&plain["streams"], &plain["consumers"], &plain["bytes"]),
        (&2.into(), &2.into(), &160.into())
    );
    assert_eq!((&plain["api"]["total"], &plain["account_details"]), (&4.into(), &Value::Null));
    let accounts = page("accounts=1", Consumers::Named);
    let account = &accounts["account_details"][0];
    assert_eq!((&account["name"], &account["reserved_memory"]), (&"A".into(), &u64::MAX.into()));
    assert_eq!((&account["reserved_storage"], &account["stream_detail"]), (&5.into(), &Value::Null));
    let streams = page("acc=A&streams=1&config=1", Consumers::Named);
    let stream = &streams["account_details"][0]["stream_detail"][0];
    assert_eq!((&stream["config"]["name"], &stream["state"]["messages"]), (&"KV_foo".into(), &2.into()));
    assert_eq!(stream["cluster"]["leader"], "n\"1");
    let consumers = page("consumers=true", Consumers::InFull);
    let stream = &consumers["account_details"][0]["stream_detail"][0];
    assert_eq!(
        (&stream["consumer_detail"][0]["stream_name"], &stream["config"]),
        (&"KV_foo".into(), &Value::Null)
    );
    assert_eq!(page("acc=X&streams=1", Consumers::Named)["account_details"], Value::Null);
    assert_eq!(page("accounts=1&offset=1", Consumers::Named)["account_details"], Value::Null);
    let disabled = json(jsz(&server(), |_| None, &Query::default()).unwrap());
    assert_eq!(disabled["disabled"], true);
}

#[test]
fn healthz_is_green_only_if_everything_is_intact() {
    let health = |query: &str, facts: Option<JetStreamFacts>| {
        let answer = healthz(Phase::Running, &server(), || facts, &Query::parse(query)).unwrap();
        (answer.status, String::from_utf8(answer.body).unwrap())
    };
    let sound = |query: &str| health(query, Some(facts(&[])));
    let ok = (200, "{\"status\":\"ok\"}".to_owned());
    for query in ["", "js-enabled-only=true", "account=A", "account=A&stream=KV_foo&consumer=c1"] {
        assert_eq!(sound(query), ok, "{query}");
    }
    let missing = r#"{"status":"unavailable","error":"JetStream stream \"X\" not found on account \"A\""}"#;
    assert_eq!(sound("account=A&stream=X"), (404, missing.into()));
    let missing = r#"{"status":"unavailable","error":"JetStream consumer \"Q\" not found for stream \"KV_foo\" on account \"A\""}"#;
    assert_eq!(sound("account=A&stream=KV_foo&consumer=Q"), (404, missing.into()));
    let missing = r#"{"status":"error","errors":[{"type":"ACCOUNT","account":"X","error":"JetStream account \"X\" not found"}]}"#;
    assert_eq!(sound("account=X&details=1"), (404, missing.into()));

    let damaged = |query: &str| health(query, Some(facts(&["block 3"])));
    let error = r#"{"status":"unavailable","error":"JetStream account \"A\" has damage: block 3"}"#;
    for query in ["", "account=A"] {
        assert_eq!(damaged(query), (503, error.into()), "{query}");
    }
    let error = r#"{"status":"unavailable","error":"JetStream stream \"KV_foo\" is damaged: block 3"}"#;
    assert_eq!(damaged("account=A&stream=KV_foo"), (503, error.into()));
    assert_eq!(damaged("account=A&stream=MEM_bar"), ok);
    let error = r#"{"status":"unavailable","error":"JetStream stream \"KV_gone\" is damaged: all of it"}"#;
    assert_eq!(damaged("account=A&stream=KV_gone"), (503, error.into()));
    assert_eq!(damaged("js-enabled-only=1"), ok);
    assert_eq!(health("", None).0, 503);
    let leaving = healthz(Phase::Leaving, &server(), || None, &Query::default()).unwrap();
    assert_eq!(leaving.status, 500);
    let starting = healthz(Phase::Starting, &server(), || None, &Query::default()).unwrap();
    let text = r#"{"status":"unavailable","error":"server is starting"}"#;
    assert_eq!((starting.status, String::from_utf8(starting.body).unwrap()), (503, text.into()));
}

#[test]
fn a_full_disk_is_told_to_whoever_asks_about_streams_on_it() {
    let mut full = facts(&[]);
    full.accounts[0].full = Some("The disk is full".into());
    let health = |query: &str| {
        let answer = healthz(Phase::Running, &server(), || Some(full.clone()), &Query::parse(query)).unwrap();
        (answer.status, String::from_utf8(answer.body).unwrap())
    };
    let error = r#"{"status":"unavailable","error":"The disk is full"}"#;
    for query in ["", "account=A", "account=A&stream=KV_foo"] {
        assert_eq!(health(query), (503, error.into()), "{query}");
    }
    let details =
        r#"{"status":"error","errors":[{"type":"JETSTREAM","account":"A","error":"The disk is full"}]}"#;
    assert_eq!(health("account=A&details=1"), (503, details.into()));
    for query in ["js-enabled-only=1", "js-server-only=1", "account=A&stream=MEM_bar"] {
        assert_eq!(health(query), (200, r#"{"status":"ok"}"#.into()), "{query}");
    }
    let page = metrics(&server(), &LoadFacts::default(), Some(&full));
    assert!(String::from_utf8(page.body).unwrap().contains("\njetkv_disk_full 1\n"));
}

#[test]
fn the_details_of_health_tell_how_far_the_search_for_damage_is() {
    let health = |details: &str, found: &[&str]| {
        healthz(Phase::Running, &server(), || Some(facts(found)), &Query::parse(details)).unwrap()
    };
    let scrubs = serde_json::json!([{ "account": "A", "began": "2026-11-23T07:00:00Z", "ended": null }]);
    let sound = health("details=1", &[]);
    assert_eq!(sound.status, 200);
    assert_eq!(json(sound), serde_json::json!({ "status": "ok", "scrubs": scrubs }));
    let damaged = health("details=1", &["block 3"]);
    assert_eq!(damaged.status, 503);
    assert_eq!(json(damaged)["scrubs"], scrubs);
    assert_eq!(json(health("", &[])), serde_json::json!({ "status": "ok" }));
}

#[test]
fn a_server_is_ready_while_it_serves_clients_whatever_is_damaged() {
    let ready = |phase| {
        let answer = readyz(phase);
        (answer.status, String::from_utf8(answer.body).unwrap())
    };
    assert_eq!(ready(Phase::Running), (200, r#"{"status":"ok"}"#.into()));
    let said = r#"{"status":"unavailable","error":"server is starting"}"#;
    assert_eq!(ready(Phase::Starting), (503, said.into()));
    let said = r#"{"status":"unavailable","error":"server is in lame duck mode"}"#;
    assert_eq!(ready(Phase::Leaving), (503, said.into()));
}

#[test]
fn metrics_have_the_form_of_prometheus() {
    let answer = metrics(&server(), &LoadFacts::default(), Some(&facts(&["x", "y"])));
    let text = String::from_utf8(answer.body).unwrap();
    assert!(text.contains("jetkv_info{version=\"2.12.9\",server_name=\"n\\\"1\"} 1\n"), "{text}");
    assert!(text.contains(
        "# HELP jetkv_corrupt_records Damaged places in streams\n# TYPE jetkv_corrupt_records gauge\n\
         jetkv_corrupt_records 2\n"
    ));
    assert!(
        text.contains("\njetkv_damaged_keys 1\n") && text.contains("\njetkv_read_only_streams 3\n"),
        "{text}"
    );
    assert!(
        text.contains("\njetkv_syncs_total 9\n") && text.contains("\njetkv_api_requests_total 4\n"),
        "{text}"
    );
    let stream = "{account=\"A\",stream=\"KV_foo\",bucket=\"foo\"}";
    for expected in [
        format!("jetkv_stream_keys{stream} 1"),
        format!("jetkv_stream_puts_total{stream} 3"),
        format!("jetkv_stream_gets_total{stream} 12"),
        "jetkv_stream_messages{account=\"A\",stream=\"MEM_bar\",bucket=\"\"} 2".to_owned(),
        "jetkv_sync_duration_seconds_bucket{le=\"0.0001\"} 0".to_owned(),
        "jetkv_sync_duration_seconds_bucket{le=\"0.00025\"} 4".to_owned(),
        "jetkv_sync_duration_seconds_bucket{le=\"5\"} 4".to_owned(),
        "jetkv_sync_duration_seconds_bucket{le=\"+Inf\"} 5".to_owned(),
        "jetkv_sync_duration_seconds_sum 6.001".to_owned(),
        "jetkv_sync_duration_seconds_count 5".to_owned(),
        "jetkv_sync_failures_total 2".to_owned(),
        "jetkv_last_sync_timestamp_seconds 1795419261.5".to_owned(),
        "jetkv_sync_mode{mode=\"always\"} 1".to_owned(),
        "jetkv_scrub_bytes_total 77".to_owned(),
        "jetkv_last_scrub_timestamp_seconds 0".to_owned(),
        "jetkv_streams_left_out 0".to_owned(),
    ] {
        assert!(text.lines().any(|line| line == expected), "{expected} in {text}");
    }
    // Each family is described once, and its samples follow at once.
    let mut described = std::collections::BTreeSet::new();
    let mut family = "";
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            family = rest.split(' ').next().unwrap();
            assert!(described.insert(family), "{line}");
        }
        assert!(
            line.trim_start_matches("# HELP ").trim_start_matches("# TYPE ").starts_with(family),
            "{line}"
        );
    }
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (_, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
}
