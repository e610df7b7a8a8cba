//! Looking at a message where it was read to, for who copies it onward at once: nothing is allocated.

use super::Stream;
use super::read::check_holes;
use crate::error::EngineError;
use jetkv_types::{Operation, Sequence, Timestamp};
use std::borrow::Cow;
use std::cell::Cell;

/// A message in a buffer that the next look uses again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peeked<'a> {
    /// Its sequence.
    pub sequence: Sequence,
    /// When it was stored.
    pub time: Timestamp,
    /// What it does to its subject.
    pub operation: Operation,
    /// The header block, or empty.
    pub headers: &'a [u8],
    /// The payload.
    pub payload: Cow<'a, [u8]>,
}

impl Stream {
    /// Gives the last message of exactly this subject, markers included, to `look`; everything that [`Stream::last`]
    /// verifies is verified first, and that the entry names this subject.
    ///
    /// # Errors
    /// As [`Stream::last`].
    pub fn peek_last<T>(
        &self,
        subject: &[u8],
        look: impl FnOnce(&Peeked<'_>) -> T,
    ) -> Result<Option<T>, EngineError> {
        self.inner.check_readable()?;
        let index = self.inner.index.read();
        let last = index.last_of(subject).map(|last| last.sequence);
        check_holes(&index, last)?;
        let Some(place) = last.and_then(|sequence| index.locate(sequence)) else { return Ok(None) };
        drop(index);
        // Taken out, so that a look inside a look finds an empty one instead.
        let mut buffer = BUFFER.take();
        let peeked = place.file.peek(&place, subject, &mut buffer).map(|peeked| look(&peeked));
        if buffer.capacity() <= BUFFER_BYTES_MAX {
            BUFFER.set(buffer);
        }
        peeked.map(Some).map_err(|error| self.inner.damage_met(place.sequence, error))
    }
}

thread_local! {
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A larger buffer is given back at once.
const BUFFER_BYTES_MAX: usize = 256 << 10;
