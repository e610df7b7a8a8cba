//! One block: literals, and copies of what came before.

use super::S2Error;

/// Appends the data of a block to `out`; it has at most `bytes_max` bytes.
pub(super) fn decode(block: &[u8], bytes_max: usize, out: &mut Vec<u8>) -> Result<(), S2Error> {
    let mut input = Input(block);
    let length = input.length()?;
    if length > bytes_max {
        return Err(S2Error::TooLarge);
    }
    let start = out.len();
    let end = start + length;
    let mut offset = 0;
    while out.len() < end {
        let tag = input.byte()?;
        let count = match tag & 0b11 {
            0b00 => {
                let count = input.literal_length(tag)?;
                let literal = input.take(count)?;
                if literal.len() > end - out.len() {
                    return Err(S2Error::Corrupt);
                }
                out.extend_from_slice(literal);
                continue;
            }
            0b01 => {
                let low = usize::from(input.byte()?);
                let short = usize::from(tag >> 2 & 0b111);
                let given = usize::from(tag & 0xe0) << 3 | low;
                if given == 0 {
                    input.repeat_length(short)?
                } else {
                    offset = given;
                    short + 4
                }
            }
            0b10 => {
                offset = input.number(2)?;
                usize::from(tag >> 2) + 1
            }
            _ => {
                offset = input.number(4)?;
                usize::from(tag >> 2) + 1
            }
        };
        copy(out, start, end, offset, count)?;
    }
    if input.0.is_empty() { Ok(()) } else { Err(S2Error::Corrupt) }
}

/// Appends `count` bytes that stand `offset` bytes back; they may overlap with what is appended.
fn copy(out: &mut Vec<u8>, start: usize, end: usize, offset: usize, count: usize) -> Result<(), S2Error> {
    if offset == 0 || offset > out.len() - start || count > end - out.len() {
        return Err(S2Error::Corrupt);
    }
    let from = out.len() - offset;
    if count <= offset {
        out.extend_from_within(from..from + count);
    } else {
        for at in from..from + count {
            out.push(out[at]);
        }
    }
    Ok(())
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> Result<u8, S2Error> {
        let (first, rest) = self.0.split_first().ok_or(S2Error::Corrupt)?;
        self.0 = rest;
        Ok(*first)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], S2Error> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(S2Error::Corrupt)?;
        self.0 = rest;
        Ok(taken)
    }

    /// Reads a little-endian number.
    fn number(&mut self, bytes: usize) -> Result<usize, S2Error> {
        Ok(self.take(bytes)?.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    /// Reads the length of the data, seven bits a byte.
    fn length(&mut self) -> Result<usize, S2Error> {
        let mut length = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            length |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(length);
            }
        }
        Err(S2Error::Corrupt)
    }

    fn literal_length(&mut self, tag: u8) -> Result<usize, S2Error> {
        Ok(1 + match tag >> 2 {
            more @ 60.. => self.number(usize::from(more) - 59)?,
            short => usize::from(short),
        })
    }

    /// Reads how long a copy with the offset of the one before is: short, or a number of one to three bytes.
    fn repeat_length(&mut self, short: usize) -> Result<usize, S2Error> {
        Ok(4 + match short {
            5 => self.number(1)? + 4,
            6 => self.number(2)? + (1 << 8),
            7 => self.number(3)? + (1 << 16),
            short => short,
        })
    }
}
