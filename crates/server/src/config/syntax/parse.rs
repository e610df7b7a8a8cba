//! Builds the tree: one step at a time over a stack of the maps and arrays that are open.

use super::error::SyntaxError;
use super::literal::{Literal, literal};
use super::load::Loader;
use super::scan::{Scanner, is_newline, is_separator};
use super::tree::{Entry, Map, Node, Place};
use std::collections::HashMap;
use std::sync::Arc;

/// A text that is being read.
#[derive(Debug)]
pub(super) struct Parser<'a, 'l, 's> {
    scan: Scanner<'a>,
    loader: &'l mut Loader<'s>,
    /// Braces around everything, as in JSON, that are open.
    outer_braces: u32,
    /// What is open, outermost first; the first one is the map of the whole file.
    frames: Vec<Frame>,
}

#[derive(Debug)]
enum Frame {
    Map { place: Place, open: OpenMap },
    Array { place: Place, items: Vec<Arc<Node>> },
}

#[derive(Debug, Default)]
struct OpenMap {
    entries: Vec<Entry>,
    index: HashMap<String, usize>,
    /// The key whose value comes next.
    key: Option<(String, Place)>,
}

/// What is expected next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// A key, an element of an array, or an end.
    Item,
    /// The value of a key.
    Value,
    /// What stands between two items.
    Separator,
    /// Nothing.
    Done,
}

impl<'a, 'l, 's> Parser<'a, 'l, 's> {
    /// Returns a parser of `text`, which stands in `file`.
    pub(super) fn new(text: &'a str, file: Arc<str>, loader: &'l mut Loader<'s>) -> Self {
        let scan = Scanner::new(text, file);
        let frames = vec![Frame::Map { place: scan.place(), open: OpenMap::default() }];
        Self { scan, loader, outer_braces: 0, frames }
    }

    /// Reads the whole text.
    pub(super) fn run(mut self) -> Result<Map, SyntaxError> {
        let mut step = Step::Item;
        while step != Step::Done {
            step = match step {
                Step::Item => self.item()?,
                Step::Value => self.value()?,
                Step::Separator => self.separator()?,
                Step::Done => Step::Done,
            };
        }
        let first = self.frames.into_iter().next();
        let entries = match first {
            Some(Frame::Map { open, .. }) => open.entries,
            _ => Vec::new(),
        };
        Ok(Map { entries })
    }

    /// Reads what may stand at the beginning of an item.
    fn item(&mut self) -> Result<Step, SyntaxError> {
        self.scan.skip_space();
        if self.scan.skip_comment() {
            return Ok(Step::Item);
        }
        let is_top = self.frames.len() == 1;
        match (self.frames.last(), self.scan.peek()) {
            (Some(Frame::Array { .. }), Some(']')) | (Some(Frame::Map { .. }), Some('}')) if !is_top => {
                self.scan.bump();
                self.close()
            }
            (Some(Frame::Array { .. }), Some(',')) => {
                Err(self.scan.error("Unexpected array value terminator ','."))
            }
            (Some(Frame::Array { .. }), _) => Ok(Step::Value),
            (_, None) if is_top => Ok(Step::Done),
            (_, None) => Err(self.scan.error("Unexpected EOF processing map.")),
            (_, Some('{')) if is_top => {
                self.scan.bump();
                self.outer_braces += 1;
                Ok(Step::Item)
            }
            (_, Some('}')) if self.outer_braces > 0 => {
                self.scan.bump();
                self.outer_braces -= 1;
                Ok(Step::Item)
            }
            (_, Some('/')) if is_top => Err(self.scan.error("Unexpected EOF.")),
            (_, Some(c)) if is_separator(c) => {
                let text =
                    if is_top { "Unexpected key separator '{}'" } else { "Unexpected key separator '{}'." };
                Err(self.scan.unexpected(text))
            }
            (_, Some(quote @ ('"' | '\''))) => self.quoted_key(quote),
            (_, Some(_)) => self.bare_key(),
        }
    }

