use super::*;
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::AtomicBool;

/// A file in memory that counts reads and fails on demand.
#[derive(Debug, Default)]
struct Disk {
    bytes: Mutex<Vec<u8>>,
    reads: AtomicU64,
    fails: AtomicBool,
}

impl Disk {
    fn with(bytes: impl IntoIterator<Item = u8>) -> Self {
        Self { bytes: Mutex::new(bytes.into_iter().collect()), ..Self::default() }
    }

    fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }
}

impl File for Disk {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        if self.fails.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Other.into());
        }
        let bytes = self.bytes.lock();
        let there = bytes.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
        let length = there.len().min(buffer.len());
        buffer[..length].copy_from_slice(&there[..length]);
        Ok(length)
    }

    fn write_at(&self, data: &[u8], offset: u64) -> io::Result<()> {
        let mut bytes = self.bytes.lock();
        let offset = usize::try_from(offset).unwrap();
        let length = bytes.len().max(offset + data.len());
        bytes.resize(length, 0);
        bytes[offset..offset + data.len()].copy_from_slice(data);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn set_len(&self, _bytes: u64) -> io::Result<()> {
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(to_u64(self.bytes.lock().len()))
    }
}

/// A file with what belongs to it, all of it committed.
struct Opened {
    disk: Disk,
    blocks: Blocks,
    committed: u32,
}

impl Opened {
    fn new(number: u32, bytes: u32) -> Self {
        let disk = Disk::with((0..bytes).map(|at| byte_of(number, at)));
        Self { disk, blocks: Blocks::default(), committed: bytes }
    }

    fn span(&self, offset: u32, length: u32) -> Span<'_> {
        Span { blocks: &self.blocks, file: &self.disk, offset, length, committed: self.committed }
    }
}

/// A byte that tells its file and its place.
fn byte_of(number: u32, at: u32) -> u8 {
    u8::try_from((number * 37 + at * 11 + at / 256) % 251).unwrap()
}

fn expected(number: u32, offset: u32, length: u32) -> Vec<u8> {
    (offset..offset + length).map(|at| byte_of(number, at)).collect()
}

/// Returns a cache for exactly so many blocks of 64 bytes.
fn cache_of(blocks: usize) -> Arc<BlockCache> {
    Arc::new(BlockCache::new(blocks * (64 + size_of::<Frame>()), 64))
}

/// Asks until the block is there; returns how often it was not.
fn ask(cache: &Arc<BlockCache>, span: &Span<'_>) -> Option<usize> {
    (0..100).find(|_| cache.find(span).is_some())
}

#[test]
fn a_block_comes_when_it_is_asked_for_again_and_is_then_read_from_memory() {
    let (cache, file) = (cache_of(4), Opened::new(1, 640));
    assert_eq!(ask(&cache, &file.span(70, 30)), Some(1), "the second time");
    assert_eq!(cache.find(&file.span(70, 30)).unwrap().bytes(), expected(1, 70, 30));
    assert_eq!(cache.find(&file.span(64, 64)).unwrap().bytes(), expected(1, 64, 64), "the whole block");
    assert_eq!((file.disk.reads(), cache.fill_count(), cache.held_bytes()), (1, 1, 64));
    assert!(cache.find(&file.span(120, 20)).is_none(), "it lies in two blocks");
    assert!(cache.find(&file.span(0, 65)).is_none(), "it is larger than a block");
}

#[test]
fn an_entry_in_two_blocks_is_put_together() {
    let (cache, file) = (cache_of(4), Opened::new(1, 640));
    let mut buffer = vec![b'x'; 7];
    let tries = (0..10).find(|_| cache.gather(&file.span(100, 50), &mut buffer));
    assert!(tries.is_some());
    assert_eq!(buffer, expected(1, 100, 50));
    for (offset, length) in [(64, 64), (64, 10), (100, 28)] {
        assert!(!cache.gather(&file.span(offset, length), &mut buffer), "one block is enough");
    }
    assert!(!cache.gather(&file.span(100, 28 + 65), &mut buffer), "it reaches into a third block");
}

