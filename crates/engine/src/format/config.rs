//! Stream configurations in bytes.

use super::fields::{Fields, Reader};
use crate::config::{Compression, Discard, LimitMarker, Storage, StreamConfig};
use bytes::Bytes;
use jetkv_types::{Headers, StreamName, SubjectFilter};
use std::time::Duration;

/// Writes a configuration: fixed fields first, then texts; an absent number is [`ABSENT`].
pub(crate) fn encode(config: &StreamConfig) -> Vec<u8> {
    let mut out = Vec::new();
    out.put_block(config.name.as_str().as_bytes());
    out.put_u8(match config.storage {
        Storage::File => 0,
        Storage::Memory => 1,
    });
    out.put_u8(match config.discard {
        Discard::Old => 0,
        Discard::New => 1,
        Discard::NewPerSubject => 2,
    });
    out.put_u8(match config.compression {
        Compression::None => 0,
        Compression::Lz4 => 1,
    });
    out.put_u64(config.messages_max.unwrap_or(ABSENT));
    out.put_u64(config.bytes_max.unwrap_or(ABSENT));
    out.put_u64(config.age_max.map_or(ABSENT, nanos));
    out.put_u64(config.messages_per_subject_max.unwrap_or(ABSENT));
    out.put_u64(config.message_bytes_max.map_or(ABSENT, u64::from));
    out.put_u64(config.first_sequence.unwrap_or(ABSENT));
    out.put_u64(config.limit_marker.as_ref().map_or(ABSENT, |marker| nanos(marker.ttl)));
    out.put_block(config.limit_marker.as_ref().map_or(&[], |marker| marker.headers.as_block()));
    out.put_u32(crate::convert::to_u32(config.subjects.len()));
    for subject in &config.subjects {
        out.put_block(subject.as_str().as_bytes());
    }
    out.put_u32(crate::convert::to_u32(config.attributes.len()));
    for (name, value) in &config.attributes {
        out.put_block(name.as_bytes());
        out.put_block(value.as_bytes());
    }
    out
}

/// Reads what [`encode`] wrote; `None` if the bytes are something else.
pub(crate) fn decode(bytes: &[u8]) -> Option<StreamConfig> {
    let mut reader = Reader::new(bytes);
    let name = StreamName::new(reader.text()?).ok()?;
    let storage = match reader.u8()? {
        0 => Storage::File,
        1 => Storage::Memory,
        _ => return None,
    };
    let discard = match reader.u8()? {
        0 => Discard::Old,
        1 => Discard::New,
        2 => Discard::NewPerSubject,
        _ => return None,
    };
    let compression = match reader.u8()? {
        0 => Compression::None,
        1 => Compression::Lz4,
        _ => return None,
    };
    let mut number = || reader.u64().map(|value| (value != ABSENT).then_some(value));
    let messages_max = number()?;
    let bytes_max = number()?;
    let age_max = number()?.map(Duration::from_nanos);
    let messages_per_subject_max = number()?;
    let message_bytes_max = number()?.map(u32::try_from).transpose().ok()?;
    let first_sequence = number()?;
    let marker_ttl = number()?.map(Duration::from_nanos);
    let marker_headers = Headers::from_block(Bytes::copy_from_slice(reader.block()?)).ok()?;
    let mut subjects = Vec::new();
    for _ in 0..reader.u32()? {
        subjects.push(SubjectFilter::new(reader.text()?).ok()?);
    }
    let mut attributes = std::collections::BTreeMap::new();
    for _ in 0..reader.u32()? {
        attributes.insert(reader.text()?.to_owned(), reader.text()?.to_owned());
    }
    reader.is_empty().then_some(StreamConfig {
        name,
        subjects,
        storage,
        messages_max,
        bytes_max,
        age_max,
        messages_per_subject_max,
        message_bytes_max,
        discard,
        compression,
        limit_marker: marker_ttl.map(|ttl| LimitMarker { ttl, headers: marker_headers }),
        first_sequence,
        attributes,
    })
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(ABSENT - 1)
}

/// Stands for "not set"; no limit is that large.
const ABSENT: u64 = u64::MAX;
