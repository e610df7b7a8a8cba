//! Errors of the JetStream API as they go over the wire (PROTOCOL 9.1).
//!
//! Each row of the reference's table has a short name: a constant where the text is fixed, like [`STREAM_NOT_FOUND`], a
//! function where the text says what it is about, like [`wrong_last_sequence`].

mod fixed;
mod with_text;

pub use fixed::*;
pub use with_text::*;

use crate::json;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// An error of the JetStream API: two numbers that programs act upon, and a text that some of them match.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ApiError {
    /// In the manner of HTTP: 400 the request is wrong, 404 not found, 500 failed, 503 not available.
    pub code: u16,
    /// Tells what happened; unique for each kind of error. Zero from servers that have none.
    pub err_code: u16,
    /// In words; clients match some of them.
    pub description: Cow<'static, str>,
}

impl ApiError {
    /// Makes an error whose text is fixed.
    #[must_use]
    pub const fn fixed(code: u16, err_code: u16, description: &'static str) -> Self {
        Self { code, err_code, description: Cow::Borrowed(description) }
    }

    /// Appends the JSON.
    pub fn write(&self, out: &mut Vec<u8>) {
        json::write(out, self);
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}/{})", self.description, self.code, self.err_code)
    }
}

impl std::error::Error for ApiError {}

/// Returns the whole table in the order of the error codes: error code, code, text with its placeholders in braces.
pub fn table() -> impl Iterator<Item = (u16, u16, &'static str)> {
    let mut rows = [fixed::ROWS, with_text::ROWS].concat();
    rows.sort_unstable();
    rows.into_iter()
}

#[cfg(test)]
mod tests;