    fn quoted_key(&mut self, quote: char) -> Result<Step, SyntaxError> {
        self.scan.bump();
        let place = self.scan.place();
        let key = self.scan.eat_while(|c| c != quote);
        // The reference gives the line in which a text ends.
        let place = Place { line: self.scan.line(), ..place };
        if !self.scan.eat(quote) {
            let text = match (self.frames.len(), quote) {
                (1, _) => "Unexpected EOF.",
                (_, '"') => "Unexpected EOF processing double quoted map key.",
                _ => "Unexpected EOF processing quoted map key.",
            };
            return Err(self.scan.error(text));
        }
        self.key_end(key, place)
    }

    fn bare_key(&mut self) -> Result<Step, SyntaxError> {
        let place = self.scan.place();
        // The reference would take the brace of `jetstream{` as part of the key.
        let key = self.scan.eat_while(|c| !c.is_whitespace() && !is_separator(c) && c != '{');
        if key.is_empty() {
            return Err(self.scan.unexpected("Expected a key, but got '{}' instead."));
        }
        let ended_by_space = self.scan.peek().is_some_and(char::is_whitespace);
        if ended_by_space && key.eq_ignore_ascii_case("include") {
            return self.include();
        }
        self.key_end(key, place)
    }

    /// Passes what may stand between a key and its value.
    fn key_end(&mut self, key: &str, place: Place) -> Result<Step, SyntaxError> {
        self.scan.skip_space();
        let separated = self.scan.peek().is_some_and(is_separator);
        if separated {
            self.scan.bump();
        }
        let is_top = self.frames.len() == 1;
        if is_top {
            self.scan.eat_while(is_blank);
        } else {
            self.scan.skip_space();
        }
        match self.scan.peek() {
            None if !is_top => return Err(self.scan.error("Unexpected EOF processing map key.")),
            None if !separated => return Err(SyntaxError::MissingValue(self.scan.place().to_string())),
            Some(',') if !is_top => {
                return Err(self.scan.error("Unexpected map value terminator \",\"."));
            }
            Some('}') if !is_top => return Err(SyntaxError::MissingValue(self.scan.place().to_string())),
            _ => {}
        }
        if let Some(Frame::Map { open, .. }) = self.frames.last_mut() {
            open.key = Some((key.to_owned(), place));
        }
        Ok(Step::Value)
    }

    /// Reads the path behind `include` and what is in that file.
    fn include(&mut self) -> Result<Step, SyntaxError> {
        self.scan.eat_while(is_blank);
        let path = match self.scan.peek() {
            Some(quote @ ('"' | '\'')) => {
                self.scan.bump();
                let path = self.scan.eat_while(|c| c != quote);
                if !self.scan.eat(quote) {
                    return Err(self.scan.error("Unexpected EOF."));
                }
                path
            }
            _ => self.scan.eat_while(|c| !c.is_whitespace() && !matches!(c, ';' | '}')),
        };
        let included = self.loader.include(path, &self.scan.place().file)?;
        if let Some(Frame::Map { open, .. }) = self.frames.last_mut() {
            for entry in included.entries {
                open.insert(entry);
            }
        }
        Ok(Step::Separator)
    }

    fn value(&mut self) -> Result<Step, SyntaxError> {
        let place = self.scan.place();
        let frame = match self.scan.peek() {
            Some('{') => Frame::Map { place, open: OpenMap::default() },
            Some('[') => Frame::Array { place, items: Vec::new() },
            _ => return self.scalar(place),
        };
        self.scan.bump();
        self.check_depth(1)?;
        self.frames.push(frame);
        Ok(Step::Item)
    }

    fn scalar(&mut self, place: Place) -> Result<Step, SyntaxError> {
        let node = match literal(&mut self.scan)? {
            Literal::Value(value) => Arc::new(Node::scalar(value, place)),
            Literal::Variable(name) => self.variable(&name)?,
        };
        self.set(node)
    }

