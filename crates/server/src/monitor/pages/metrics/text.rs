//! The text format: families of samples, each with its help and its type.

use std::fmt::{Display, Write};

/// A page that is being written.
#[derive(Debug, Default)]
pub(super) struct Text(String);

/// What the samples of a family are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Type {
    /// They only grow.
    Counter,
    Gauge,
    Histogram,
}

/// Names with their values.
pub(super) type Labels<'a> = [(&'a str, &'a str)];

impl Text {
    pub(super) fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.labelled(name, Type::Counter, help, &[], value);
    }

    pub(super) fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.labelled(name, Type::Gauge, help, &[], value);
    }

    /// Writes a family of one sample.
    pub(super) fn labelled(
        &mut self,
        name: &str,
        kind: Type,
        help: &str,
        labels: &Labels<'_>,
        value: impl Display,
    ) {
        self.family(name, kind, help);
        self.sample(name, labels, value);
    }

    /// Begins a family; its samples follow.
    pub(super) fn family(&mut self, name: &str, kind: Type, help: &str) {
        let kind = match kind {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
            Type::Histogram => "histogram",
        };
        writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}").ok();
    }

    pub(super) fn sample(&mut self, name: &str, labels: &Labels<'_>, value: impl Display) {
        self.0.push_str(name);
        for (at, (label, text)) in labels.iter().enumerate() {
            let before = if at == 0 { '{' } else { ',' };
            write!(self.0, "{before}{label}=\"{}\"", escaped(text)).ok();
        }
        let end = if labels.is_empty() { "" } else { "}" };
        writeln!(self.0, "{end} {value}").ok();
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
