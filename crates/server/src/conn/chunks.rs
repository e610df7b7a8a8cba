//! Chunks that the backlog of connections is made of, shared by all, so that memory goes to whoever needs it next.

use parking_lot::Mutex;

/// Chunks that nobody needs at the moment.
///
/// All have one size: what one connection gave back fits whatever the next one needs, whichever thread asks. The allocator alone
/// would keep for each thread what buffers of ever new sizes left behind.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    free: Mutex<Free>,
}

#[derive(Debug, Default)]
struct Free {
    chunks: Vec<Vec<u8>>,
    /// The least that was free since [`Chunks::release`] looked last.
    least: usize,
}

/// Bytes of a chunk.
pub(super) const CHUNK_BYTES: usize = 64 << 10;

impl Chunks {
    /// Returns an empty chunk.
    pub(super) fn take(&self) -> Vec<u8> {
        let free = {
            let mut free = self.free.lock();
            let chunk = free.chunks.pop();
            free.least = free.least.min(free.chunks.len());
            chunk
        };
        free.unwrap_or_else(|| Vec::with_capacity(CHUNK_BYTES))
    }

    /// Takes a chunk back. Buffers of any other size are freed.
    pub(super) fn give(&self, mut chunk: Vec<u8>) {
        if chunk.capacity() == CHUNK_BYTES {
            chunk.clear();
            self.free.lock().chunks.push(chunk);
        }
    }

    /// Frees half of what nobody needed since the last call. Not all of it at once: who comes next would have it allocated anew, and
    /// an allocator that keeps what each thread freed would hold both.
    pub(super) fn release(&self) {
        let surplus = {
            let mut free = self.free.lock();
            let keep = free.chunks.len() - free.least.min(free.chunks.len()).div_ceil(2);
            let surplus = free.chunks.split_off(keep);
            free.chunks.shrink_to(2 * keep);
            free.least = keep;
            surplus
        };
        // Freed here, where nobody waits for the lock.
        drop(surplus);
    }

    #[cfg(test)]
    pub(super) fn free_count(&self) -> usize {
        self.free.lock().chunks.len()
    }
}

#[cfg(test)]
mod tests;
