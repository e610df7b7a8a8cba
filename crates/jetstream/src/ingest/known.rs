//! The headers that streams give a meaning, found in one walk over a raw block (PROTOCOL 1.10, 3.2).

use super::PublishError;
use jetkv_engine::Expect;
use jetkv_types::{Subject, SubjectFilter};

/// First values of the headers that are known, without spaces before them. Names are case-sensitive; an empty value
/// counts as absent, except for the word that ends a batch.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known<'a> {
    pub(super) message_id: Option<&'a str>,
    pub(super) expected_stream: Option<&'a str>,
    pub(super) expected_last: Option<&'a str>,
    pub(super) expected_last_of_subject: Option<&'a str>,
    pub(super) expected_subject: Option<&'a str>,
    pub(super) expected_last_id: Option<&'a str>,
    pub(super) rollup: Option<&'a str>,
    pub(super) ttl: Option<&'a str>,
    pub(super) operation: Option<&'a str>,
    pub(super) marker_reason: Option<&'a str>,
    pub(super) increment: Option<&'a str>,
    pub(super) batch_id: Option<&'a str>,
    pub(super) batch_sequence: Option<&'a str>,
    pub(super) batch_commit: Option<&'a str>,
    pub(super) has_schedule: bool,
    /// Headers that only a server writes that has schedules.
    pub(super) has_scheduler: bool,
    pub(super) has_stream_source: bool,
}

impl<'a> Known<'a> {
    pub(super) fn of(block: &'a [u8]) -> Self {
        let mut found = Self::default();
        let (mut schedule, mut next, mut scheduler, mut source) = (None, None, None, None);
        for (name, value) in lines(block) {
            let field = match name {
                "Nats-Msg-Id" => &mut found.message_id,
                "Nats-Expected-Stream" => &mut found.expected_stream,
                "Nats-Expected-Last-Sequence" => &mut found.expected_last,
                "Nats-Expected-Last-Subject-Sequence" => &mut found.expected_last_of_subject,
                "Nats-Expected-Last-Subject-Sequence-Subject" => &mut found.expected_subject,
                "Nats-Expected-Last-Msg-Id" => &mut found.expected_last_id,
                "Nats-Rollup" => &mut found.rollup,
                "Nats-TTL" => &mut found.ttl,
                "KV-Operation" => &mut found.operation,
                "Nats-Marker-Reason" => &mut found.marker_reason,
                "Nats-Incr" => &mut found.increment,
                "Nats-Batch-Id" => &mut found.batch_id,
                "Nats-Batch-Sequence" => &mut found.batch_sequence,
                "Nats-Batch-Commit" => &mut found.batch_commit,
                "Nats-Schedule" => &mut schedule,
                "Nats-Schedule-Next" => &mut next,
                "Nats-Scheduler" => &mut scheduler,
                "Nats-Stream-Source" => &mut source,
                _ => continue,
            };
            // Of several lines of one name the first one counts, also if it says nothing.
            field.get_or_insert(value);
        }
        let said = |value: Option<&'a str>| value.filter(|value| !value.is_empty());
        Self {
            message_id: said(found.message_id),
            expected_stream: said(found.expected_stream),
            expected_last: said(found.expected_last),
            expected_last_of_subject: said(found.expected_last_of_subject),
            expected_subject: said(found.expected_subject),
            expected_last_id: said(found.expected_last_id),
            rollup: said(found.rollup),
            ttl: said(found.ttl),
            operation: said(found.operation),
            marker_reason: said(found.marker_reason),
            increment: said(found.increment),
            batch_id: said(found.batch_id),
            batch_sequence: said(found.batch_sequence),
            batch_commit: found.batch_commit,
            has_schedule: said(schedule).is_some(),
            has_scheduler: said(next).or(said(scheduler)).is_some(),
            has_stream_source: said(source).is_some(),
        }
    }

