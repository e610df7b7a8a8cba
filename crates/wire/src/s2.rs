//! The compression of snapshots: S2 streams, framed like Snappy (PROTOCOL 2.7).
//!
//! What is written is plain Snappy inside S2 frames, which every S2 reader understands. What is read may use what S2 adds
//! to Snappy: repeated offsets and blocks of up to 4 MiB.

mod block;

use bytes::{Buf, BytesMut};

/// Why bytes are no S2 stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum S2Error {
    /// The stream does not begin as one.
    #[error("not an S2 stream")]
    NoStream,
    /// A block is not what its checksum or its length says.
    #[error("corrupt S2 block")]
    Corrupt,
    /// A block is larger than S2 allows.
    #[error("S2 block is too large")]
    TooLarge,
    /// A chunk that must be understood is not known.
    #[error("unknown S2 chunk {0:#04x}")]
    UnknownChunk(u8),
    /// The stream ends within a chunk.
    #[error("S2 stream is cut off")]
    CutOff,
}

/// Writes an S2 stream piece by piece.
#[derive(Debug, Default)]
pub struct Writer {
    begun: bool,
    waiting: Vec<u8>,
}

impl Writer {
    /// Takes data, and appends what is complete to `out`.
    pub fn write(&mut self, data: &[u8], out: &mut Vec<u8>) {
        self.waiting.extend_from_slice(data);
        let whole = self.waiting.len() / BLOCK_BYTES * BLOCK_BYTES;
        if whole > 0 {
            self.begin(out);
            for block in self.waiting[..whole].chunks(BLOCK_BYTES) {
                write_block(block, out);
            }
            self.waiting.drain(..whole);
        }
    }

    /// Appends what is left.
    pub fn finish(mut self, out: &mut Vec<u8>) {
        self.begin(out);
        if !self.waiting.is_empty() {
            write_block(&self.waiting, out);
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.begun, true) {
            out.extend_from_slice(STREAM_IDENTIFIER);
        }
    }
}

fn write_block(block: &[u8], out: &mut Vec<u8>) {
    let compressed = snap::raw::Encoder::new().compress_vec(block).unwrap_or_default();
    let (kind, body) = if compressed.is_empty() || compressed.len() >= block.len() {
        (UNCOMPRESSED, block)
    } else {
        (COMPRESSED, &compressed[..])
    };
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX).to_le_bytes();
    out.push(kind);
    out.extend_from_slice(&length[..3]);
    out.extend_from_slice(&masked_checksum(block).to_le_bytes());
    out.extend_from_slice(body);
}

/// Reads an S2 stream piece by piece, holding what was pushed and not read yet.
#[derive(Debug, Default)]
pub struct Reader {
    begun: bool,
    input: BytesMut,
}

impl Reader {
    /// Takes bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// Appends the data of the next chunk to `out`, 4 MiB at most; says whether there was a whole chunk.
    ///
    /// A few bytes can stand for many, so what is read should be used up before the next chunk is.
    ///
    /// # Errors
    /// [`S2Error`]; the stream cannot be read on.
    pub fn next_chunk(&mut self, out: &mut Vec<u8>) -> Result<bool, S2Error> {
        let [kind, a, b, c, ..] = self.input[..] else { return Ok(false) };
        let length = usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16;
        if length > CHUNK_BYTES_MAX {
            return Err(S2Error::TooLarge);
        }
        if !self.begun && kind != IDENTIFIER {
            return Err(S2Error::NoStream);
        }
        if self.input.len() < 4 + length {
            return Ok(false);
        }
        let body = &self.input[4..4 + length];
        match kind {
            IDENTIFIER if body == b"S2sTwO" || body == b"sNaPpY" => self.begun = true,
            IDENTIFIER => return Err(S2Error::NoStream),
            COMPRESSED | UNCOMPRESSED => read_block(kind, body, out)?,
            SKIPPABLE.. => {}
            kind => return Err(S2Error::UnknownChunk(kind)),
        }
        self.input.advance(4 + length);
        Ok(true)
    }

    /// Says that nothing more comes.
    ///
    /// # Errors
    /// [`S2Error::CutOff`] if the stream ends within a chunk or never began.
    pub fn finish(self) -> Result<(), S2Error> {
        if self.begun && self.input.is_empty() { Ok(()) } else { Err(S2Error::CutOff) }
    }
}

fn read_block(kind: u8, body: &[u8], out: &mut Vec<u8>) -> Result<(), S2Error> {
    let (checksum, body) = body.split_first_chunk::<4>().ok_or(S2Error::Corrupt)?;
    let start = out.len();
    if kind == UNCOMPRESSED {
        if body.len() > BLOCK_BYTES_MAX {
            return Err(S2Error::TooLarge);
        }
        out.extend_from_slice(body);
    } else {
        block::decode(body, BLOCK_BYTES_MAX, out)?;
    }
    if masked_checksum(&out[start..]) == u32::from_le_bytes(*checksum) {
        Ok(())
    } else {
        Err(S2Error::Corrupt)
    }
}

/// Snappy's way of storing a CRC-32C.
fn masked_checksum(data: &[u8]) -> u32 {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

const COMPRESSED: u8 = 0x00;
const UNCOMPRESSED: u8 = 0x01;
/// From here on chunks may be passed over, padding and indexes among them.
const SKIPPABLE: u8 = 0x80;
const IDENTIFIER: u8 = 0xff;
const STREAM_IDENTIFIER: &[u8] = b"\xff\x06\x00\x00S2sTwO";
const BLOCK_BYTES: usize = 64 << 10;
const BLOCK_BYTES_MAX: usize = 4 << 20;
/// A block that cannot be compressed grows a little.
const CHUNK_BYTES_MAX: usize = BLOCK_BYTES_MAX + (1 << 20);

#[cfg(test)]
mod tests;
