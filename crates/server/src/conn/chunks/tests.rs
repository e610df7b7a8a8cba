use super::*;

fn filled(count: usize) -> Chunks {
    let chunks = Chunks::default();
    (0..count).for_each(|_| chunks.give(Vec::with_capacity(CHUNK_BYTES)));
    chunks
}

#[test]
fn a_chunk_comes_back_empty() {
    let chunks = Chunks::default();
    let mut chunk = chunks.take();
    chunk.push(1);
    chunks.give(chunk);
    assert_eq!(chunks.free_count(), 1);
    let again = chunks.take();
    assert_eq!((again.len(), again.capacity(), chunks.free_count()), (0, CHUNK_BYTES, 0));
}

#[test]
fn what_nobody_needs_goes_back_by_and_by() {
    let chunks = filled(300);
    let mut left = Vec::new();
    for _ in 0..11 {
        chunks.release();
        left.push(chunks.free_count());
    }
    assert_eq!(left, [300, 150, 75, 37, 18, 9, 4, 2, 1, 0, 0]);
    assert_eq!(chunks.free.lock().chunks.capacity(), 0);
}

#[test]
fn what_was_needed_meanwhile_stays() {
    let chunks = filled(300);
    chunks.release();
    let used: Vec<_> = (0..280).map(|_| chunks.take()).collect();
    used.into_iter().for_each(|chunk| chunks.give(chunk));
    chunks.release();
    assert_eq!(chunks.free_count(), 290, "20 were never needed");
}

#[test]
fn other_buffers_are_not_kept() {
    let chunks = Chunks::default();
    chunks.give(Vec::with_capacity(2 * CHUNK_BYTES));
    chunks.give(Vec::new());
    assert_eq!(chunks.free_count(), 0);
}