    /// Returns what must hold for the message to be stored. A subject with literal wildcards stands for all that it matches,
    /// as in the reference.
    pub(super) fn expectation(&self, subject: &Subject) -> Result<Expectation, PublishError> {
        let filter = match (self.expected_subject, self.expected_last_of_subject) {
            (Some(_), None) => return Err(PublishError::MissingSequence),
            (Some(subject), Some(_)) => Some(SubjectFilter::new(subject).ok()),
            (None, Some(_)) if has_wildcards(subject) => SubjectFilter::new(subject.as_str()).ok().map(Some),
            (None, _) => None,
        };
        let mut of_subject = self.expected_last_of_subject.map(number);
        if let (Some(None), Some(sequence)) = (&filter, of_subject) {
            // What is no subject has no messages.
            if sequence != 0 {
                return Err(PublishError::WrongLastSequence { found: 0 });
            }
            of_subject = None;
        }
        Ok(Expectation { filter: filter.flatten(), of_subject, of_stream: self.expected_last.map(number) })
    }
}

/// The sequences that a message names as those before it.
#[derive(Debug)]
pub(super) struct Expectation {
    pub(super) filter: Option<SubjectFilter>,
    pub(super) of_subject: Option<u64>,
    pub(super) of_stream: Option<u64>,
}

impl Expectation {
    pub(super) fn expect(&self) -> Expect<'_> {
        match (self.of_subject, self.filter.as_ref(), self.of_stream) {
            (None, _, None) => Expect::Nothing,
            (None, _, Some(stream)) => Expect::LastOfStream(stream),
            (Some(sequence), None, None) => Expect::LastOfSubject(sequence),
            (Some(sequence), Some(filter), None) => Expect::LastMatching(filter, sequence),
            (Some(subject), filter, Some(stream)) => Expect::Both { subject, filter, stream },
        }
    }
}

/// Says whether a subject has tokens that match others where it is a filter.
pub(super) fn has_wildcards(subject: &Subject) -> bool {
    // Nearly none has; going through the bytes is the cheapest way to find out.
    let may_have = subject.as_bytes().iter().any(|byte| matches!(byte, b'*' | b'>'));
    may_have && subject.tokens().any(|token| token == "*" || token == ">")
}

/// Reads a sequence. The reference takes what is no number for one that never fits.
fn number(text: &str) -> u64 {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number).unwrap_or(u64::MAX)
}

/// Says whether a text is a whole number with or without a sign, of any length.
pub(super) fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns a block with `Nats-TTL` as its last line and nowhere else, and without a status.
pub(super) fn with_ttl(block: &[u8], value: &str) -> Vec<u8> {
    let mut out = FIRST_LINE.to_vec();
    for line in raw_lines(block) {
        if name_of(line) != Some(TTL) {
            out.extend_from_slice(line);
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(format!("{TTL}: {value}\r\n\r\n").as_bytes());
    out
}

/// Returns a block with the line that ends a batch as its last one.
pub(super) fn with_commit(block: &[u8]) -> Vec<u8> {
    let mut out = block.strip_suffix(b"\r\n").unwrap_or(block).to_vec();
    out.extend_from_slice(b"Nats-Batch-Commit: 1\r\n\r\n");
    out
}

/// Returns a block as it came, except for a status on its first line, which is the server's to give.
pub(super) fn without_status(block: &[u8]) -> Vec<u8> {
    if block.starts_with(FIRST_LINE) {
        return block.to_vec();
    }
    let Some(end) = block.windows(2).position(|pair| pair == b"\r\n") else { return block.to_vec() };
    if !block.starts_with(b"NATS/1.0 ") {
        return block.to_vec();
    }
    let mut out = FIRST_LINE.to_vec();
    out.extend_from_slice(&block[end + 2..]);
    out
}

fn lines(block: &[u8]) -> impl Iterator<Item = (&str, &str)> {
    raw_lines(block).filter_map(|line| {
        let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
        Some((name, value.trim_start_matches(' ')))
    })
}

/// Returns the lines behind the first one, without their ends.
fn raw_lines(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = block;
    let mut next = move || {
        let end = line_end(rest)?;
        let line = &rest[..end];
        rest = &rest[end + 2..];
        Some(line)
    };
    next();
    std::iter::from_fn(next).take_while(|line| !line.is_empty())
}

/// Finds the first CR LF.
fn line_end(text: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', text).find(|&at| at > 0 && text[at - 1] == b'\r').map(|at| at - 1)
}

fn name_of(line: &[u8]) -> Option<&str> {
    let end = line.iter().position(|byte| *byte == b':')?;
    std::str::from_utf8(&line[..end]).ok()
}

pub(super) const MESSAGE_ID: &str = "Nats-Msg-Id";
const TTL: &str = "Nats-TTL";
const FIRST_LINE: &[u8] = b"NATS/1.0\r\n";
