use super::*;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::SpanData;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

/// Keeps spans.
#[derive(Debug, Clone, Default)]
struct Memory(Arc<Mutex<Vec<SpanData>>>);

impl opentelemetry_sdk::trace::SpanExporter for Memory {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

fn done(kind: SpanKind<'_>, outcome: SpanOutcome) -> Done<'_> {
    let (began, ended) =
        ("2026-11-28T10:00:00.000001Z".parse().unwrap(), "2026-11-28T10:00:00.000004Z".parse().unwrap());
    Done { kind, account: "$G", began, ended, outcome }
}

#[test]
fn what_the_server_does_becomes_spans() {
    let exporter = Memory::default();
    let telemetry = Telemetry(SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build());
    let spans = telemetry.spans();
    let request = SpanKind::Request { operation: "STREAM.INFO", subject: "STREAM.INFO.KV_app" };
    spans.take(&done(request, SpanOutcome::Failed));
    let publish = SpanKind::Publish { stream: "KV_app", messages: 3, bytes: 99 };
    spans.take(&done(publish, SpanOutcome::Done));
    spans.take(&done(SpanKind::Sync, SpanOutcome::Done));
    let found = exporter.0.lock().unwrap().clone();
    let names: Vec<&str> = found.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["request STREAM.INFO", "publish", "sync"]);
    assert_eq!(found[0].status, Status::error("failed"));
    assert_eq!(found[1].status, Status::Unset);
    let attributes: Vec<String> =
        found[1].attributes.iter().map(|each| format!("{}={}", each.key, each.value)).collect();
    assert_eq!(attributes, ["jetkv.account=$G", "jetkv.stream=KV_app", "jetkv.messages=3", "jetkv.bytes=99"]);
    for span in found {
        assert_eq!(span.end_time.duration_since(span.start_time).unwrap(), Duration::from_micros(3));
    }
}

#[test]
fn spans_go_to_a_collector_over_http() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    let collector = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut part = [0; 4_096];
        let (head, length) = loop {
            let read = stream.read(&mut part).unwrap();
            request.extend_from_slice(&part[..read]);
            if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8(request[..end].to_vec()).unwrap();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                break (head.clone(), end + 4 + length.unwrap().parse::<usize>().unwrap());
            }
        };
        while request.len() < length {
            let read = stream.read(&mut part).unwrap();
            request.extend_from_slice(&part[..read]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        (head, request)
    });
    use opentelemetry_otlp::WithExportConfig;
    let exporter =
        SpanExporter::builder().with_http().with_http_client(Post).with_endpoint(endpoint).build().unwrap();
    let telemetry = Telemetry(SdkTracerProvider::builder().with_batch_exporter(exporter).build());
    let publish = SpanKind::Publish { stream: "KV_app", messages: 1, bytes: 2 };
    telemetry.spans().take(&done(publish, SpanOutcome::Done));
    drop(telemetry);
    let (head, request) = collector.join().unwrap();
    assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/x-protobuf"), "{head}");
    assert!(request.windows(6).any(|six| six == b"KV_app"));
}