    /// Returns what a variable stands for: the nearest key of this name that was given before, else the environment.
    fn variable(&mut self, name: &str) -> Result<Arc<Node>, SyntaxError> {
        for frame in self.frames.iter_mut().rev() {
            let Frame::Map { open, .. } = frame else { continue };
            if let Some(entry) = open.index.get(name).and_then(|at| open.entries.get_mut(*at)) {
                entry.referenced = true;
                return Ok(Arc::clone(&entry.node));
            }
        }
        let line = self.scan.line();
        let found = self.loader.variable(name)?;
        found.ok_or_else(|| SyntaxError::Variable { name: name.to_owned(), line })
    }

    /// Puts a value where it belongs.
    fn set(&mut self, node: Arc<Node>) -> Result<Step, SyntaxError> {
        self.check_depth(node.depth)?;
        self.loader.check_weight(node.weight)?;
        match self.frames.last_mut() {
            Some(Frame::Array { items, .. }) => items.push(node),
            Some(Frame::Map { open, .. }) => {
                if let Some((key, place)) = open.key.take() {
                    open.insert(Entry { key, place, node, referenced: false });
                }
            }
            None => {}
        }
        Ok(Step::Separator)
    }

    fn close(&mut self) -> Result<Step, SyntaxError> {
        let node = match self.frames.pop() {
            Some(Frame::Array { place, items }) => Node::array(items, place),
            Some(Frame::Map { place, open }) => Node::map(Map { entries: open.entries }, place),
            None => return Ok(Step::Done),
        };
        self.set(Arc::new(node))
    }

    /// Passes what may stand between two items.
    fn separator(&mut self) -> Result<Step, SyntaxError> {
        self.scan.eat_while(is_blank);
        self.scan.skip_comment();
        let next = self.scan.peek();
        let is_top = self.frames.len() == 1;
        let in_array = matches!(self.frames.last(), Some(Frame::Array { .. }));
        match next {
            Some(c) if is_newline(c) || c == ',' => {}
            Some(';') if !in_array => {}
            Some(']') if in_array => {
                self.scan.bump();
                return self.close();
            }
            Some('}') if !in_array && !is_top => {
                self.scan.bump();
                return self.close();
            }
            Some('}') if is_top => self.outer_braces = self.outer_braces.saturating_sub(1),
            None if is_top && self.outer_braces == 0 => return Ok(Step::Done),
            _ => return Err(self.no_separator()),
        }
        self.scan.bump();
        Ok(Step::Item)
    }

    fn no_separator(&mut self) -> SyntaxError {
        let text = match self.frames.last() {
            Some(Frame::Array { .. }) => {
                "Expected an array value terminator \",\" or an array terminator \"]\", but got '{}' instead."
            }
            _ if self.frames.len() > 1 => {
                "Expected a map value terminator \",\" or a map terminator \"}\", but got '{}' instead."
            }
            _ if self.outer_braces > 0 => {
                "Expected a block-level value to end with a new line, comment or EOF, but got '{}' instead."
            }
            _ => "Expected a top-level value to end with a new line, comment or EOF, but got '{}' instead.",
        };
        self.scan.unexpected(text)
    }

    fn check_depth(&self, added: u32) -> Result<(), SyntaxError> {
        let open = u32::try_from(self.frames.len()).unwrap_or(u32::MAX);
        if open.saturating_add(added) > DEPTH_MAX {
            return Err(self.scan.error(format!("Values nest deeper than {DEPTH_MAX} levels.")));
        }
        Ok(())
    }
}

impl OpenMap {
    /// Adds an entry in the place of an earlier one of the same key.
    fn insert(&mut self, entry: Entry) {
        match self.index.get(&entry.key).and_then(|at| self.entries.get_mut(*at)) {
            Some(earlier) => *earlier = entry,
            None => {
                self.index.insert(entry.key.clone(), self.entries.len());
                self.entries.push(entry);
            }
        }
    }
}

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

/// How deep maps and arrays may nest, the file itself included.
const DEPTH_MAX: u32 = 64;