#[test]
fn only_what_is_committed_is_kept_and_the_rest_is_added_later() {
    let (cache, mut file) = (cache_of(4), Opened::new(1, 640));
    file.committed = 80;
    assert!(ask(&cache, &file.span(64, 16)).is_some());
    // What was written behind it, and not committed, is written over.
    file.disk.write_at(&[0; 600], 80).unwrap();
    assert!(cache.find(&file.span(80, 10)).is_none(), "nobody says that it is there");
    file.disk.write_at(&expected(1, 80, 560), 80).unwrap();
    file.committed = 100;
    let before = file.disk.reads();
    assert_eq!(cache.find(&file.span(80, 20)).unwrap().bytes(), expected(1, 80, 20));
    assert_eq!(cache.find(&file.span(64, 36)).unwrap().bytes(), expected(1, 64, 36));
    assert_eq!(file.disk.reads(), before + 1);
    file.committed = 640;
    assert_eq!(cache.find(&file.span(64, 64)).unwrap().bytes(), expected(1, 64, 64));
    assert_eq!((cache.held_bytes(), cache.fill_count()), (64, 1));
}

#[test]
fn a_read_that_fails_or_ends_early_leaves_nothing_wrong_behind() {
    let (cache, file) = (cache_of(4), Opened::new(1, 640));
    file.disk.fails.store(true, Ordering::Relaxed);
    assert_eq!(ask(&cache, &file.span(0, 10)), None);
    assert_eq!((cache.held_bytes(), cache.fill_count()), (0, 0));
    file.disk.fails.store(false, Ordering::Relaxed);
    assert!(ask(&cache, &file.span(0, 10)).is_some());

    // A file that was cut has less than was committed.
    let short = Opened { committed: 640, ..Opened::new(2, 100) };
    assert_eq!(ask(&cache, &short.span(90, 20)), None);
    assert!(cache.find(&short.span(64, 36)).is_some_and(|held| held.bytes() == expected(2, 64, 36)));
    assert_eq!(ask(&cache, &short.span(200, 20)), None);

    // An extension that fails keeps what was there.
    let mut grown = Opened::new(3, 640);
    grown.committed = 20;
    assert!(ask(&cache, &grown.span(0, 20)).is_some());
    grown.committed = 40;
    grown.disk.fails.store(true, Ordering::Relaxed);
    assert!(cache.find(&grown.span(20, 20)).is_none());
    assert_eq!(cache.find(&grown.span(0, 20)).unwrap().bytes(), expected(3, 0, 20));
}

#[test]
fn a_bound_beyond_all_memory_makes_no_more_frames_than_can_be_managed() {
    let cache = BlockCache::new(usize::MAX, 32 << 10);
    assert_eq!(cache.frames.len(), FRAMES_MAX);
    let file = Opened::new(1, 640);
    assert!(ask(&Arc::new(cache), &file.span(0, 64)).is_some());
}

#[test]
fn what_is_printed_for_developers_has_no_content() {
    let (cache, file) = (cache_of(1), Opened::new(1, 64));
    assert!(ask(&cache, &file.span(0, 64)).is_some());
    assert_eq!(
        format!("{cache:?} {:?}", file.blocks),
        "BlockCache { frames: 1, .. } Blocks { number: 1, .. }"
    );
}

#[test]
fn what_is_forgotten_is_read_anew() {
    let (cache, file) = (cache_of(4), Opened::new(1, 640));
    assert!(ask(&cache, &file.span(0, 10)).is_some());
    file.disk.write_at(b"mended", 0).unwrap();
    let held = cache.find(&file.span(20, 10)).unwrap();
    cache.forget(&file.span(0, 10));
    assert_eq!(cache.held_bytes(), 64, "who looks at it keeps it");
    drop(held);
    cache.forget(&file.span(0, 10));
    assert_eq!(cache.held_bytes(), 0);
    assert!(ask(&cache, &file.span(0, 6)).is_some());
    assert_eq!(cache.find(&file.span(0, 6)).unwrap().bytes(), b"mended");
}

