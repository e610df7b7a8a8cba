//! The bytes that wait for one connection, in chunks.

use super::chunks::{CHUNK_BYTES, Chunks};
use super::spare;
use crate::router::Msg;
use jetkv_wire::encode;
use std::collections::VecDeque;

/// Bytes in the order in which they are to be written.
///
/// A buffer that grows up to a chunk, and from there on chunk after chunk. They are filled to the last byte: messages go on in
/// the next one, so that what is allocated is what waits.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    full: VecDeque<Vec<u8>>,
    full_bytes: usize,
    last: Vec<u8>,
}

impl Waiting {
    /// Returns how many bytes wait.
    pub(super) fn bytes(&self) -> usize {
        self.full_bytes + self.last.len()
    }

    /// Returns how many chunks are full.
    pub(super) fn full_chunks(&self) -> usize {
        self.full.len()
    }

    /// Appends a message with these headers.
    pub(super) fn push_msg(&mut self, chunks: &Chunks, sid: &[u8], msg: &Msg<'_>, headers: &[u8]) {
        let needed = encode::msg_bytes_max(msg.subject, sid, msg.reply, headers.len() + msg.payload.len());
        if needed <= self.room() || self.make_room(chunks, needed) {
            encode::msg(&mut self.last, msg.subject, sid, msg.reply, headers, msg.payload);
        } else {
            self.push_in_parts(chunks, sid, msg, headers);
        }
    }

    /// Appends an operation that is no message.
    pub(super) fn push(&mut self, chunks: &Chunks, encode: impl FnOnce(&mut Vec<u8>)) {
        if SMALL_BYTES > self.room() && !self.make_room(chunks, SMALL_BYTES) {
            self.fill(chunks);
        }
        encode(&mut self.last);
    }

    /// Returns what is to be written next; empty if nothing waits.
    pub(super) fn take(&mut self) -> Vec<u8> {
        match self.full.pop_front() {
            Some(chunk) => {
                self.full_bytes -= chunk.len();
                if self.full.is_empty() {
                    self.full = VecDeque::new();
                }
                chunk
            }
            None => std::mem::take(&mut self.last),
        }
    }

    /// Gives up everything.
    pub(super) fn take_all(&mut self) -> Vec<Vec<u8>> {
        self.full_bytes = 0;
        let mut all = Vec::from(std::mem::take(&mut self.full));
        all.push(std::mem::take(&mut self.last));
        all
    }

    fn room(&self) -> usize {
        self.last.capacity() - self.last.len()
    }

    /// Makes the last buffer larger; says whether so much fits into it then.
    #[cold]
    fn make_room(&mut self, chunks: &Chunks, needed: usize) -> bool {
        if self.last.capacity() == 0 {
            self.last = spare::take();
            if needed <= self.room() {
                return true;
            }
        }
        let bytes = self.last.len() + needed;
        if bytes > CHUNK_BYTES / 2 {
            self.become_chunk(chunks);
        } else {
            let more = bytes.next_power_of_two() - self.last.len();
            self.last.reserve_exact(more);
        }
        needed <= self.room()
    }

    /// Puts the last bytes into a chunk.
    fn become_chunk(&mut self, chunks: &Chunks) {
        if self.last.capacity() < CHUNK_BYTES {
            let mut chunk = chunks.take();
            chunk.extend_from_slice(&self.last);
            let small = std::mem::replace(&mut self.last, chunk);
            // A chunk is no small buffer, so nothing comes back that would be worth keeping elsewhere.
            let _ = spare::give(small);
        }
    }

    /// Begins another chunk.
    fn fill(&mut self, chunks: &Chunks) {
        let full = std::mem::replace(&mut self.last, chunks.take());
        self.full_bytes += full.len();
        self.full.push_back(full);
    }

    #[cold]
    fn push_in_parts(&mut self, chunks: &Chunks, sid: &[u8], msg: &Msg<'_>, headers: &[u8]) {
        let mut head = Vec::new();
        encode::msg_head(&mut head, msg.subject, sid, msg.reply, headers.len(), msg.payload.len());
        for mut part in [&head, headers, msg.payload, b"\r\n"] {
            while !part.is_empty() {
                if self.room() == 0 {
                    self.fill(chunks);
                }
                let (now, later) = part.split_at(part.len().min(self.room()));
                self.last.extend_from_slice(now);
                part = later;
            }
        }
    }
}

/// Room that is made for an operation that is no message; a longer one gets more.
const SMALL_BYTES: usize = 512;

#[cfg(test)]
mod tests;
