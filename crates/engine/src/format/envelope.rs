//! The frame around every structure that is written once as a whole: headers of files, manifests, catalogs.
//!
//! `magic (8) | version u16 | reserved u16 | body length u32 | body | CRC-32C u32 over all before it`

use super::FORMAT_VERSION;
use super::fields::{Fields, Reader};

/// What opening an envelope found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Opened<'a> {
    /// The body, and the length of the whole envelope.
    Valid { body: &'a [u8], length: usize },
    /// Written by a newer version of the format.
    Newer { version: u16 },
    /// No envelope of this kind, or a damaged one.
    Invalid,
}

/// Seals `body` under `magic`.
pub(crate) fn seal(magic: [u8; 8], body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len() + OVERHEAD);
    bytes.extend_from_slice(&magic);
    bytes.put_u16(FORMAT_VERSION);
    bytes.put_u16(0);
    bytes.put_block(body);
    let checksum = crc32c::crc32c(&bytes);
    bytes.put_u32(checksum);
    bytes
}

/// Opens the envelope at the start of `bytes`.
pub(crate) fn open(magic: [u8; 8], bytes: &[u8]) -> Opened<'_> {
    let parse = || {
        let mut reader = Reader::new(bytes);
        let found = reader.take(8)?;
        let version = reader.u16()?;
        let reserved = reader.u16()?;
        let body = reader.block()?;
        let length = bytes.len() - reader.remaining();
        let checksum = reader.u32()?;
        let intact = found == magic && reserved == 0 && checksum == crc32c::crc32c(&bytes[..length]);
        intact.then_some((version, body, length + 4))
    };
    match parse() {
        Some((version, body, length)) if version == FORMAT_VERSION => Opened::Valid { body, length },
        // A version of 0 never existed; an intact envelope with it was not written by us.
        Some((version, ..)) if version > FORMAT_VERSION => Opened::Newer { version },
        _ => Opened::Invalid,
    }
}

/// Where the body stands.
pub(crate) const BODY_OFFSET: usize = 16;

/// Bytes of an envelope besides its body.
pub(crate) const OVERHEAD: usize = 20;
