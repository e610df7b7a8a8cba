//! Looking at a message where it was read to, for who copies it onward at once: nothing is allocated.

use super::Stream;
use super::read::check_holes;
use super::read_many::locate;
use crate::block_cache::Held;
use crate::error::EngineError;
use crate::index::{FETCHED_TOGETHER, Location, StreamIndex};
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
        let Some(place) = last_place(&index, subject)? else { return Ok(None) };
        drop(index);
        self.peek_at(&place, Some(subject), look).map(Some)
    }

    /// Does what [`Self::peek_last`] does for several subjects, in their order: they are looked up together, which costs less.
    /// `look` is told which of them it is, and what came of it.
    pub fn peek_last_each(
        &self,
        subjects: &[&[u8]],
        mut look: impl FnMut(usize, Result<Option<&Peeked<'_>>, EngineError>),
    ) {
        let mut places = Vec::with_capacity(subjects.len().min(FETCHED_TOGETHER));
        for (number, some) in subjects.chunks(FETCHED_TOGETHER).enumerate() {
            places.clear();
            match self.inner.check_readable() {
                Err(error) => places.extend(some.iter().map(|_| Err(error.clone()))),
                Ok(()) => {
                    let index = self.inner.index.read();
                    index.fetch_subjects(some.iter().copied());
                    places.extend(some.iter().map(|subject| last_place(&index, subject)));
                }
            }
            for (at, (place, subject)) in (number * FETCHED_TOGETHER..).zip(places.drain(..).zip(some)) {
                match place {
                    Ok(None) => look(at, Ok(None)),
                    Err(error) => look(at, Err(error)),
                    Ok(Some(place)) => {
                        let peeked = self.peek_at(&place, Some(subject), |peeked| look(at, Ok(Some(peeked))));
                        if let Err(error) = peeked {
                            look(at, Err(error));
                        }
                    }
                }
            }
        }
    }

    /// Gives the messages with these sequences to `look`, in their order; they are looked up
    /// together, which costs less than one by one. `look` is told which of them it is, and what [`Stream::get`] would say of it.
    ///
    /// No lock of the stream is held while `look` runs, but up to 32 blocks of the cache stay where they are.
    ///
    /// # Errors
    /// `StreamDeleted`, `Closed`; what concerns one message goes to `look`.
    pub fn peek_each(
        &self,
        sequences: impl IntoIterator<Item = Sequence>,
        mut look: impl FnMut(usize, Result<Option<&Peeked<'_>>, EngineError>),
    ) -> Result<(), EngineError> {
        let mut sequences = sequences.into_iter();
        let (mut some, mut places, mut at) = (Vec::new(), Vec::new(), 0);
        loop {
            some.clear();
            some.extend(sequences.by_ref().take(FETCHED_TOGETHER));
            if some.is_empty() {
                return Ok(());
            }
            self.inner.check_readable()?;
            {
                let index = self.inner.index.read();
                index.fetch_sequences(&some);
                places.extend(some.iter().map(|sequence| locate(&index, *sequence)));
            }
            self.peek_places(&places, |outcome| {
                look(at, outcome);
                at += 1;
            });
            places.clear();
        }
    }

    /// Shows what is at these places, at most [`FETCHED_TOGETHER`] of them; blocks that the cache has of them are held
    /// until all are shown, so that memory fetches their entries together.
    fn peek_places(
        &self,
        places: &[Result<Option<Location>, EngineError>],
        mut look: impl FnMut(Result<Option<&Peeked<'_>>, EngineError>),
    ) {
        let cache = &self.inner.shared.cache;
        let mut held: [Option<Held<'_>>; FETCHED_TOGETHER] = [const { None }; FETCHED_TOGETHER];
        for (held, place) in held.iter_mut().zip(places) {
            *held =
                place.as_ref().ok().and_then(Option::as_ref).and_then(|place| place.file.held(place, cache));
        }
        std::hint::black_box(held.iter().flatten().fold(0, |sum, held| sum ^ held.touch()));
        for (held, place) in held.into_iter().zip(places) {
            match place {
                Ok(None) => look(Ok(None)),
                Err(error) => look(Err(error.clone())),
                Ok(Some(place)) => {
                    let peeked = self.peek_held(place, None, held, |peeked| look(Ok(Some(peeked))));
                    if let Err(error) = peeked {
                        look(Err(error));
                    }
                }
            }
        }
    }

    fn peek_at<T>(
        &self,
        place: &Location,
        subject: Option<&[u8]>,
        look: impl FnOnce(&Peeked<'_>) -> T,
    ) -> Result<T, EngineError> {
        let held = place.file.held(place, &self.inner.shared.cache);
        self.peek_held(place, subject, held, look)
    }

    fn peek_held<T>(
        &self,
        place: &Location,
        subject: Option<&[u8]>,
        held: Option<Held<'_>>,
        look: impl FnOnce(&Peeked<'_>) -> T,
    ) -> Result<T, EngineError> {
        // Taken out, so that a look inside a look finds an empty one instead.
        let mut buffer = BUFFER.take();
        let peeked = place.file.peek(place, subject, (held, &self.inner.shared.cache), &mut buffer, look);
        if buffer.capacity() <= BUFFER_BYTES_MAX {
            BUFFER.set(buffer);
        }
        peeked.map_err(|error| self.inner.damage_met(place.sequence, error))
    }
}

/// Finds the last message of a subject, if it can be known which one that is.
fn last_place(index: &StreamIndex, subject: &[u8]) -> Result<Option<Location>, EngineError> {
    let (last, place) = index.locate_last(subject);
    check_holes(index, last)?;
    Ok(place)
}

thread_local! {
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A larger buffer is given back at once.
const BUFFER_BYTES_MAX: usize = 256 << 10;
