//! Reading a segment from its first byte, when hints do not tell all: decides by evidence what is a torn tail and what is
//! damage, and names what is damaged.

use super::size;
use crate::config::Storage;
use crate::convert::{to_u32, to_u64, to_usize};
use crate::damage::{Damage, DamageKind};
use crate::format::entry::{self, Entry, FIXED_BYTES, Head, Kind, Unreadable};
use crate::format::hint::HintRef;
use crate::planted::{self, Bug};
use crate::segment_file::SegmentFile;
use jetkv_types::Sequence;

/// An entry as far as it is known.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) kind: Kind,
    pub(crate) flags: u8,
    pub(crate) sequence: Sequence,
    pub(crate) offset: u32,
    pub(crate) length: u32,
    /// Size as limits count it.
    pub(crate) size: u32,
    pub(crate) head_checksum: u32,
    pub(crate) time: u64,
    pub(crate) deadline: Option<u64>,
    pub(crate) floor: Sequence,
    /// As stored.
    pub(crate) subject: Vec<u8>,
    /// Only for controls.
    pub(crate) data: Vec<u8>,
}

/// What is known before reading.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    /// From hints, in order; may end early.
    pub(crate) hints: &'a [Found],
    /// Everything before this offset was on stable storage at some time.
    pub(crate) durable_upto: u32,
    /// Where the stream lives, which says how limits count.
    pub(crate) storage: Storage,
    /// Where the entries end, and the sequence behind them, if that is certain.
    pub(crate) sealed: Option<(u32, Sequence)>,
}

/// What a segment holds.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub(crate) entries: Vec<Found>,
    /// How many entries were read and found intact.
    pub(crate) intact_count: usize,
    /// Offset behind the last entry.
    pub(crate) end: u32,
    pub(crate) next_sequence: Sequence,
    pub(crate) digest: u32,
    /// Everything damaged, stretches with unknown messages included.
    pub(crate) damages: Vec<Damage>,
    /// Bytes behind the end that were written and never became part of a commit.
    pub(crate) torn_bytes: u64,
}

/// Reads all of `bytes`, the content of `file`.
pub(crate) fn scan(file: &SegmentFile, bytes: &[u8], known: &Known<'_>) -> Scan {
    let info = &file.info;
    // What was durable was there, even if the file ends before it now.
    let limit = known.sealed.map_or_else(|| to_u32(bytes.len()).max(known.durable_upto), |(end, _)| end);
    let mut reader = SegmentReader {
        file,
        bytes: &bytes[..bytes.len().min(to_usize(limit))],
        known,
        limit,
        durable_upto: known.durable_upto.max(known.sealed.map_or(0, |(end, _)| end)),
        batch: None,
        out: Scan { end: info.data_start, next_sequence: info.base, ..Scan::default() },
    };
    while reader.out.end < limit && reader.step() {}
    reader.finish(bytes)
}

struct SegmentReader<'a> {
    file: &'a SegmentFile,
    bytes: &'a [u8],
    known: &'a Known<'a>,
    limit: u32,
    durable_upto: u32,
    /// Where the batch that is not complete yet began: offset, entries, sequence, digest.
    batch: Option<(u32, usize, Sequence, u32)>,
    out: Scan,
}

