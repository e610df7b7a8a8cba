//! Buffers that no connection needs at the moment, kept by each thread, so that idle connections hold none.

use super::chunks::CHUNK_BYTES;
use std::cell::RefCell;

thread_local! {
    static SPARES: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Returns an empty buffer, one with room if the thread has one.
pub(super) fn take() -> Vec<u8> {
    SPARES.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// Takes a buffer back, or returns it if there are enough, or it is too small or too large to be kept.
pub(super) fn give(mut buffer: Vec<u8>) -> Option<Vec<u8>> {
    if !(BYTES_MIN..=CHUNK_BYTES).contains(&buffer.capacity()) {
        return Some(buffer);
    }
    SPARES.with_borrow_mut(|spares| {
        if spares.len() == COUNT_MAX {
            return Some(buffer);
        }
        buffer.clear();
        spares.push(buffer);
        None
    })
}

const BYTES_MIN: usize = 256;
const COUNT_MAX: usize = 16;
