//! Blocks of segment files, kept in a bounded part of memory, so that reading what is read often needs no system call.
//!
//! The memory is divided into frames of one block each. A segment file knows for each of its blocks the frame that it was
//! last put into ([`Blocks`]), and a frame knows whose block it holds: where the two disagree, the block has given way to
//! another one. So nothing is searched for, and nobody waits: who meets a frame that is locked reads the file.
//!
//! What a frame holds lies before the committed end of its segment and never changes any more; of the last block of a
//! segment that is as much as there was, and the rest is added when it is asked for. Entries from here are verified as those
//! from a file are. Checks, repairs, compaction, recovery and backups read files.
//!
//! A block comes in after it was asked for a few times in vain, into a frame that is free or else one that was not used
//! since the hand of a clock came by: a walk through a large stream does not wash out what others use.

mod blocks;
mod memory;
#[cfg(test)]
mod tests;

pub(crate) use blocks::Blocks;

use crate::convert::{to_u64, to_usize};
use crate::env::File;
use blocks::State;
use memory::{Memory, Stock};
use parking_lot::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// The cache of a store.
pub(crate) struct BlockCache {
    /// A block has two to the power of this many bytes.
    block_bits: u32,
    frames: Box<[Frame]>,
    /// Who holds this never waits for a frame.
    clock: Mutex<Clock>,
    /// The number that a file got last; none is given twice.
    file_number: AtomicU64,
    fills: AtomicU64,
}

/// A place for one block; alone in its line of the processor's cache.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Frame {
    content: RwLock<Content>,
    /// How often it was used since the hand came by, up to [`USED_MAX`].
    used: AtomicU8,
}

/// What a frame holds.
#[derive(Debug, Default)]
pub(crate) struct Content {
    /// Number of the file; 0 for none.
    file: u64,
    block: u32,
    /// How much of the memory is the block, or what there was of it.
    length: usize,
    /// Once taken, it serves all blocks that come here.
    memory: Option<Memory>,
}

#[derive(Debug, Default)]
struct Clock {
    hand: usize,
    /// Frames that were given back.
    free: Vec<usize>,
    /// Frames from this one on were never used.
    fresh: usize,
    /// For these.
    stock: Stock,
}

/// Where an entry lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span<'a> {
    pub(crate) blocks: &'a Blocks,
    pub(crate) file: &'a dyn File,
    pub(crate) offset: u32,
    pub(crate) length: u32,
    /// Everything before this offset is committed.
    pub(crate) committed: u32,
}

/// An entry in its frame, which stays as it is meanwhile.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    content: RwLockReadGuard<'a, Content>,
    start: usize,
    end: usize,
}

impl Held<'_> {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.content.bytes()[self.start..self.end]
    }

    /// Reads a byte of each line of the processor's cache, for nothing but to have them at hand.
    pub(crate) fn touch(&self) -> u8 {
        self.bytes().iter().step_by(LINE_BYTES).fold(0, |sum, byte| sum ^ byte)
    }
}

impl fmt::Debug for BlockCache {
    /// Leaves out what the frames hold: values of users, and a lot of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockCache").field("frames", &self.frames.len()).finish_non_exhaustive()
    }
}

impl BlockCache {
    /// Returns a cache that never takes more than `bytes`, the frames included, in blocks of so many bytes, or of the next lower
    /// power of two. What files know of their blocks comes on top: four bytes for each block that was asked for, and as many for
    /// those beside it.
    pub(crate) fn new(bytes: usize, block_bytes: u32) -> Self {
        let block_bits = block_bytes.max(1).ilog2();
        let count = (bytes / ((1 << block_bits) + size_of::<Frame>())).min(FRAMES_MAX);
        Self {
            block_bits,
            frames: (0..count).map(|_| Frame::default()).collect(),
            clock: Mutex::default(),
            file_number: AtomicU64::new(0),
            fills: AtomicU64::new(0),
        }
    }

    /// Returns the bytes of memory in which there are blocks.
    pub(crate) fn held_bytes(&self) -> u64 {
        let clock = self.clock.lock();
        to_u64(clock.fresh - clock.free.len()) << self.block_bits
    }

    /// Returns how many blocks were brought in.
    pub(crate) fn fill_count(&self) -> u64 {
        self.fills.load(Ordering::Relaxed)
    }

