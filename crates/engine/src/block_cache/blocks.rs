//! What a segment file knows of its blocks: four bytes for each, in pieces that are made when they are needed.

use super::BlockCache;
use crate::convert::{to_u32, to_usize};
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

/// Where the blocks of one file are; dropping it gives them back.
#[derive(Default)]
pub(crate) struct Blocks {
    /// The cache that has blocks of it, and the number of the file there.
    home: OnceLock<(Arc<BlockCache>, u64)>,
    /// Each is as long as all before it together, and [`FIRST`] more.
    pieces: [OnceLock<Box<[AtomicU32]>>; PIECES],
}

/// Where a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Not here; it was asked for so often.
    Missed(u32),
    /// Somebody is bringing it in.
    Coming,
    /// In the frame with this index, unless that has been given to another one.
    In(usize),
}

impl fmt::Debug for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocks").field("number", &self.number()).finish_non_exhaustive()
    }
}

impl Blocks {
    /// Returns the number of the file, 0 if it has none yet.
    pub(super) fn number(&self) -> u64 {
        self.home.get().map_or(0, |home| home.1)
    }

    /// Makes sure that the file has a number in the cache, and returns it.
    pub(super) fn join(&self, cache: &Arc<BlockCache>) -> u64 {
        let number = || cache.file_number.fetch_add(1, Ordering::Relaxed) + 1;
        self.home.get_or_init(|| (Arc::clone(cache), number())).1
    }

    pub(super) fn state(&self, block: u32) -> State {
        self.place(block).map_or(State::Missed(0), |place| State::of(place.load(Ordering::Acquire)))
    }

    /// Makes sure that the state of this block can be changed.
    pub(super) fn make_room(&self, block: u32) {
        let (piece, _) = piece_of(block);
        if let Some(piece) = self.pieces.get(piece) {
            piece.get_or_init(|| (0..FIRST << piece_of(block).0).map(|_| AtomicU32::new(0)).collect());
        }
    }

    /// Changes the state of a block, if it still is what it was; says whether it was.
    pub(super) fn change(&self, block: u32, from: State, to: State) -> bool {
        self.place(block).is_some_and(|place| {
            place.compare_exchange(from.code(), to.code(), Ordering::AcqRel, Ordering::Relaxed).is_ok()
        })
    }

    fn place(&self, block: u32) -> Option<&AtomicU32> {
        let (piece, index) = piece_of(block);
        self.pieces.get(piece)?.get()?.get(to_usize(index))
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        let Some((cache, number)) = self.home.take() else { return };
        for (piece, places) in self.pieces.iter().enumerate() {
            let places = places.get().into_iter().flatten();
            for (block, place) in (start_of(piece)..).zip(places) {
                if let State::In(index) = State::of(place.load(Ordering::Acquire)) {
                    cache.give_back(number, block, index);
                }
            }
        }
    }
}

impl State {
    fn of(code: u32) -> Self {
        match code {
            0..COMING => Self::Missed(code),
            COMING => Self::Coming,
            _ => Self::In(to_usize(code - COMING - 1)),
        }
    }

    fn code(self) -> u32 {
        match self {
            Self::Missed(count) => count.min(COMING - 1),
            Self::Coming => COMING,
            Self::In(index) => to_u32(index) + COMING + 1,
        }
    }
}

/// Returns the piece in which a block is, and its place there.
fn piece_of(block: u32) -> (usize, u32) {
    let piece = to_usize((block / FIRST + 1).ilog2());
    (piece, block - start_of(piece))
}

/// Returns the first block of a piece.
fn start_of(piece: usize) -> u32 {
    FIRST * ((1 << piece) - 1)
}

const FIRST: u32 = 64;
const PIECES: usize = 20;
/// Codes below count, codes above are frames.
const COMING: u32 = 256;
