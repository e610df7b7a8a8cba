//! Traces for an OpenTelemetry collector, with the feature `otel`.
//!
//! They are sent if the environment names a collector: `OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318`. The other
//! variables of OpenTelemetry hold, too: `OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER`, `OTEL_RESOURCE_ATTRIBUTES`.

mod post;

use crate::exit::Failure;
use jetkv_server::{Span as Done, SpanKind, SpanOutcome, SpanSink};
use jetkv_types::Timestamp;
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span, SpanBuilder, Status, Tracer, TracerProvider};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use post::Post;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Traces that are being sent; dropping it sends what is left.
#[derive(Debug)]
pub(super) struct Telemetry(SdkTracerProvider);

/// Makes spans of what the server does.
#[derive(Debug)]
pub(super) struct Spans(SdkTracer);

impl Telemetry {
    /// Begins if the environment names a collector.
    pub(super) fn start() -> Result<Option<Self>, Failure> {
        if !ENDPOINTS.iter().any(|name| std::env::var_os(name).is_some()) {
            return Ok(None);
        }
        let exporter = SpanExporter::builder().with_http().with_http_client(Post).build();
        let exporter = exporter.map_err(|error| {
            let failure = Failure::usage("traces cannot be sent");
            Failure { causes: vec![error.to_string()], ..failure }
        })?;
        let mut resource = Resource::builder();
        if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
            resource = resource.with_service_name("jetkv");
        }
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build());
        Ok(Some(Self(provider.build())))
    }

    /// Returns what the server tells its spans.
    pub(super) fn spans(&self) -> Spans {
        Spans(self.0.tracer("jetkv"))
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        // A collector that is gone must not keep the server.
        let _ = self.0.shutdown_with_timeout(PATIENCE);
    }
}

impl SpanSink for Spans {
    fn take(&self, done: &Done<'_>) {
        let mut attributes = vec![KeyValue::new("jetkv.account", done.account.to_owned())];
        let name = match done.kind {
            SpanKind::Request { operation, subject } => {
                attributes.push(KeyValue::new("jetkv.subject", subject.to_owned()));
                format!("request {operation}")
            }
            SpanKind::Publish { stream, messages, bytes } => {
                attributes.push(KeyValue::new("jetkv.stream", stream.to_owned()));
                attributes.push(KeyValue::new("jetkv.messages", number(messages)));
                attributes.push(KeyValue::new("jetkv.bytes", number(bytes)));
                "publish".to_owned()
            }
            SpanKind::Sync => "sync".to_owned(),
        };
        let builder =
            SpanBuilder::from_name(name).with_start_time(moment(done.began)).with_attributes(attributes);
        let mut span = self.0.build(builder);
        if done.outcome == SpanOutcome::Failed {
            span.set_status(Status::error("failed"));
        }
        span.end_with_timestamp(moment(done.ended));
    }
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn moment(time: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(time.as_nanos())
}

/// The variables that name a collector.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
/// How long the end waits for the collector.
const PATIENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
