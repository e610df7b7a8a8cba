//! What took how long, for whoever traces the server.

use crate::world::{World, request};
use jetkv_server::{Span, SpanKind, SpanOutcome, SpanSink};
use serde_json::json;
use std::sync::{Arc, Mutex};

/// Keeps a line for each span.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<String>>);

impl SpanSink for Kept {
    fn take(&self, span: &Span<'_>) {
        assert_eq!(span.account, "$G");
        assert!(span.began <= span.ended, "{span:?}");
        let what = match span.kind {
            SpanKind::Request { operation, subject } => format!("request {operation} {subject}"),
            SpanKind::Publish { stream, messages, bytes } => format!("publish {stream} {messages} {bytes}"),
            SpanKind::Sync => "sync".to_owned(),
        };
        let failed = if span.outcome == SpanOutcome::Failed { " failed" } else { "" };
        self.0.lock().unwrap().push(what + failed);
    }
}

#[test]
fn requests_publishes_and_syncs_are_told_and_reads_are_not() {
    let world = World::new(|_| {});
    let mut client = world.client();
    let create = |name: &str| json!({ "name": name, "subjects": [name], "allow_direct": true });
    // Nobody wants to know yet.
    assert_eq!(request(&mut client, "$JS.API.STREAM.CREATE.early", &create("early"))["did_create"], true);
    let kept = Arc::new(Kept::default());
    let sink: Arc<dyn SpanSink> = kept.clone();
    world.server().trace_to(sink);
    assert_eq!(request(&mut client, "$JS.API.STREAM.CREATE.S", &create("S"))["did_create"], true);
    assert_eq!(request(&mut client, "S", &json!("abc"))["seq"], 1);
    client.request("$JS.API.DIRECT.GET.S.S", "").unwrap();
    assert_eq!(request(&mut client, "$JS.API.STREAM.INFO.nope", &json!(null))["error"]["code"], 404);
    let kept = kept.0.lock().unwrap().clone();
    let without_syncs: Vec<&str> = kept.iter().map(String::as_str).filter(|line| *line != "sync").collect();
    assert_eq!(
        without_syncs,
        [
            "request STREAM.CREATE STREAM.CREATE.S",
            "publish S 1 5",
            "request STREAM.INFO STREAM.INFO.nope failed"
        ]
    );
    let publish = kept.iter().position(|line| line.starts_with("publish")).unwrap();
    assert!(kept[..publish].contains(&"sync".to_owned()), "{kept:?}");
}