#[test]
fn the_bound_holds_and_a_file_that_is_gone_gives_its_memory_back() {
    for frames in [0, 1, 3] {
        let cache = cache_of(frames);
        let files: Vec<_> = (0..5).map(|number| Opened::new(number, 64 * 200)).collect();
        for round in 0..4_000 {
            let number = round * 7 % 5;
            let span = (round * 13 % 200 * 64, 64);
            if let Some(held) = cache.find(&files[usize::try_from(number).unwrap()].span(span.0, span.1)) {
                assert_eq!(held.bytes(), expected(number, span.0, span.1));
            }
            assert!(cache.held_bytes() <= to_u64(frames) * 64);
        }
        assert_eq!(cache.held_bytes(), to_u64(frames) * 64, "all of it is used");
        drop(files);
        assert_eq!(cache.held_bytes(), 0);
        // What was given back serves again.
        let file = Opened::new(9, 640);
        assert_eq!(ask(&cache, &file.span(0, 64)).is_some(), frames > 0);
    }
}

#[test]
fn a_walk_through_a_large_file_leaves_what_is_used_often() {
    let (cache, hot, large) = (cache_of(8), Opened::new(1, 64 * 4), Opened::new(2, 64 * 5_000));
    for block in 0..4 {
        assert!(ask(&cache, &hot.span(block * 64, 64)).is_some());
    }
    let mut missed = 0;
    for block in 0..5_000 {
        for part in 0..4 {
            let _ = cache.find(&large.span(block * 64 + part * 16, 16));
            missed += u64::from(cache.find(&hot.span(part * 64, 64)).is_none());
        }
    }
    assert_eq!(missed, 0);
    // What becomes hot gets in, all the same.
    let next = Opened::new(3, 64 * 4);
    let found = (0..400).filter(|round| cache.find(&next.span(round % 4 * 64, 64)).is_some()).count();
    assert!(found > 200, "{found}");
}

#[test]
fn many_threads_read_the_right_bytes_while_files_come_and_go() {
    let cache = cache_of(6);
    let files: Mutex<BTreeMap<u32, Arc<Opened>>> = Mutex::default();
    std::thread::scope(|scope| {
        for thread in 0..4_u32 {
            let (cache, files) = (&cache, &files);
            scope.spawn(move || {
                let (mut state, mut buffer) = (u64::from(thread) + 1, Vec::new());
                for round in 0..20_000_u32 {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    let draw = u32::try_from(state >> 33).unwrap();
                    let number = draw % 3;
                    let file = {
                        let mut files = files.lock();
                        if round % 500 == 499 {
                            // Somebody may be reading it; whoever is last gives its memory back.
                            files.remove(&number);
                        }
                        let made = || Arc::new(Opened::new(number, 64 * 6));
                        Arc::clone(files.entry(number).or_insert_with(made))
                    };
                    let (offset, length) = (draw / 3 % 300, draw / 1_000 % 60 + 1);
                    let span = file.span(offset, length);
                    if let Some(held) = cache.find(&span) {
                        assert_eq!(held.bytes(), expected(number, offset, length));
                    } else if cache.gather(&span, &mut buffer) {
                        assert_eq!(buffer, expected(number, offset, length));
                    } else if round % 50 == 0 {
                        cache.forget(&span);
                    }
                    assert!(cache.held_bytes() <= 6 * 64);
                }
            });
        }
    });
    assert!(cache.fill_count() > 100, "{}", cache.fill_count());
    files.lock().clear();
    assert_eq!(cache.held_bytes(), 0);
}