impl SegmentReader<'_> {
    /// Reads one entry or steps over one damage; says whether there may be more.
    fn step(&mut self) -> bool {
        let at = self.out.end;
        let rest = self.rest(at);
        let unreadable = match entry::decode(rest, self.file.place(at), self.file.info.base) {
            Ok(entry) if entry.head.sequence >= self.out.next_sequence => {
                let found = Found::of(&entry, rest, at, (&self.file.info.prefix, self.known.storage));
                self.durable_upto = self.durable_upto.max(entry.head.durable_upto);
                self.out.intact_count += 1;
                self.push(found);
                return true;
            }
            Ok(_) => Unreadable::Head,
            Err(unreadable) => unreadable,
        };
        if at >= self.durable_upto {
            self.durable_upto = self.durable_upto.max(self.later_evidence(at));
        }
        if at >= self.durable_upto && !self.is_flipped(at, unreadable) {
            return false;
        }
        self.step_over(at, unreadable);
        true
    }

    fn rest(&self, at: u32) -> &[u8] {
        self.bytes.get(to_usize(at)..).unwrap_or_default()
    }

    fn push(&mut self, found: Found) {
        if found.flags & entry::BATCH_CONTINUES == 0 {
            self.batch = None;
        } else if self.batch.is_none() {
            self.batch =
                Some((self.out.end, self.out.entries.len(), self.out.next_sequence, self.out.digest));
        }
        self.out.end = found.offset + found.length;
        self.out.digest = crc32c::crc32c_append(self.out.digest, &found.head_checksum.to_le_bytes());
        self.out.next_sequence = found.sequence + u64::from(found.kind.is_message());
        self.out.entries.push(found);
    }

    /// Looks for entries behind `at` that testify that `at` was durable.
    fn later_evidence(&self, at: u32) -> u32 {
        self.entries_behind(at).map(|(_, entry)| entry.head.durable_upto).max().unwrap_or(0)
    }

    /// Returns every intact entry behind `at`, wherever it stands.
    fn entries_behind(&self, at: u32) -> impl Iterator<Item = (u32, Entry<'_>)> + '_ {
        let written = self.bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        (to_usize(at) + 1..written.saturating_sub(FIXED_BYTES - 1)).filter_map(move |offset| {
            let rest = self.bytes.get(offset..)?;
            // Most places are ruled out by the byte that would hold the kind.
            Kind::from_byte(rest[14])?;
            let offset = to_u32(offset);
            let entry = entry::decode(rest, self.file.place(offset), self.file.info.base).ok()?;
            (entry.head.sequence >= self.out.next_sequence).then_some((offset, entry))
        })
    }

    /// Says whether one flipped bit explains the place. Nothing says that it was durable, but an incomplete write looks
    /// different.
    fn is_flipped(&self, at: u32, unreadable: Unreadable) -> bool {
        let (rest, place) = (self.rest(at), self.file.place(at));
        let flipped = match unreadable {
            Unreadable::Blank => None,
            Unreadable::Data { length } => rest
                .get(..to_usize(length))
                .and_then(|whole| Some((entry::flipped_byte(whole, place)?, whole))),
            Unreadable::Head => entry::mend_head(rest, place, self.file.info.base).and_then(|mended| {
                let whole = &rest[..mended.len().min(rest.len())];
                Some((whole.iter().zip(&mended).position(|(found, mended)| found != mended)?, whole))
            }),
        };
        flipped.is_some_and(|(byte, whole)| {
            // A write that lost the end of a sector leaves zeros there, and those differ by one bit if only one was set.
            let sector_end = (to_usize(at) + byte + 1).next_multiple_of(SECTOR_BYTES) - to_usize(at);
            whole[byte..sector_end.min(whole.len())].iter().any(|&byte| byte != 0)
        })
    }

    /// Steps over bytes that were an entry, naming it as exactly as possible.
    fn step_over(&mut self, at: u32, unreadable: Unreadable) {
        let found = self.hinted(at).or_else(|| self.described(at, unreadable));
        let Some(found) = found else { return self.step_over_unknown(at) };
        let subject = self.file.subject_of(found.flags, &found.subject);
        let is_message = found.kind.is_message();
        self.out.damages.push(Damage {
            path: self.file.path.clone(),
            offset: u64::from(at),
            length: u64::from(found.length),
            sequences: Some((found.sequence, found.sequence)).filter(|_| is_message),
            subject: subject.filter(|_| is_message),
            kind: if is_message { DamageKind::Record } else { DamageKind::Metadata },
        });
        self.push(found);
    }

    fn hinted(&self, at: u32) -> Option<Found> {
        let place = self.known.hints.binary_search_by_key(&at, |hint| hint.offset).ok()?;
        self.known.hints.get(place).cloned()
    }

    /// Takes the description from the entry's own head, mended if need be.
    fn described(&self, at: u32, unreadable: Unreadable) -> Option<Found> {
        let (rest, place, base) = (self.rest(at), self.file.place(at), self.file.info.base);
        let counted = (&*self.file.info.prefix, self.known.storage);
        let found = match unreadable {
            Unreadable::Data { .. } => {
                let head = entry::decode_head(rest, place, base).ok()?;
                // The data of a control is what it does; without it, it is as if everything were unknown.
                head.kind.is_message().then(|| Found::of_head(&head, &[], rest, at, counted))?
            }
            Unreadable::Head => {
                let mended = entry::mend_head(rest, place, base)?;
                let entry = entry::decode(&mended, place, base).ok()?;
                Found::of(&entry, &mended, at, counted)
            }
            Unreadable::Blank => return None,
        };
        let end = found.offset.checked_add(found.length);
        let fits = found.sequence >= self.out.next_sequence && end.is_some_and(|end| end <= self.limit);
        fits.then_some(found)
    }

    /// Steps over bytes of which nothing is known, to the next intact entry.
    fn step_over_unknown(&mut self, at: u32) {
        let next = self.out.next_sequence;
        let behind = self.entries_behind(at).next().map(|(offset, entry)| (offset, entry.head.sequence));
        let (end, sequence) = match (behind, self.known.sealed) {
            (Some(behind), _) => behind,
            (None, Some((end, sequence))) => (end, sequence),
            // No more can have been lost than entries fit into the space; their sequences are never used again.
            (None, None) => {
                let end = self.durable_upto.max(at + 1).min(self.limit);
                (end, next + u64::from(end - at) / to_u64(FIXED_BYTES) + 1)
            }
        };
        self.out.damages.push(Damage {
            path: self.file.path.clone(),
            offset: u64::from(at),
            length: u64::from(end - at),
            // A lost control may have said that older messages are dead, so at least one sequence is in doubt.
            sequences: Some((next, sequence.max(next + 1) - 1)),
            subject: None,
            kind: DamageKind::Hole,
        });
        self.batch = None;
        self.out.end = end;
        self.out.next_sequence = sequence;
    }

    fn finish(mut self, bytes: &[u8]) -> Scan {
        if planted::is(Bug::CutInTheMiddle)
            && let Some(last) = self.out.entries.pop_if(|_| self.known.sealed.is_none())
        {
            (self.out.end, self.out.next_sequence) = (last.offset, last.sequence);
        }
        let half = self.batch.filter(|batch| batch.0 >= self.durable_upto);
        if let Some((offset, count, next, digest)) = half.filter(|_| !planted::is(Bug::KeepHalfBatch)) {
            // A batch is all there or not there.
            self.out.entries.truncate(count);
            self.out.end = offset;
            self.out.next_sequence = next;
            self.out.digest = digest;
        }
        let written = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        self.out.torn_bytes = to_u64(written).saturating_sub(u64::from(self.out.end));
        self.out
    }
}

