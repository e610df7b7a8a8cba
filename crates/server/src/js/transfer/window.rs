//! The flow of a backup: only so much of it may wait for the acks of its receiver.

use parking_lot::Mutex;
use std::collections::HashMap;
use tokio::sync::Notify;

/// The chunks that were sent and not acknowledged.
#[derive(Debug)]
pub(super) struct Window {
    bytes_max: usize,
    waiting: Mutex<Waiting>,
    bell: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    chunks: HashMap<u64, usize>,
    bytes: usize,
}

impl Window {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, waiting: Mutex::default(), bell: Notify::new() }
    }

    /// Counts a chunk of so many bytes as sent, if there is room; one always has room.
    pub(super) fn enter(&self, index: u64, bytes: usize) -> Room {
        let mut waiting = self.waiting.lock();
        if !waiting.chunks.is_empty() && waiting.bytes + bytes > self.bytes_max {
            return Room::None;
        }
        waiting.chunks.insert(index, bytes);
        waiting.bytes += bytes;
        Room::Taken
    }

    /// Takes an ack; a second one of a chunk counts for nothing.
    pub(super) fn acknowledge(&self, index: u64) {
        let mut waiting = self.waiting.lock();
        if let Some(bytes) = waiting.chunks.remove(&index) {
            waiting.bytes -= bytes;
            self.bell.notify_one();
        }
    }

    /// Waits for an ack that came after the last call.
    pub(super) async fn acknowledged(&self) {
        self.bell.notified().await;
    }
}

/// Whether a chunk may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Taken,
    None,
}

#[cfg(test)]
mod tests {
    use super::{Room, Window};

    #[test]
    fn a_window_takes_what_fits_and_one_chunk_always() {
        let window = Window::new(5_000);
        for index in 1..=4 {
            assert_eq!(window.enter(index, 1_024), Room::Taken);
        }
        assert_eq!(window.enter(5, 1_024), Room::None);
        window.acknowledge(9);
        assert_eq!(window.enter(5, 1_024), Room::None);
        window.acknowledge(2);
        window.acknowledge(2);
        assert_eq!(window.enter(5, 1_024), Room::Taken);
        assert_eq!(window.enter(6, 1_024), Room::None);
        let narrow = Window::new(1_024);
        assert_eq!(narrow.enter(1, 131_072), Room::Taken);
        assert_eq!(narrow.enter(2, 1), Room::None);
    }
}
