//! A segment that goes into the index as its hints describe it.

use super::ahead::{Control, Hinted, Hints};
use super::apply_entry;
use crate::format::entry::Head;
use crate::index::{FETCHED_TOGETHER, Hinting, SegmentIndex, StreamIndex};
use std::ops::Range;

/// Puts a segment, whose slots are those of the hints, into the index. What the index will need is fetched ahead.
pub(super) fn apply(index: &mut StreamIndex, segment: SegmentIndex, hints: &Hints) {
    index.segments.push(segment);
    let mut done = 0;
    for control in &hints.controls {
        apply_messages(index, hints, done..control.behind);
        done = control.behind;
        apply_control(index, hints, control);
    }
    apply_messages(index, hints, done..hints.messages.len());
}

fn apply_messages(index: &mut StreamIndex, hints: &Hints, range: Range<usize>) {
    let mut slot = range.start;
    for group in hints.messages.get(range).unwrap_or_default().chunks(FETCHED_TOGETHER) {
        let mut hashes = [0; FETCHED_TOGETHER];
        for (hash, message) in hashes.iter_mut().zip(group) {
            *hash = message.hash;
        }
        index.fetch(&hashes[..group.len()]);
        for message in group {
            let Hinted { hash, floor, deadline, .. } = *message;
            let subject = hints.subject(message);
            index.apply_hinted(slot, &Hinting { subject, hash, floor, deadline });
            slot += 1;
        }
    }
}

fn apply_control(index: &mut StreamIndex, hints: &Hints, control: &Control) {
    let (subject, data) = hints.content(control);
    let head = Head {
        kind: control.kind,
        flags: 0,
        sequence: control.sequence,
        durable_upto: 0,
        time: 0,
        deadline: control.deadline,
        floor: control.floor,
        subject,
        header_length: 0,
        data_length: 0,
    };
    apply_entry(index, &head, subject, control.place, data);
}
