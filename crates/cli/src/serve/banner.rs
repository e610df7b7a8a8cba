//! What a person sees who starts the server: where it listens, how durable it is, how to connect.

use super::door::Door;
use super::ports_file::Ports;
use super::start_lines::durability;
use crate::output::Form;
use jetkv_server::SyncMode;
use jetkv_server::options::ServerOptions;
use serde::Serialize;
use std::fmt::Write;

/// What is told.
pub(super) struct Banner<'a> {
    pub(super) ports: &'a Ports,
    pub(super) options: &'a ServerOptions,
    pub(super) door: &'a Door,
    pub(super) form: Form,
}

impl Banner<'_> {
    /// Returns the text, with the end of its last line.
    pub(super) fn text(&self) -> String {
        match self.form {
            Form::Human => self.human(),
            Form::Json => self.json(),
        }
    }

    fn human(&self) -> String {
        let url = self.ports.nats.first().map_or("", String::as_str);
        let auth = &self.options.auth;
        let mut text = format!("\njetkv {} serves NATS clients at {url}\n\n", env!("CARGO_PKG_VERSION"));
        let mut line = |name: &str, value: &str| writeln!(text, "  {name:<11} {value}").ok();
        match &self.options.jetstream {
            Some(jetstream) => {
                line("store", &jetstream.store_dir.display().to_string());
                line("durability", &durability(jetstream.sync));
            }
            None => {
                line("store", "none: streams and buckets are off");
            }
        }
        let http = self.ports.monitoring.first();
        match (self.console(), self.door.remark()) {
            (Some(console), None) => line("console", &console),
            (_, remark) => line("console", remark.unwrap_or("off")),
        };
        if let Some(url) = http {
            line("monitoring", &format!("{url}/varz and others"));
        }
        if self.options.tls.is_some() {
            line("TLS", "on");
        }
        if auth.token.is_some()
            || !auth.users.is_empty()
            || auth.accounts.iter().any(|each| !each.users.is_empty())
        {
            line("credentials", "needed, as the configuration says");
        }
        writeln!(text, "\nConnect:\n").ok();
        let mut line = |name: &str, value: String| writeln!(text, "  {name:<11} {value}").ok();
        line("nats", format!("nats --server {url} kv add config"));
        line("Rust", format!("async_nats::connect({url:?}).await?"));
        line("Go", format!("nats.Connect({url:?})"));
        line("Python", format!("await nats.connect({url:?})"));
        text.push('\n');
        text
    }

    /// Returns the address of the console, if it lets anybody in.
    fn console(&self) -> Option<String> {
        let url = self.ports.monitoring.first()?;
        matches!(self.door, Door::Open(_)).then(|| format!("{url}/console/"))
    }

    fn json(&self) -> String {
        #[derive(Serialize)]
        struct Line<'a> {
            nats: &'a [String],
            monitoring: &'a [String],
            #[serde(skip_serializing_if = "Option::is_none")]
            console: Option<String>,
            store: Option<String>,
            sync: Option<String>,
            pid: u32,
        }
        let jetstream = self.options.jetstream.as_ref();
        let line = Line {
            nats: &self.ports.nats,
            monitoring: &self.ports.monitoring,
            console: self.console(),
            store: jetstream.map(|each| each.store_dir.display().to_string()),
            sync: jetstream.map(|each| match each.sync {
                SyncMode::Always => "always".into(),
                SyncMode::Every(span) => format!("every={}", crate::duration::human(span)),
                SyncMode::Os => "os".into(),
            }),
            pid: std::process::id(),
        };
        // Texts, numbers and lists of texts always have a JSON form.
        serde_json::to_string(&line).unwrap_or_default() + "\n"
    }
}

#[cfg(test)]
mod tests;
