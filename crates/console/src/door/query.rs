//! Parameters behind the `?`: each one is known, given once, and readable, or the request is refused.

use crate::duration;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::time::Duration;

/// The parameters of a request.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::read(parts.uri.query().unwrap_or_default()))
    }
}

impl Query {
    fn read(text: &str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// Refuses parameters that are not in `known`, and those that stand there twice.
    pub(crate) fn only(self, known: &[&str]) -> Result<Self, Problem> {
        for (at, (name, _)) in self.0.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let list = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return Err(Problem::invalid(format!("unknown parameter {name:?}; known here: {list}")));
            }
            if name != "filter" && self.0.iter().skip(at + 1).any(|(other, _)| other == name) {
                return Err(Problem::invalid(format!("parameter {name:?} is given twice")));
            }
        }
        Ok(self)
    }

    /// Returns a parameter as text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
    }

    /// Returns every value of a parameter.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(each, _)| each == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Says whether something is switched on: `?name`, `?name=true`, `?name=1`.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.text(name) {
            None | Some("false" | "0") => Ok(false),
            Some("" | "true" | "1") => Ok(true),
            Some(other) => Err(Problem::invalid(format!("parameter {name} is true or false, not {other:?}"))),
        }
    }

    /// Returns a parameter as a number.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let number = text
            .parse()
            .map_err(|_| Problem::invalid(format!("parameter {name} is a whole number, not {text:?}")))?;
        Ok(Some(number))
    }

    /// Returns a parameter as a span of time.
    pub(crate) fn span(&self, name: &str) -> Result<Option<Duration>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let wrong = |reason| Problem::invalid(format!("parameter {name}: {reason}, got {text:?}"));
        duration::parse(text).map(Some).map_err(wrong)
    }
}

#[cfg(test)]
mod tests;
