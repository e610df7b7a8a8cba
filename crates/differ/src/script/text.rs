//! Scripts as text: a line for each step, so that a difference can be kept in a file and run again.
//!
//! ```text
//! area publish seed 17
//! 1 c0 open "{\"verbose\":false}" pong
//! 2 c0 publish "$KV.a.k" inbox - "body" 1
//! ```
//! Strings are quoted, with `\r`, `\n`, `\t`, `\"`, `\\` and `\x7f` as in Rust.

use super::{Action, Answers, Publication, Reply, Script, Step, Wait};
use crate::{Area, DifferError};
use std::fmt::{self, Display, Write};
use std::str::FromStr;

impl Display for Script {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "area {} seed {}", self.area, self.seed)?;
        self.steps.iter().try_for_each(|step| writeln!(formatter, "{step}"))
    }
}

impl Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} c{} ", self.id, self.conn)?;
        match &self.action {
            Action::Open(options) => write!(formatter, "open {}", quoted(options.as_bytes())),
            Action::Raw(bytes) => write!(formatter, "raw {}", quoted(bytes)),
            Action::Part(bytes) => write!(formatter, "part {}", quoted(bytes)),
            Action::Heartbeat(sid) => write!(formatter, "heartbeat {}", quoted(sid.as_bytes())),
            Action::Await(sid, count) => write!(formatter, "await {} {count}", quoted(sid.as_bytes())),
            Action::Until(subject, part) => {
                write!(formatter, "until {} {}", quoted(subject.as_bytes()), quoted(part.as_bytes()))
            }
            Action::Close => formatter.write_str("close"),
            Action::Restart => formatter.write_str("restart"),
            Action::Publish(publication) => write!(formatter, "{publication}"),
        }?;
        match self.wait.answers {
            Answers::Open => formatter.write_str(" pong"),
            Answers::Count(count) => write!(formatter, " {count}"),
            Answers::UntilStatus => formatter.write_str(" status"),
        }?;
        formatter.write_str(if self.wait.settles { "+" } else { "" })
    }
}

impl Display for Publication {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "publish {} ", quoted(self.subject.as_bytes()))?;
        match &self.reply {
            Reply::None => formatter.write_str("-"),
            Reply::Inbox => formatter.write_str("inbox"),
            Reply::Subject(subject) => formatter.write_str(&quoted(subject.as_bytes())),
        }?;
        match &self.headers {
            None => formatter.write_str(" -"),
            Some(block) => write!(formatter, " {}", quoted(block)),
        }?;
        write!(formatter, " {}", quoted(&self.body))
    }
}

impl FromStr for Script {
    type Err = DifferError;

    fn from_str(text: &str) -> Result<Self, DifferError> {
        let mut lines =
            (1..).zip(text.lines()).filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let (line, head) = lines.next().ok_or_else(|| wrong(1, "it is empty"))?;
        let (area, seed) = head
            .strip_prefix("area ")
            .and_then(|rest| rest.split_once(" seed "))
            .ok_or_else(|| wrong(line, "expected `area NAME seed NUMBER`"))?;
        let area = Area::from_str(area).map_err(|problem| wrong(line, &problem))?;
        let seed = seed.parse().map_err(|_| wrong(line, "the seed is no number"))?;
        let steps = lines.map(|(line, text)| step(text).map_err(|problem| wrong(line, &problem)));
        Ok(Self { area, seed, steps: steps.collect::<Result<_, _>>()? })
    }
}

fn wrong(line: usize, problem: &str) -> DifferError {
    DifferError::Script { line, problem: problem.to_owned() }
}

/// A word, or a quoted string.
#[derive(Debug, PartialEq, Eq)]
enum Item {
    Word(String),
    Quoted(Vec<u8>),
}

