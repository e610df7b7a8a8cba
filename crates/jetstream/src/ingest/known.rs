//! The headers that streams give a meaning, found in one walk over a raw block (PROTOCOL 1.10, 3.2).

use super::PublishError;
use jetkv_engine::Expect;
use jetkv_types::SubjectFilter;

/// First values of the headers that are known. Names are case-sensitive; an empty value counts as absent where the
/// reference has it so.
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
    pub(super) has_stream_source: bool,
}

impl<'a> Known<'a> {
    pub(super) fn of(block: &'a [u8]) -> Self {
        let mut known = Self::default();
        for (name, value) in lines(block) {
            let field = match name {
                "Nats-Msg-Id" => &mut known.message_id,
                "Nats-Expected-Stream" => &mut known.expected_stream,
                "Nats-Expected-Last-Sequence" => &mut known.expected_last,
                "Nats-Expected-Last-Subject-Sequence" => &mut known.expected_last_of_subject,
                "Nats-Expected-Last-Subject-Sequence-Subject" => &mut known.expected_subject,
                "Nats-Expected-Last-Msg-Id" => &mut known.expected_last_id,
                "Nats-Rollup" => &mut known.rollup,
                "Nats-TTL" => &mut known.ttl,
                "KV-Operation" => &mut known.operation,
                "Nats-Marker-Reason" => &mut known.marker_reason,
                "Nats-Incr" => &mut known.increment,
                "Nats-Batch-Id" => &mut known.batch_id,
                "Nats-Batch-Sequence" => &mut known.batch_sequence,
                "Nats-Batch-Commit" => &mut known.batch_commit,
                "Nats-Schedule" => {
                    known.has_schedule |= !value.is_empty();
                    continue;
                }
                "Nats-Stream-Source" => {
                    known.has_stream_source |= !value.is_empty();
                    continue;
                }
                _ => continue,
            };
            if field.is_none() && !value.is_empty() {
                *field = Some(value);
            }
        }
        known
    }

    /// Returns the filter that stands in for the subject in the check of its last sequence.
    pub(super) fn expected_subject_filter(&self) -> Result<Option<SubjectFilter>, PublishError> {
        match (self.expected_subject, self.expected_last_of_subject) {
            (Some(_), None) => Err(PublishError::MissingSequence),
            (Some(subject), Some(_)) => {
                SubjectFilter::new(subject).map(Some).map_err(|_| PublishError::MissingSequence)
            }
            (None, _) => Ok(None),
        }
    }

    /// Returns what must hold for the message to be stored.
    pub(super) fn expectation(&self, filter: Option<&'a SubjectFilter>) -> Result<Expect<'a>, PublishError> {
        let of_subject = self.expected_last_of_subject.map(number).transpose()?;
        let of_stream = self.expected_last.map(number).transpose()?;
        Ok(match (of_subject, filter, of_stream) {
            (None, _, None) => Expect::Nothing,
            (None, _, Some(stream)) => Expect::LastOfStream(stream),
            (Some(sequence), None, None) => Expect::LastOfSubject(sequence),
            (Some(sequence), Some(filter), None) => Expect::LastMatching(filter, sequence),
            (Some(subject), filter, Some(stream)) => Expect::Both { subject, filter, stream },
        })
    }
}

/// Reads a sequence. The reference takes what is no number for one that never fits.
fn number(text: &str) -> Result<u64, PublishError> {
    text.parse().or(Ok(u64::MAX))
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
        Some((name, value.trim()))
    })
}

/// Returns the lines behind the first one, without their ends.
fn raw_lines(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = block;
    let mut next = move || {
        let end = memchr::memmem::find(rest, b"\r\n")?;
        let line = &rest[..end];
        rest = &rest[end + 2..];
        Some(line)
    };
    next();
    std::iter::from_fn(next).take_while(|line| !line.is_empty())
}

fn name_of(line: &[u8]) -> Option<&str> {
    let end = line.iter().position(|byte| *byte == b':')?;
    std::str::from_utf8(&line[..end]).ok()
}

pub(super) const MESSAGE_ID: &str = "Nats-Msg-Id";
const TTL: &str = "Nats-TTL";
const FIRST_LINE: &[u8] = b"NATS/1.0\r\n";
