//! A refusal that rests on a message that is being synced is told when that message is durable, not before.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use jetkv_engine::env::{DirEntry, Env, File, Fs, Lock, MemFs, OpenMode};
use jetkv_engine::{Append, EngineError, Expect, Store, StoreOptions, StreamConfig, Upkeep};
use jetkv_types::{StreamName, Subject, SubjectFilter};
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Waker};
use std::thread;

/// Holds syncs up while it is shut.
#[derive(Debug, Default)]
struct Gate {
    state: Mutex<(bool, u32)>,
    changed: Condvar,
}

impl Gate {
    fn shut(&self, shut: bool) {
        self.state.lock().unwrap().0 = shut;
        self.changed.notify_all();
    }

    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.1 += 1;
        self.changed.notify_all();
        while state.0 {
            state = self.changed.wait(state).unwrap();
        }
        state.1 -= 1;
    }

    /// Waits until a sync is held up.
    fn wait_for_one(&self) {
        let mut state = self.state.lock().unwrap();
        while state.1 == 0 {
            state = self.changed.wait(state).unwrap();
        }
    }
}

#[derive(Debug)]
struct GateFs(MemFs, Arc<Gate>);

#[derive(Debug)]
struct GateFile(Arc<dyn File>, Arc<Gate>);

impl Fs for GateFs {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(GateFile(self.0.open(path, mode)?, Arc::clone(&self.1))))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.0.remove_file(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.0.create_dir_all(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.0.remove_dir_all(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.0.sync_dir(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        self.0.list(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        self.0.lock(path)
    }
}

impl File for GateFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }

    fn write_at(&self, data: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_at(data, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.1.pass();
        self.0.sync_data()
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.0.set_len(bytes)
    }

    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }
}

#[test]
fn a_refusal_waits_for_what_it_rests_on() {
    let gate = Arc::new(Gate::default());
    let env = Env { fs: Arc::new(GateFs(MemFs::new(), Arc::clone(&gate))), ..Env::memory() };
    let options = StoreOptions { upkeep: Upkeep::Manual, ..StoreOptions::default() };
    let store = Store::open(env, Path::new("/data"), options).unwrap();
    let filters = vec![SubjectFilter::new("k.>").unwrap()];
    let stream = store.create_stream(StreamConfig::new(StreamName::new("k").unwrap(), filters)).unwrap();
    let key = Subject::new("k.a").unwrap();
    // The first append makes the files of the segment.
    stream.append(&[Append::put(&key, b"1")]).wait().unwrap();
    gate.shut(true);
    let writer = {
        let (stream, key) = (stream.clone(), key.clone());
        thread::spawn(move || stream.append(&[Append::put(&key, b"2")]).wait().unwrap().last)
    };
    gate.wait_for_one();
    let expect = Expect::LastOfSubject(1);
    let mut refused = pin!(stream.append(&[Append { expect, ..Append::put(&key, b"3") }]));
    let mut after = pin!(stream.append(&[]));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(
        refused.as_mut().poll(&mut cx).is_pending(),
        "it tells of a message that a power cut can take back"
    );
    assert!(after.as_mut().poll(&mut cx).is_pending());
    assert_eq!(stream.last_sequence(), 1);
    gate.shut(false);
    assert_eq!(writer.join().unwrap(), 2);
    let outcome = pollster::block_on(refused);
    assert!(matches!(outcome, Err(EngineError::WrongLastSequence { found: 2, .. })), "{outcome:?}");
    pollster::block_on(after).unwrap();
}