fn step(line: &str) -> Result<Step, String> {
    let items = items(line)?;
    let mut items = items.into_iter();
    let id = word(&mut items, "a number")?.parse().map_err(|_| "the step's number is none")?;
    let conn = word(&mut items, "a connection")?;
    let conn = conn.strip_prefix('c').and_then(|number| number.parse().ok()).ok_or("expected c0, c1, …")?;
    let action = match word(&mut items, "an action")?.as_str() {
        "open" => Action::Open(text(quote(&mut items)?)?),
        "raw" => Action::Raw(quote(&mut items)?),
        "part" => Action::Part(quote(&mut items)?),
        "heartbeat" => Action::Heartbeat(text(quote(&mut items)?)?),
        "await" => {
            let sid = text(quote(&mut items)?)?;
            let count = word(&mut items, "a number")?;
            Action::Await(sid, count.parse().map_err(|_| format!("{count} is no number"))?)
        }
        "until" => Action::Until(text(quote(&mut items)?)?, text(quote(&mut items)?)?),
        "close" => Action::Close,
        "restart" => Action::Restart,
        "publish" => Action::Publish(publication(&mut items)?),
        other => return Err(format!("there is no action {other}")),
    };
    let wait = word(&mut items, "what is waited for")?;
    let settles = wait.ends_with('+');
    let answers = match wait.trim_end_matches('+') {
        "pong" => Answers::Open,
        "status" => Answers::UntilStatus,
        count => Answers::Count(count.parse().map_err(|_| format!("cannot wait for {count}"))?),
    };
    match items.next() {
        None => Ok(Step { id, conn, action, wait: Wait { answers, settles } }),
        Some(item) => Err(format!("{item:?} is too much")),
    }
}

fn publication(items: &mut impl Iterator<Item = Item>) -> Result<Publication, String> {
    let subject = text(quote(items)?)?;
    let reply = match items.next() {
        Some(Item::Word(word)) if word == "-" => Reply::None,
        Some(Item::Word(word)) if word == "inbox" => Reply::Inbox,
        Some(Item::Quoted(subject)) => Reply::Subject(text(subject)?),
        other => return Err(format!("expected a reply, found {other:?}")),
    };
    let headers = match items.next() {
        Some(Item::Word(word)) if word == "-" => None,
        Some(Item::Quoted(block)) => Some(block),
        other => return Err(format!("expected headers, found {other:?}")),
    };
    Ok(Publication { subject, reply, headers, body: quote(items)? })
}

fn word(items: &mut impl Iterator<Item = Item>, what: &str) -> Result<String, String> {
    match items.next() {
        Some(Item::Word(word)) => Ok(word),
        other => Err(format!("expected {what}, found {other:?}")),
    }
}

fn quote(items: &mut impl Iterator<Item = Item>) -> Result<Vec<u8>, String> {
    match items.next() {
        Some(Item::Quoted(bytes)) => Ok(bytes),
        other => Err(format!("expected a string in quotes, found {other:?}")),
    }
}

fn text(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|_| "this string must be UTF-8".to_owned())
}

fn items(line: &str) -> Result<Vec<Item>, String> {
    let mut items = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('"') {
            let (bytes, used) = unquoted(inside)?;
            items.push(Item::Quoted(bytes));
            rest = inside[used..].trim_start();
        } else {
            let end = rest.find(' ').unwrap_or(rest.len());
            items.push(Item::Word(rest[..end].to_owned()));
            rest = rest[end..].trim_start();
        }
    }
    Ok(items)
}

/// Returns the bytes up to the closing quote, and how long their text is with that quote.
fn unquoted(inside: &str) -> Result<(Vec<u8>, usize), String> {
    let mut bytes = Vec::new();
    let mut letters = inside.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((bytes, at + 1)),
            '\\' => match letters.next() {
                Some((_, 'r')) => bytes.push(b'\r'),
                Some((_, 'n')) => bytes.push(b'\n'),
                Some((_, 't')) => bytes.push(b'\t'),
                Some((at, 'x')) => {
                    let digits = inside.get(at + 1..at + 3).ok_or("\\x needs two digits")?;
                    bytes.push(u8::from_str_radix(digits, 16).map_err(|_| "\\x needs two digits")?);
                    letters.nth(1);
                }
                Some((_, other)) if matches!(other, '"' | '\\') => {
                    bytes.push(u8::try_from(other).unwrap_or(b'?'))
                }
                other => return Err(format!("\\{other:?} is no escape")),
            },
            other => bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Err("a quote is not closed".to_owned())
}

/// Returns `bytes` in quotes; text stays readable.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '"' | '\\' => out.extend(['\\', letter]),
                '\r' => out.push_str("\\r"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                // A write to a string does not fail.
                _ if letter.is_ascii_control() => {
                    write!(out, "\\x{:02x}", u32::from(letter)).unwrap_or_default()
                }
                _ => out.push(letter),
            }
        }
        for byte in chunk.invalid() {
            write!(out, "\\x{byte:02x}").unwrap_or_default();
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests;
