//! What was found out about one thing.

use serde::Serialize;

/// A check and its outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Finding {
    /// What was looked at.
    pub(super) check: &'static str,
    pub(super) verdict: Verdict,
    /// What a person is told.
    pub(super) text: String,
    /// What a program is told.
    pub(super) figures: serde_json::Value,
}

/// Whether a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    #[serde(rename = "ok")]
    Good,
    /// It may be meant, or matter later.
    #[serde(rename = "warn")]
    Warning,
    /// It costs data, or keeps a server from working.
    Bad,
}

impl Verdict {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Warning => "warn",
            Self::Bad => "bad",
        }
    }
}

impl Finding {
    pub(super) fn new(check: &'static str, verdict: Verdict, text: impl Into<String>) -> Self {
        Self { check, verdict, text: text.into(), figures: serde_json::json!({}) }
    }

    pub(super) fn with(self, figures: serde_json::Value) -> Self {
        Self { figures, ..self }
    }
}
