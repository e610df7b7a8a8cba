//! Checking that a text begins with a JSON value.

use super::quote::quote_character;
use super::scan::skip_white;

/// How deep arrays and objects may be nested. The reference allows 10,000, and no request needs more than five.
pub const DEPTH_MAX: usize = 64;

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SyntaxError {
    /// It ends within a value.
    End,
    /// Something else, in the reference's words.
    At {
        /// What is wrong.
        text: String,
        /// How many bytes were read, what is wrong included.
        offset: usize,
    },
}

/// Returns where the value ends that begins at `from`, perhaps behind white space.
pub(super) fn value_end(text: &[u8], from: usize) -> Result<usize, SyntaxError> {
    let mut reader = Reader { text, at: from };
    let mut open: Vec<Container> = Vec::new();
    loop {
        reader.white();
        match reader.peek()? {
            b'{' => {
                reader.open(&mut open, Container::Object)?;
                if !reader.closes(b'}')? {
                    reader.key()?;
                    continue;
                }
                open.pop();
            }
            b'[' => {
                reader.open(&mut open, Container::Array)?;
                if !reader.closes(b']')? {
                    continue;
                }
                open.pop();
            }
            b'"' => reader.string()?,
            b'-' | b'0'..=b'9' => reader.number()?,
            b't' => reader.literal("true")?,
            b'f' => reader.literal("false")?,
            b'n' => reader.literal("null")?,
            _ => return Err(reader.unexpected("looking for beginning of value")),
        }
        if reader.after_value(&mut open)? {
            return Ok(reader.at);
        }
    }
}

#[derive(Clone, Copy)]
enum Container {
    Array,
    Object,
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Result<u8, SyntaxError> {
        self.text.get(self.at).copied().ok_or(SyntaxError::End)
    }

    fn white(&mut self) {
        self.at = skip_white(self.text, self.at);
    }

    fn unexpected(&self, place: &str) -> SyntaxError {
        let (character, length) = quote_character(self.text, self.at);
        SyntaxError::At { text: format!("invalid character {character} {place}"), offset: self.at + length }
    }

    fn open(&mut self, open: &mut Vec<Container>, container: Container) -> Result<(), SyntaxError> {
        self.at += 1;
        if open.len() == DEPTH_MAX {
            return Err(SyntaxError::At { text: "exceeded max depth".into(), offset: self.at });
        }
        open.push(container);
        Ok(())
    }

    /// Steps over white space, and over `end` if it comes next.
    fn closes(&mut self, end: u8) -> Result<bool, SyntaxError> {
        self.white();
        let closes = self.peek()? == end;
        self.at += usize::from(closes);
        Ok(closes)
    }

    /// Closes as many containers as end here; true if the outermost value has ended.
    fn after_value(&mut self, open: &mut Vec<Container>) -> Result<bool, SyntaxError> {
        while let Some(container) = open.last() {
            self.white();
            match (container, self.peek()?) {
                (Container::Object, b',') => {
                    self.at += 1;
                    self.key()?;
                    return Ok(false);
                }
                (Container::Array, b',') => {
                    self.at += 1;
                    return Ok(false);
                }
                (Container::Object, b'}') | (Container::Array, b']') => {
                    self.at += 1;
                    open.pop();
                }
                (Container::Object, _) => return Err(self.unexpected("after object key:value pair")),
                (Container::Array, _) => return Err(self.unexpected("after array element")),
            }
        }
        Ok(true)
    }

    /// Reads a key and its colon.
    fn key(&mut self) -> Result<(), SyntaxError> {
        self.white();
        if self.peek()? != b'"' {
            return Err(self.unexpected("looking for beginning of object key string"));
        }
        self.string()?;
        self.white();
        if self.peek()? != b':' {
            return Err(self.unexpected("after object key"));
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<(), SyntaxError> {
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.escape()?,
                0..b' ' => return Err(self.unexpected("in string")),
                _ => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<(), SyntaxError> {
        let rest = &self.text[self.at..];
        let length = match rest.get(1).ok_or(SyntaxError::End)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
            b'u' => {
                let digits = rest.get(2..rest.len().min(6)).unwrap_or_default();
                if !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err(self.bad_escape(2 + digits.len()));
                }
                if digits.len() < 4 {
                    return Err(SyntaxError::End);
                }
                6
            }
            _ => return Err(self.bad_escape(2)),
        };
        self.at += length;
        Ok(())
    }

    fn bad_escape(&self, length: usize) -> SyntaxError {
        let sequence = String::from_utf8_lossy(&self.text[self.at..self.at + length]);
        SyntaxError::At {
            text: format!("invalid escape sequence `{sequence}` in string"),
            offset: self.at + length,
        }
    }

    fn number(&mut self) -> Result<(), SyntaxError> {
        if self.peek()? == b'-' {
            self.at += 1;
        }
        // A number does not go on behind a leading zero.
        if self.peek()? == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.text.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), SyntaxError> {
        if !self.peek()?.is_ascii_digit() {
            return Err(self.unexpected("in numeric literal"));
        }
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        Ok(())
    }

    fn literal(&mut self, word: &str) -> Result<(), SyntaxError> {
        for expected in word.bytes() {
            if self.peek()? != expected {
                let place = format!("in literal {word} (expecting '{}')", char::from(expected));
                return Err(self.unexpected(&place));
            }
            self.at += 1;
        }
        Ok(())
    }
}