impl Found {
    fn of(entry: &Entry<'_>, bytes: &[u8], offset: u32, (prefix, storage): (&str, Storage)) -> Self {
        Self::of_head(&entry.head, entry.data, bytes, offset, (prefix, storage))
    }

    fn of_head(
        head: &Head<'_>,
        data: &[u8],
        bytes: &[u8],
        offset: u32,
        (prefix, storage): (&str, Storage),
    ) -> Self {
        let is_message = head.kind.is_message();
        Self {
            kind: head.kind,
            flags: head.flags,
            sequence: head.sequence,
            offset,
            length: to_u32(head.entry_length()),
            size: if is_message { counted_size(head, data, prefix, storage) } else { 0 },
            head_checksum: u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
            time: head.time,
            deadline: head.deadline,
            floor: head.floor,
            subject: head.subject.to_vec(),
            data: if is_message { Vec::new() } else { data.to_vec() },
        }
    }

    pub(crate) fn of_hint(hint: &HintRef<'_>) -> Self {
        Self {
            kind: hint.kind,
            flags: hint.flags,
            sequence: hint.sequence,
            offset: hint.offset,
            length: hint.length,
            size: hint.size,
            head_checksum: hint.head_checksum,
            time: 0,
            deadline: hint.deadline,
            floor: hint.floor,
            subject: hint.subject.to_vec(),
            data: hint.data.to_vec(),
        }
    }

    /// Returns the head that the entry had, as far as it is known.
    pub(crate) fn as_head(&self) -> Head<'_> {
        Head {
            kind: self.kind,
            flags: self.flags,
            sequence: self.sequence,
            durable_upto: 0,
            time: self.time,
            deadline: self.deadline,
            floor: self.floor,
            subject: &self.subject,
            header_length: 0,
            data_length: to_u32(self.data.len()),
        }
    }

    pub(crate) fn as_hint(&self) -> HintRef<'_> {
        HintRef {
            kind: self.kind,
            flags: self.flags,
            sequence: self.sequence,
            offset: self.offset,
            length: self.length,
            size: self.size,
            head_checksum: self.head_checksum,
            deadline: self.deadline,
            floor: self.floor,
            subject: &self.subject,
            data: &self.data,
        }
    }
}

/// Size of a stored message as limits count it; see `append`.
fn counted_size(head: &Head<'_>, data: &[u8], prefix: &str, storage: Storage) -> u32 {
    let stored_payload = head.data_length - head.header_length;
    let payload = if head.flags & entry::COMPRESSED == 0 {
        stored_payload
    } else {
        let length = data.get(to_usize(head.header_length)..).and_then(|payload| payload.first_chunk());
        length.map_or(stored_payload, |length| u32::from_le_bytes(*length))
    };
    let prefix = if head.flags & entry::WHOLE_SUBJECT == 0 { prefix.len() } else { 0 };
    size::counted_size(storage, to_u32(prefix + head.subject.len()), head.header_length, payload)
}

/// Disks write at least so much at once; a torn write may end anywhere in it.
const SECTOR_BYTES: usize = 512;