    /// Returns an entry that lies in one block, if that is here or is worth bringing in.
    pub(crate) fn find<'a>(self: &'a Arc<Self>, span: &Span<'_>) -> Option<Held<'a>> {
        let block = span.offset >> self.block_bits;
        let start = to_usize(span.offset & (self.block_bytes() - 1));
        let end = start + to_usize(span.length);
        if end > to_usize(self.block_bytes()) || self.frames.is_empty() {
            return None;
        }
        let content = match self.look(span.blocks, block) {
            Look::Here(content) if content.length >= end => content,
            Look::Here(content) => {
                drop(content);
                self.extend(span, block)?
            }
            Look::Busy => return None,
            Look::Missing => self.miss(span, block)?,
        };
        (content.length >= end).then_some(Held { content, start, end })
    }

    /// Puts an entry that lies in two blocks in the place of what is in `buffer`, if both are here or worth bringing in; says
    /// whether it did.
    pub(crate) fn gather(self: &Arc<Self>, span: &Span<'_>, buffer: &mut Vec<u8>) -> bool {
        let first = self.block_bytes() - (span.offset & (self.block_bytes() - 1));
        if span.length <= first || span.length - first > self.block_bytes() {
            return false;
        }
        let parts = [
            Span { length: first, ..*span },
            Span { offset: span.offset + first, length: span.length - first, ..*span },
        ];
        buffer.clear();
        let copied = parts.iter().filter_map(|part| self.find(part)).map(|held| {
            buffer.extend_from_slice(held.bytes());
        });
        copied.count() == parts.len()
    }

    /// Gives up the blocks of an entry that is not as it was written, so that they are read anew.
    pub(crate) fn forget(&self, span: &Span<'_>) {
        let last = span.offset.saturating_add(span.length.saturating_sub(1)) >> self.block_bits;
        for block in span.offset >> self.block_bits..=last {
            let State::In(index) = span.blocks.state(block) else { continue };
            // Whoever looks at it now, perhaps this very thread, keeps it.
            let Some(content) = self.frames.get(index).and_then(|frame| frame.content.try_write()) else {
                continue;
            };
            if content.is(span.blocks.number(), block) {
                self.free(index, content);
            }
        }
    }

    /// Frees what a file that is gone has here; nobody can ask for its blocks any more.
    fn give_back(&self, number: u64, block: u32, index: usize) {
        let Some(frame) = self.frames.get(index) else { return };
        // A frame that is locked for writing is about to be another file's. One that is another file's already may be looked at
        // for long, by this very thread perhaps, so it is not waited for; one that is still this file's is looked at for a moment
        // at most, by who remembers that it was another's.
        while frame.content.try_read().is_some_and(|content| content.is(number, block)) {
            let Some(content) = frame.content.try_write() else {
                std::thread::yield_now();
                continue;
            };
            if content.is(number, block) {
                self.free(index, content);
            }
            return;
        }
    }

    fn free(&self, index: usize, mut content: RwLockWriteGuard<'_, Content>) {
        (content.file, content.length) = (0, 0);
        // The frame stays locked until the clock knows, so that the hand does not give it away meanwhile.
        self.clock.lock().free.push(index);
        drop(content);
    }

    fn block_bytes(&self) -> u32 {
        1 << self.block_bits
    }

