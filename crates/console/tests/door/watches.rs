use crate::harness::World;
use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use futures_core::Stream;
use serde_json::Value;
use std::future::poll_fn;
use std::pin::Pin;
use tower::ServiceExt;

/// A reader of server-sent events.
struct Events {
    body: BodyDataStream,
    text: String,
}

impl Events {
    async fn open(world: &World, path: &str, last: Option<u64>) -> Self {
        let mut request = Request::builder().uri(path).header("host", "localhost");
        if let Some(last) = last {
            request = request.header("last-event-id", last.to_string());
        }
        let response = world.console.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// Returns name, id and data of the next event.
    async fn next(&mut self) -> (String, String, Value) {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let prefix = format!("{name}: ");
                    let line = event.lines().find_map(|line| line.strip_prefix(&prefix));
                    line.unwrap_or_default().to_owned()
                };
                let read = (field("event"), field("id"), field("data"));
                self.text = rest.to_owned();
                if !read.0.is_empty() {
                    return (read.0, read.1, serde_json::from_str(&read.2).unwrap());
                }
                continue;
            }
            let part = poll_fn(|cx| Pin::new(&mut self.body).poll_next(cx)).await.unwrap().unwrap();
            self.text.push_str(std::str::from_utf8(&part).unwrap());
        }
    }
}

#[tokio::test]
async fn a_watch_shows_what_is_there_then_a_mark_then_changes() {
    let (world, kv) = World::with_bucket(|config| config.history(3)).await;
    kv.put("a", "1").await.unwrap();
    kv.put("b.c", "2").await.unwrap();
    let mut events = Events::open(&world, "/v1/kv/app?watch&filter=b.%3E", None).await;
    let (name, id, data) = events.next().await;
    assert_eq!((name.as_str(), id.as_str(), data["value"].as_str()), ("entry", "2", Some("2")));
    assert_eq!(events.next().await.0, "current");
    kv.put("a", "3").await.unwrap();
    kv.delete("b.c").await.unwrap();
    let (_, id, data) = events.next().await;
    assert_eq!((id.as_str(), data["operation"].as_str()), ("4", Some("delete")));
}

#[tokio::test]
async fn whoever_comes_back_misses_nothing_and_sees_nothing_twice() {
    let (world, kv) = World::with_bucket(|config| config.history(64)).await;
    let mut last = None;
    let mut seen = Vec::new();
    for round in 0..100 {
        kv.put("k", round.to_string()).await.unwrap();
        let mut events = Events::open(&world, "/v1/kv/app?watch", last).await;
        // Some connections end in the middle of what is there, some behind it.
        for _ in 0..=round % 3 {
            let (name, id, _) = events.next().await;
            if name == "current" {
                break;
            }
            last = Some(id.parse().unwrap());
            seen.extend(last);
        }
        if round % 7 == 0 {
            kv.put("other", "x").await.unwrap();
        }
    }
    let mut events = Events::open(&world, "/v1/kv/app?watch", last).await;
    loop {
        match events.next().await {
            (name, ..) if name == "current" => break,
            (_, id, _) => seen.push(id.parse().unwrap()),
        }
    }
    let end = kv.status().await.unwrap().last_revision;
    assert_eq!(seen, (1..=end).collect::<Vec<u64>>());
}

#[tokio::test]
async fn nobody_goes_on_behind_what_the_bucket_has_not_reached() {
    let (world, kv) = World::with_bucket(|config| config).await;
    for _ in 0..3 {
        kv.put("k", "old").await.unwrap();
    }
    world.place.delete_key_value("app").await.unwrap();
    let kv = world.place.create_key_value(jetkv::KeyValueConfig::new("app")).await.unwrap();
    kv.put("k", "new").await.unwrap();
    // It would hear of nothing until revision 4.
    let refused = world.get("/v1/kv/app?watch&after=3").await;
    assert_eq!(
        refused.problem(409, "conflict"),
        r#"bucket "app" is at revision 1, and 3 cannot have been seen in it"#
    );
    let headers = [("last-event-id", "18446744073709551615")];
    let refused = world.ask(axum::http::Method::GET, "/v1/kv/app?watch", &headers, b"").await;
    refused.problem(409, "conflict");
    let mut events = Events::open(&world, "/v1/kv/app?watch", Some(0)).await;
    assert_eq!(events.next().await.2["value"], "new");
    let mut events = Events::open(&world, "/v1/kv/app?watch", Some(1)).await;
    assert_eq!(events.next().await.0, "current");
}

#[tokio::test]
async fn options_choose_what_a_watch_shows() {
    let (world, kv) = World::with_bucket(|config| config.history(3)).await;
    kv.put("a", "1").await.unwrap();
    kv.put("a", "2").await.unwrap();
    kv.delete("b").await.unwrap();
    let mut all = Events::open(&world, "/v1/kv/app?watch&history", None).await;
    assert_eq!(
        (all.next().await.1, all.next().await.1, all.next().await.1),
        ("1".into(), "2".into(), "3".into())
    );
    let mut values = Events::open(&world, "/v1/kv/app?watch&deletes=false&values=false", None).await;
    let (_, id, data) = values.next().await;
    assert_eq!((id.as_str(), data["value"].as_str()), ("2", Some("")));
    assert_eq!(values.next().await.0, "current");
    let mut updates = Events::open(&world, "/v1/kv/app?watch&updates", None).await;
    assert_eq!(updates.next().await.0, "current");
    world.get("/v1/kv/app?watch&updates&history").await.problem(400, "invalid");
    world.get("/v1/kv/app?watch&filter=a.%3E.b").await.problem(400, "invalid");
}

#[tokio::test]
async fn watches_end_when_everybody_has_to_be_asked_anew() {
    let (world, kv) = World::with_bucket(|config| config).await;
    let mut events = Events::open(&world, "/v1/kv/app?watch", None).await;
    assert_eq!(events.next().await.0, "current");
    world.console.forget_sessions();
    assert!(poll_fn(|cx| Pin::new(&mut events.body).poll_next(cx)).await.is_none());
    // Who comes again goes on.
    kv.put("k", "1").await.unwrap();
    let mut events = Events::open(&world, "/v1/kv/app?watch", Some(0)).await;
    assert_eq!(events.next().await.1, "1");
}

#[tokio::test]
async fn so_many_watches_are_open_and_no_more() {
    let (world, _kv) = World::with_bucket(|config| config).await;
    let mut open = Vec::new();
    for _ in 0..1_024 {
        open.push(Events::open(&world, "/v1/kv/app?watch", None).await);
    }
    assert_eq!(world.get("/v1/server").await.json()["watches"], 1_024);
    let refused = world.get("/v1/kv/app?watch").await;
    refused.problem(503, "unavailable");
    assert_eq!(refused.header("retry-after"), "5");
    // Everything else goes on, and a place that is given back is taken again.
    assert_eq!(world.get("/v1/kv/app").await.status, 200);
    open.pop();
    Events::open(&world, "/v1/kv/app?watch", None).await;
}
