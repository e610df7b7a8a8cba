//! Memory for blocks, taken from the operating system beside each other, so that it can be in large pages.
//!
//! A random read in some hundred megabytes waits for two things: for the memory, and for the tables that say where in the
//! machine it is. With pages of 2 MiB, where the system gives them to who asks, those tables stay in the processor.

use memmap2::MmapMut;
use std::collections::VecDeque;

/// The memory of one block.
#[derive(Debug)]
pub(super) enum Memory {
    Mapped(MmapMut),
    /// Of small blocks, of which each would take a page, and where pages may be larger than blocks.
    Allocated(Box<[u8]>),
}

/// Memory that was taken and not used yet.
#[derive(Debug, Default)]
pub(super) struct Stock(VecDeque<Memory>);

impl Memory {
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Allocated(bytes) => bytes,
        }
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Allocated(bytes) => bytes,
        }
    }
}

impl Stock {
    /// Takes the memory of one block, or nothing if the system has none; takes more from the system if there is none, for at most
    /// `wanted` blocks of so many bytes.
    pub(super) fn take(&mut self, wanted: usize, block_bytes: usize) -> Option<Memory> {
        if self.0.is_empty() {
            // Neighbours become one stretch of memory, and what is taken first lies last. Whatever cannot be had is not there.
            self.0.extend((0..wanted.min(TAKEN_TOGETHER)).map_while(|_| map(block_bytes)));
        }
        self.0.pop_front()
    }
}

fn map(bytes: usize) -> Option<Memory> {
    if bytes < MAPPED_BYTES_MIN || !HAS_SMALL_PAGES {
        return Some(Memory::Allocated(vec![0; bytes].into()));
    }
    let memory = MmapMut::map_anon(bytes).ok()?;
    // A system without large pages has small ones.
    #[cfg(target_os = "linux")]
    let _ = memory.advise(memmap2::Advice::HugePage);
    Some(Memory::Mapped(memory))
}

/// Pages of 4 KiB, so that a map takes no more than it has; elsewhere they may have 64 KiB.
const HAS_SMALL_PAGES: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));
/// Some pages.
const MAPPED_BYTES_MIN: usize = 16 << 10;
/// 16 MiB of blocks of 32 KiB, in less than a millisecond: the more, the fewer pages at the ends are small ones.
const TAKEN_TOGETHER: usize = 512;
