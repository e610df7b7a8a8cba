//! What stands in a stream when everything queued is committed: the last message of a subject, and what a new one displaces.

use super::writer::Writer;
use crate::config::StreamConfig;
use crate::convert::to_u64;
use crate::index::{LastOf, StreamIndex, SubjectId};
use jetkv_types::{Operation, Sequence, SubjectFilter};

/// The last message of a subject, queued or committed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Last {
    pub(super) sequence: Sequence,
    pub(super) operation: Operation,
    pub(super) committed: bool,
}

pub(super) fn last_of(writer: &Writer, index: &StreamIndex, subject: &[u8]) -> Option<Last> {
    if let Some(queued) = writer.queued(subject)
        && let (Some((sequence, _)), Some(operation)) = (queued.messages.last(), queued.operation)
    {
        let last = Last { sequence: *sequence, operation, committed: false };
        return Some(last).filter(|last| last.sequence >= writer.queued_floor);
    }
    last_staying(writer, index, index.table.get(subject)?)
}

/// Returns the last committed message of a subject that nothing queued removes.
fn last_staying(writer: &Writer, index: &StreamIndex, id: SubjectId) -> Option<Last> {
    let LastOf { sequence, operation, .. } = index.last_of_id(id);
    let last = if writer.is_dropped(sequence) {
        let sequence = index.revisions(id).rev().find(|found| !writer.is_dropped(*found))?;
        Last { sequence, operation: index.operation_of(sequence)?, committed: true }
    } else {
        Last { sequence, operation, committed: true }
    };
    Some(last).filter(|last| last.sequence >= writer.queued_floor)
}

pub(super) fn last_matching(writer: &Writer, index: &StreamIndex, filter: &SubjectFilter) -> Option<Last> {
    let committed =
        index.table.matching(filter.as_str(), None).filter_map(|id| last_staying(writer, index, id));
    let queued = writer.queued_subjects().filter_map(|(subject, queued)| {
        let text = std::str::from_utf8(subject).ok()?;
        let (sequence, _) = queued.messages.last().filter(|_| filter.matches(text))?;
        Some(Last { sequence: *sequence, operation: queued.operation?, committed: false })
    });
    committed
        .chain(queued)
        .filter(|last| last.sequence >= writer.queued_floor)
        .max_by_key(|last| last.sequence)
}

/// What a new message of a subject takes the place of.
#[derive(Debug, Default)]
pub(super) struct Displaced {
    /// Oldest message of the subject that stays; the new one's own sequence if none does.
    pub(super) floor: Sequence,
    pub(super) messages: u64,
    pub(super) bytes: u64,
}

impl Displaced {
    /// By the limit of messages for a subject.
    pub(super) fn by(
        writer: &Writer,
        index: &StreamIndex,
        config: &StreamConfig,
        subject: &[u8],
        sequence: Sequence,
    ) -> Self {
        let keep = config.messages_per_subject_max.unwrap_or(u64::MAX).saturating_sub(1);
        Self::keeping(writer, index, subject, sequence, keep)
    }

    /// By a rollup.
    pub(super) fn all(writer: &Writer, index: &StreamIndex, subject: &[u8], sequence: Sequence) -> Self {
        Self::keeping(writer, index, subject, sequence, 0)
    }

    fn keeping(writer: &Writer, index: &StreamIndex, subject: &[u8], sequence: Sequence, keep: u64) -> Self {
        let queued = writer.queued(subject);
        let floor = queued.map_or(0, |queued| queued.floor).max(writer.queued_floor);
        let queued = queued.map_or(&[][..], |queued| queued.messages.as_slice());
        // What is in the index already, while the queue is about to forget it, counts once.
        let first = floor.max(index.next);
        let queued = &queued[queued.partition_point(|(found, _)| *found < first)..];
        let id = index.table.get(subject);
        if id.is_none() && queued.is_empty() {
            return Self { floor: sequence, ..Self::default() };
        }
        if let Some(id) = id
            && queued.is_empty()
            && let Some(only) = index.only_revision(id)
        {
            // The common case: one message, which goes or stays.
            return match (only >= floor && !writer.is_dropped(only), keep) {
                (false, _) => Self { floor: sequence, ..Self::default() },
                (true, 0) => Self { floor: sequence, messages: 1, bytes: u64::from(index.size_of(only)) },
                (true, _) => Self { floor: only, ..Self::default() },
            };
        }
        let committed = || {
            let found = id.into_iter().flat_map(|id| index.revisions_from(id, floor));
            found.filter(|found| !writer.is_dropped(*found))
        };
        let known =
            id.map_or(0, |id| index.count_revisions_from(id, floor) - dropped(writer, index, id, floor));
        let count = known + to_u64(queued.len());
        let goes = usize::try_from(count.saturating_sub(keep)).unwrap_or(usize::MAX);
        let own_size = |(found, size): (Sequence, Option<u32>)| size.unwrap_or_else(|| index.size_of(found));
        // Of what stays only the oldest one matters, so the cost does not follow the length of the history.
        let all = || {
            let queued = queued.iter().map(|(found, size)| (*found, Some(*size)));
            committed().map(|found| (found, None)).chain(queued)
        };
        let bytes = all().take(goes).map(|each| u64::from(own_size(each))).sum();
        let floor = all().nth(goes).map_or(sequence, |(found, _)| found);
        Self { floor, messages: to_u64(goes), bytes }
    }
}

/// Counts the live messages of a subject from `floor` on that something queued removes.
fn dropped(writer: &Writer, index: &StreamIndex, id: SubjectId, floor: Sequence) -> u64 {
    let of_subject = |found: &Sequence| *found >= floor && index.subject_of(*found) == Some(id);
    to_u64(writer.dropped().filter(of_subject).count())
}
