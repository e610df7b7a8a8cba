//! The catalog of a store: which streams there are. It is replaced as a whole, in two copies.

use super::envelope::{self, Opened};
use super::fields::{Fields, Reader};
use super::manifest::Read;

/// What a catalog says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Catalog {
    /// Identity of the store.
    pub(crate) store_id: u64,
    /// Counts up with every replacement; of two copies the higher one holds.
    pub(crate) generation: u64,
    pub(crate) next_stream_id: u64,
    /// Streams by id.
    pub(crate) streams: Vec<ListedStream>,
}

/// A stream in a catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedStream {
    pub(crate) id: u64,
    pub(crate) name: Box<str>,
}

impl Catalog {
    pub(crate) fn seal(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for number in [self.store_id, self.generation, self.next_stream_id] {
            body.put_u64(number);
        }
        body.put_u32(crate::convert::to_u32(self.streams.len()));
        for stream in &self.streams {
            body.put_u64(stream.id);
            body.put_block(stream.name.as_bytes());
        }
        envelope::seal(MAGIC, &body)
    }

    /// Reads a catalog.
    pub(crate) fn open(bytes: &[u8]) -> Read<Self> {
        match envelope::open(MAGIC, bytes) {
            // Bytes behind it are nothing that a replacement as a whole leaves.
            Opened::Valid { body, length } if length == bytes.len() => {
                Self::decode(body).map_or(Read::Invalid, Read::Valid)
            }
            Opened::Valid { .. } => Read::Invalid,
            Opened::Newer { version } => Read::Newer { version },
            Opened::Invalid => Read::Invalid,
        }
    }

    fn decode(body: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let (store_id, generation, next_stream_id) = (reader.u64()?, reader.u64()?, reader.u64()?);
        let mut streams = Vec::new();
        for _ in 0..reader.u32()? {
            streams.push(ListedStream { id: reader.u64()?, name: reader.text()?.into() });
        }
        reader.is_empty().then_some(Self { store_id, generation, next_stream_id, streams })
    }
}

const MAGIC: [u8; 8] = *b"JETKVCAT";
/// File name of the catalog, without the copy's suffix.
pub(crate) const CATALOG_FILE: &str = "catalog";
