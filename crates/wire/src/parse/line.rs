//! The rest of a control line, behind its verb.

use super::{Limits, ParseError};
use memchr::{memchr, memchr2};

/// The arguments of a control line, separated by runs of spaces and tabs.
pub(super) struct Line<'a> {
    /// The first of them; those that are not there are empty.
    pub(super) arguments: [&'a [u8]; ARGUMENTS_MAX],
    /// How many there are, the ones that are not kept included.
    pub(super) count: usize,
    /// Where the next line begins.
    pub(super) end: usize,
}

/// The rest of a control line as one text.
pub(super) struct Rest<'a> {
    /// Without white space before it and line end behind it.
    pub(super) text: &'a [u8],
    /// Where the next line begins.
    pub(super) end: usize,
}

/// Splits the line whose arguments begin at `from`; none if its end has not come yet.
pub(super) fn arguments<'a>(
    input: &'a [u8],
    from: usize,
    limits: &Limits,
) -> Result<Option<Line<'a>>, ParseError> {
    let Some(Rest { text, end }) = rest(input, from, limits)? else {
        return Ok(None);
    };
    let mut line = Line { arguments: [&[]; ARGUMENTS_MAX], count: 0, end };
    let mut left = text;
    while !left.is_empty() {
        let length = memchr2(b' ', b'\t', left).unwrap_or(left.len());
        let (argument, behind) = left.split_at(length);
        if let Some(slot) = line.arguments.get_mut(line.count) {
            *slot = argument;
        }
        line.count += 1;
        left = trim_start(behind);
    }
    Ok(Some(line))
}

/// Returns the rest of the line from `from` on; none if its end has not come yet.
pub(super) fn rest<'a>(
    input: &'a [u8],
    from: usize,
    limits: &Limits,
) -> Result<Option<Rest<'a>>, ParseError> {
    let behind = input.get(from..).unwrap_or_default();
    let text = trim_start(behind);
    let from = input.len() - text.len();
    // The reference does not count white space before the arguments; it must be bounded all the same.
    if behind.len() - text.len() > limits.max_control_line {
        return Err(ParseError::ControlLineTooLong);
    }
    let Some(length) = memchr(b'\n', text) else {
        // One byte more may be there: the CR of the line end.
        let too_long = text.len() > limits.max_control_line.saturating_add(1);
        return if too_long { Err(ParseError::ControlLineTooLong) } else { Ok(None) };
    };
    let line = &text[..length];
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > limits.max_control_line {
        return Err(ParseError::ControlLineTooLong);
    }
    Ok(Some(Rest { text: line, end: from + length + 1 }))
}

fn trim_start(text: &[u8]) -> &[u8] {
    let white = text.iter().take_while(|byte| is_white(**byte)).count();
    &text[white..]
}

fn is_white(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// No operation has more arguments than `HPUB` with a reply.
const ARGUMENTS_MAX: usize = 4;
