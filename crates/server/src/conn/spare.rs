//! Buffers that no connection needs at the moment, kept by each thread, so that idle connections hold none.

use std::cell::RefCell;

thread_local! {
    static SPARES: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Returns an empty buffer, one with room if the thread has one.
pub(super) fn take() -> Vec<u8> {
    SPARES.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// Takes a buffer back. Buffers that grew very large are freed.
pub(super) fn give(mut buffer: Vec<u8>) {
    if !(BYTES_MIN..=BYTES_MAX).contains(&buffer.capacity()) {
        return;
    }
    buffer.clear();
    SPARES.with_borrow_mut(|spares| {
        if spares.len() < COUNT_MAX {
            spares.push(buffer);
        }
    });
}

const BYTES_MIN: usize = 256;
const BYTES_MAX: usize = 512 << 10;
const COUNT_MAX: usize = 16;
