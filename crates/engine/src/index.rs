//! The index of a stream, all of it in memory and all of it derived from the segments.

mod deadlines;
mod slots;
mod stream_index;
mod subject_table;

pub(crate) use slots::{Placed, SegmentIndex, Slot};
pub(crate) use stream_index::{Applied, FETCHED_TOGETHER, Hinting, LastOf, Location, StreamIndex};
pub(crate) use subject_table::{SubjectHasher, SubjectId};
