//! Walks through a text, character by character, and knows lines and columns.

use super::error::SyntaxError;
use super::tree::Place;
use std::sync::Arc;

/// A position in a text.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    file: Arc<str>,
    at: usize,
    line: u32,
    /// Where the newline before the current line is, 0 in the first line: the reference counts columns from there.
    line_start: usize,
}

impl<'a> Scanner<'a> {
    /// Returns a scanner at the beginning of `text`.
    pub(super) fn new(text: &'a str, file: Arc<str>) -> Self {
        Self { text, file, at: 0, line: 1, line_start: 0 }
    }

    /// Returns the next character without passing it.
    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Returns the next character and passes it.
    pub(super) fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        if next == '\n' {
            self.line += 1;
            self.line_start = self.at;
        }
        self.at += next.len_utf8();
        Some(next)
    }

    /// Passes the next character if it is `wanted`.
    pub(super) fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.bump();
        }
        found
    }

    /// Passes all characters for which `wanted` holds, and returns them.
    pub(super) fn eat_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let from = self.at;
        while self.peek().is_some_and(&wanted) {
            self.bump();
        }
        self.text.get(from..self.at).unwrap_or_default()
    }

    /// Passes white space and newlines.
    pub(super) fn skip_space(&mut self) {
        self.eat_while(char::is_whitespace);
    }

    /// Passes a comment if one begins here: `#` or `//`, up to the end of the line.
    pub(super) fn skip_comment(&mut self) -> bool {
        let begins = self.rest().starts_with('#') || self.rest().starts_with("//");
        if begins {
            self.eat_while(|c| !is_newline(c));
        }
        begins
    }

    /// Returns what is left.
    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Returns the text between a byte offset and here.
    pub(super) fn since(&self, from: usize) -> &'a str {
        self.text.get(from..self.at).unwrap_or_default()
    }

    /// Returns the byte offset.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// Passes `bytes` that hold no newline.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Returns the line, from 1.
    pub(super) fn line(&self) -> u32 {
        self.line
    }

    /// Returns the place of what begins here.
    pub(super) fn place(&self) -> Place {
        let column = u32::try_from(self.at - self.line_start).unwrap_or(u32::MAX);
        Place { file: Arc::clone(&self.file), line: self.line, column }
    }

    /// Returns an error in the line where the scanner is.
    pub(super) fn error(&self, text: impl Into<String>) -> SyntaxError {
        SyntaxError::Parse { line: self.line, text: text.into() }
    }

    /// Returns an error about the next character, in the line that begins behind it; `{}` in `text` stands for the character.
    pub(super) fn unexpected(&mut self, text: &str) -> SyntaxError {
        let shown = match self.bump() {
            None => "\\x00".to_owned(),
            Some(c) => shown(c),
        };
        self.error(text.replace("{}", &shown))
    }
}

/// Says whether a line ends here.
pub(super) fn is_newline(c: char) -> bool {
    c == '\n' || c == '\r'
}

/// Says whether a key ends here.
pub(super) fn is_separator(c: char) -> bool {
    c == ':' || c == '='
}

/// Spells a character so that a log line stays one line.
fn shown(c: char) -> String {
    if c.is_control() { c.escape_debug().to_string() } else { c.to_string() }
}
