//! Buckets and keys over a raw connection: one request, one answer.

use crate::known::{Flying, Value};
use std::io;
use testkit::nats::{Client, DEFAULT_CONNECT, Request};

/// What came back of a write.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Stored under this sequence.
    Stored(u64),
    /// Refused, in these words.
    Refused(String),
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Connection(Client);

impl Connection {
    pub(crate) fn new(address: &str) -> io::Result<Self> {
        Client::connect(address, DEFAULT_CONNECT).map(Self)
    }

    /// Says whether streams can be used yet.
    pub(crate) fn is_ready(&mut self) -> bool {
        let names = self.0.request("$JS.API.STREAM.NAMES", "");
        names.is_ok_and(|answer| {
            answer.payload.starts_with(b"{") && !text(&answer.payload).contains("\"error\"")
        })
    }

    /// Writes a key; `expected` is the sequence that it must have now.
    pub(crate) fn write(
        &mut self,
        bucket: &str,
        key: &str,
        write: &Flying,
        expected: Option<u64>,
    ) -> io::Result<Answer> {
        let mut headers = String::from("NATS/1.0\r\n");
        if write.operation != "PUT" {
            headers += &format!("KV-Operation: {}\r\n", write.operation);
        }
        if write.operation == "PURGE" {
            headers += "Nats-Rollup: sub\r\n";
        }
        if let Some(expected) = expected {
            headers += &format!("Nats-Expected-Last-Subject-Sequence: {expected}\r\n");
        }
        headers += "\r\n";
        let request = Request { headers: headers.as_bytes(), payload: &write.bytes };
        let answer = self.0.request(&format!("$KV.{bucket}.{key}"), request)?;
        let ack: serde_json::Value = serde_json::from_slice(&answer.payload).unwrap_or_default();
        match ack.get("seq").and_then(serde_json::Value::as_u64).filter(|_| ack.get("error").is_none()) {
            Some(sequence) => Ok(Answer::Stored(sequence)),
            None => Ok(Answer::Refused(format!("{:?} {}", answer.status(), text(&answer.payload)))),
        }
    }

    /// Reads a key.
    ///
    /// # Errors
    /// Those of the connection; the status as [`io::ErrorKind::Other`] if it is neither a value nor "not found".
    pub(crate) fn read(&mut self, bucket: &str, key: &str) -> io::Result<Option<Value>> {
        let answer = self.0.request(&format!("$JS.API.DIRECT.GET.KV_{bucket}.$KV.{bucket}.{key}"), "")?;
        if let Some(status) = answer.status() {
            return if status.starts_with("404") { Ok(None) } else { Err(io::Error::other(status)) };
        }
        let operation = match answer.header("KV-Operation").as_deref() {
            Some("DEL") => "DEL",
            Some("PURGE") => "PURGE",
            _ => "PUT",
        };
        let sequence = answer.header("Nats-Sequence").and_then(|sequence| sequence.parse().ok());
        let sequence = sequence.ok_or_else(|| io::Error::other("an answer without a sequence"))?;
        Ok(Some(Value { operation, bytes: answer.payload, sequence }))
    }

    /// Makes a bucket.
    ///
    /// # Errors
    /// Those of the connection; a refusal as [`io::ErrorKind::Other`].
    pub(crate) fn make_bucket(&mut self, bucket: &str) -> io::Result<()> {
        let config = format!(
            "{{\"name\":\"KV_{bucket}\",\"subjects\":[\"$KV.{bucket}.>\"],\"max_msgs_per_subject\":3,\"num_replicas\":1,\
             \"allow_rollup_hdrs\":true,\"deny_delete\":true,\"allow_direct\":true,\"discard\":\"new\"}}"
        );
        self.ask(&format!("$JS.API.STREAM.CREATE.KV_{bucket}"), &config).map(drop)
    }

    /// Deletes a bucket.
    ///
    /// # Errors
    /// As for [`Self::make_bucket`].
    pub(crate) fn delete_bucket(&mut self, bucket: &str) -> io::Result<()> {
        self.ask(&format!("$JS.API.STREAM.DELETE.KV_{bucket}"), "").map(drop)
    }

    /// Returns the names of all buckets.
    ///
    /// # Errors
    /// As for [`Self::make_bucket`].
    pub(crate) fn buckets(&mut self) -> io::Result<Vec<String>> {
        let answer = self.ask("$JS.API.STREAM.NAMES", "")?;
        let names = answer["streams"].as_array().cloned().unwrap_or_default();
        let names = names.iter().filter_map(serde_json::Value::as_str);
        Ok(names.map(|name| name.trim_start_matches("KV_").to_owned()).collect())
    }

    fn ask(&mut self, subject: &str, body: &str) -> io::Result<serde_json::Value> {
        let answer = self.0.request(subject, body)?;
        let answer: serde_json::Value = serde_json::from_slice(&answer.payload).map_err(io::Error::other)?;
        match answer.get("error") {
            Some(error) => Err(io::Error::other(format!("{subject}: {error}"))),
            None => Ok(answer),
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
