//! Raw header blocks (PROTOCOL 1.10): finding, appending and removing without taking them apart.
//!
//! A block is `NATS/1.0`, perhaps a status, lines `Name: value` and an empty line; all of them end with CR LF. An empty
//! block means no headers. Names are compared byte for byte; of a value the spaces before it do not count, everything
//! behind it does. Blocks come from clients and may hold anything: what is no header line is passed over, and bytes that
//! are not asked for stay as they are.

use crate::number::{parse_u64, push_u64};
use memchr::{memchr, memchr2};

/// The first line of every block.
pub const VERSION: &[u8] = b"NATS/1.0";

/// Returns the first value of `name`, without spaces before it.
#[must_use]
pub fn get<'a>(block: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    iter(block).find_map(|(found, value)| (found == name).then_some(value))
}

/// Returns the last value of `name`: where names repeat, the last was added by the server (PROTOCOL 1.10).
#[must_use]
pub fn get_last<'a>(block: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    iter(block).filter_map(|(found, value)| (found == name).then_some(value)).last()
}

/// Returns names and values in their order; values without spaces before them.
pub fn iter(block: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    lines(block).filter_map(|line| {
        let (name, value) = split_line(line.text)?;
        let spaces = value.iter().take_while(|byte| **byte == b' ').count();
        Some((name, &value[spaces..]))
    })
}

/// Returns the status of the first line and its description, which may be empty.
#[must_use]
pub fn status(block: &[u8]) -> Option<(u16, &[u8])> {
    let first = &block[..first_line_length(block)];
    let rest = first.strip_prefix(VERSION)?.trim_ascii();
    let (code, description) = rest.split_at_checked(3)?;
    let code = u16::try_from(parse_u64(code)?).ok()?;
    Some((code, description.trim_ascii_start()))
}

/// Appends a block with a status, like `NATS/1.0 404 Message Not Found`, and an empty line.
///
/// An empty description is left out together with its space. Lines are added to it with [`append`].
pub fn push_status(out: &mut Vec<u8>, code: u16, description: &str) {
    out.extend_from_slice(VERSION);
    out.push(b' ');
    push_u64(out, u64::from(code));
    if !description.is_empty() {
        out.push(b' ');
        out.extend_from_slice(description.as_bytes());
    }
    out.extend_from_slice(b"\r\n\r\n");
}

/// Returns the block that says that nobody listens to `subject` (PROTOCOL 1.11).
#[must_use]
pub fn no_responders(subject: &[u8]) -> Vec<u8> {
    let mut block = Vec::with_capacity(subject.len() + 48);
    push_status(&mut block, 503, "");
    append(&mut block, b"Nats-Subject", subject);
    block
}

/// Adds a line at the end of `block`, which becomes a block if it is empty; what is there stays, the same name included.
///
/// `name` and `value` must hold no line break; the caller made them.
pub fn append(block: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    open(block, name.len() + value.len());
    block.extend_from_slice(name);
    block.extend_from_slice(b": ");
    block.extend_from_slice(value);
    block.extend_from_slice(b"\r\n\r\n");
}

/// Adds lines at the end of `block` as [`append`] adds each of them.
pub fn append_all(block: &mut Vec<u8>, lines: &[(&[u8], &[u8])]) {
    if lines.is_empty() {
        return;
    }
    open(block, lines.iter().map(|(name, value)| name.len() + value.len() + 4).sum());
    for (name, value) in lines {
        block.extend_from_slice(name);
        block.extend_from_slice(b": ");
        block.extend_from_slice(value);
        block.extend_from_slice(b"\r\n");
    }
    block.extend_from_slice(b"\r\n");
}

/// Like [`append`], for a number.
pub fn append_u64(block: &mut Vec<u8>, name: &[u8], value: u64) {
    append(block, name, itoa::Buffer::new().format(value).as_bytes());
}

/// Removes every line of `name`. A block without a line and without a status becomes empty.
pub fn remove(block: &mut Vec<u8>, name: &[u8]) {
    if get(block, name).is_none() {
        return;
    }
    let mut kept = Vec::with_capacity(block.len());
    let mut copied = 0;
    for line in lines(block).filter(|line| split_line(line.text).is_some_and(|(each, _)| each == name)) {
        kept.extend_from_slice(&block[copied..line.start]);
        copied = line.end;
    }
    kept.extend_from_slice(&block[copied..]);
    *block = kept;
    clear_if_bare(block);
}

/// Gives `name` one value: lines of that name are removed and one is appended (PROTOCOL 1.10).
pub fn set(block: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    remove(block, name);
    append(block, name, value);
}

/// Removes the status from the first line, as the reference does with what clients publish to a stream. A block that
/// has nothing but a status becomes empty.
pub fn strip_status(block: &mut Vec<u8>) {
    let length = first_line_length(block);
    if block.starts_with(VERSION) && length > VERSION.len() {
        block.drain(VERSION.len()..length);
        clear_if_bare(block);
    }
}

/// Makes a block without any line empty.
fn clear_if_bare(block: &mut Vec<u8>) {
    if block.as_slice() == b"NATS/1.0\r\n\r\n" {
        block.clear();
    }
}

/// Says whether `block` is empty, or begins with the version and ends with an empty line.
#[must_use]
pub fn is_well_formed(block: &[u8]) -> bool {
    block.is_empty() || block.starts_with(VERSION) && block.ends_with(b"\r\n\r\n")
}

/// Makes `block` ready for another line: begun, without its last empty line, and with room.
fn open(block: &mut Vec<u8>, bytes: usize) {
    block.reserve(bytes + 24);
    if block.is_empty() {
        block.extend_from_slice(VERSION);
        block.extend_from_slice(b"\r\n");
    } else if block.ends_with(b"\r\n\r\n") {
        block.truncate(block.len() - 2);
    } else if !block.ends_with(b"\r\n") {
        block.extend_from_slice(b"\r\n");
    }
}

/// A line behind the first, with its place.
struct Line<'a> {
    text: &'a [u8],
    start: usize,
    /// Behind the line end.
    end: usize,
}

/// Returns the lines behind the first one. Empty ones are passed over, as the reference looks for a name anywhere.
fn lines(block: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut at = line_end(block, 0);
    std::iter::from_fn(move || {
        while at < block.len() {
            let (start, end) = (at, line_end(block, at));
            at = end;
            let text = block.get(start..end).unwrap_or_default();
            let text = text.strip_suffix(b"\r\n").unwrap_or(text);
            if !text.is_empty() {
                return Some(Line { text, start, end });
            }
        }
        None
    })
}

/// Returns where the line that begins at `start` ends, behind its CR LF; neither of them alone ends a line.
fn line_end(block: &[u8], start: usize) -> usize {
    let mut from = start;
    while let Some(found) = block.get(from..).and_then(|rest| memchr(b'\n', rest)) {
        from += found + 1;
        if block.get(start..from).is_some_and(|line| line.ends_with(b"\r\n")) {
            return from;
        }
    }
    block.len()
}

fn split_line(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr(b':', line)?;
    Some((&line[..colon], &line[colon + 1..]))
}

fn first_line_length(block: &[u8]) -> usize {
    memchr2(b'\r', b'\n', block).unwrap_or(block.len())
}

#[cfg(test)]
mod tests;