    fn look<'a>(&'a self, blocks: &Blocks, block: u32) -> Look<'a> {
        let State::In(index) = blocks.state(block) else { return Look::Missing };
        let Some(frame) = self.frames.get(index) else { return Look::Missing };
        let Some(content) = frame.content.try_read() else { return Look::Busy };
        if !content.is(blocks.number(), block) {
            // The block cannot come back into this frame as long as it is locked, so this takes away nothing newer.
            blocks.change(block, State::In(index), State::Missed(0));
            return Look::Missing;
        }
        let used = frame.used.load(Ordering::Relaxed);
        if used < USED_MAX {
            frame.used.store(used + 1, Ordering::Relaxed);
        }
        Look::Here(content)
    }

    /// Counts that a block was asked for in vain, and brings it in if that pays.
    fn miss<'a>(self: &'a Arc<Self>, span: &Span<'_>, block: u32) -> Option<RwLockReadGuard<'a, Content>> {
        let blocks = span.blocks;
        let number = blocks.join(self);
        blocks.make_room(block);
        let State::Missed(before) = blocks.state(block) else { return None };
        // One at a time brings it in.
        if !blocks.change(block, State::Missed(before), State::Coming) {
            return None;
        }
        let (index, mut content) = match self.frame_for(before.saturating_add(1)) {
            Ok(found) => found,
            Err(misses) => {
                blocks.change(block, State::Coming, State::Missed(misses));
                return None;
            }
        };
        (content.file, content.length) = (0, 0);
        if let Err(_unread) = content.read(span, self.start_of(block), self.block_bytes()) {
            self.free(index, content);
            blocks.change(block, State::Coming, State::Missed(0));
            // Who asked reads the file, and tells what is wrong with it.
            return None;
        }
        (content.file, content.block) = (number, block);
        self.frames[index].used.store(1, Ordering::Relaxed);
        self.fills.fetch_add(1, Ordering::Relaxed);
        blocks.change(block, State::Coming, State::In(index));
        Some(RwLockWriteGuard::downgrade(content))
    }

    /// Adds to a block what was committed since it came in.
    fn extend<'a>(&'a self, span: &Span<'_>, block: u32) -> Option<RwLockReadGuard<'a, Content>> {
        let State::In(index) = span.blocks.state(block) else { return None };
        let mut content = self.frames.get(index)?.content.try_write()?;
        if !content.is(span.blocks.number(), block) {
            return None;
        }
        content.read(span, self.start_of(block), self.block_bytes()).ok()?;
        Some(RwLockWriteGuard::downgrade(content))
    }

    fn start_of(&self, block: u32) -> u32 {
        block << self.block_bits
    }

    /// Finds a frame for a block that was asked for so often in vain; else returns how often that should count from now on.
    fn frame_for(&self, misses: u32) -> Result<(usize, RwLockWriteGuard<'_, Content>), u32> {
        if misses < MISSES_OF_FREE {
            return Err(misses);
        }
        let Some(mut clock) = self.clock.try_lock() else { return Err(misses) };
        let fresh = Some(clock.fresh).filter(|fresh| *fresh < self.frames.len());
        let unused = clock.free.last().copied().or(fresh);
        if unused.is_none() && misses < MISSES_OF_TAKEN {
            return Err(misses);
        }
        // If the frames that the hand meets are in use, the block is not wanted more than they are.
        let index = unused.or_else(|| self.sweep(&mut clock)).ok_or(0_u32)?;
        let mut content = self.frames[index].content.try_write().ok_or(misses)?;
        if content.memory.is_none() {
            let wanted = self.frames.len() - clock.fresh;
            content.memory = clock.stock.take(wanted, to_usize(self.block_bytes()));
        }
        if content.memory.is_none() {
            return Err(misses);
        }
        if unused.is_some() && clock.free.pop().is_none() {
            clock.fresh += 1;
        }
        Ok((index, content))
    }

    /// Moves the hand on a little; returns a frame that was not used since it came by.
    fn sweep(&self, clock: &mut Clock) -> Option<usize> {
        (0..SWEPT).find_map(|_| {
            let index = clock.hand;
            clock.hand = (index + 1) % self.frames.len();
            let used = &self.frames[index].used;
            let before = used.load(Ordering::Relaxed);
            if before == 0 {
                return Some(index);
            }
            used.store(before - 1, Ordering::Relaxed);
            None
        })
    }
}

impl Content {
    fn is(&self, file: u64, block: u32) -> bool {
        self.file == file && self.block == block && file != 0
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        self.memory.as_ref().map_or(&[], |memory| &memory.bytes()[..self.length])
    }

    /// Reads what is missing of a block that starts at `start`, as far as it is committed; keeps what there is.
    fn read(&mut self, span: &Span<'_>, start: u32, block_bytes: u32) -> Result<(), std::io::Error> {
        let Some(memory) = &mut self.memory else { return Ok(()) };
        let length = to_usize(span.committed.saturating_sub(start).min(block_bytes));
        if let Some(missing) = memory.bytes_mut().get_mut(self.length..length) {
            let read = span.file.read_at(missing, u64::from(start) + to_u64(self.length))?;
            self.length += read;
        }
        Ok(())
    }
}

/// What a look for a block met.
#[derive(Debug)]
enum Look<'a> {
    Here(RwLockReadGuard<'a, Content>),
    /// Somebody is changing the frame.
    Busy,
    Missing,
}

/// A block comes into a frame that is free when it was asked for so often.
const MISSES_OF_FREE: u32 = 2;
/// A block takes the frame of another when it was asked for so often: reading a block costs as much as some entries.
const MISSES_OF_TAKEN: u32 = 8;
/// So many frames are looked at for a block.
const SWEPT: usize = 2;
const USED_MAX: u8 = 3;
/// A frame does not share its line.
const _: () = assert!(size_of::<Frame>() == LINE_BYTES);
/// 32 GiB in blocks of 32 KiB; the frames alone take 64 MiB then.
const FRAMES_MAX: usize = 1 << 20;
const LINE_BYTES: usize = 64;
