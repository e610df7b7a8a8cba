//! A disk that does not give the files of one stream: it is named, and the others are there.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use jetkv_engine::env::{Env, Fs, OpenMode};
use jetkv_engine::{Append, EngineError, RepairReport, Store, StoreOptions, StreamConfig, Upkeep};
use jetkv_types::{StreamName, Subject, SubjectFilter, Timestamp};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use testkit::{Call, DiskModel, ManualClock, SeededEntropy, SimFs, TapFs};

/// A disk on which files whose path holds this text cannot be read, as long as the switch is on.
struct Disk {
    fs: SimFs,
    text: &'static str,
    on: Arc<AtomicBool>,
}

impl Disk {
    fn open(&self) -> Store {
        let (text, on) = (self.text, Arc::clone(&self.on));
        let fs = TapFs::new(self.fs.clone(), move |call, path| {
            let is_bad =
                call == Call::Read && path.to_string_lossy().contains(text) && on.load(Ordering::SeqCst);
            if is_bad { Err(io::Error::other("bad sector")) } else { Ok(()) }
        });
        let clock = Arc::new(ManualClock::new(Timestamp::from_nanos(1_000_000_000_000)));
        let entropy = Arc::new(SeededEntropy::new(7 + self.fs.op_count()));
        let env = Env { fs: Arc::new(fs), clock, entropy };
        let options = StoreOptions { upkeep: Upkeep::Manual, ..StoreOptions::default() };
        Store::open(env, Path::new("/data"), options).unwrap()
    }

    fn set(&self, on: bool) {
        self.on.store(on, Ordering::SeqCst);
    }
}

/// Returns a disk with the streams `a`, `b` and `c`, stopped, that does not give files whose path holds `text`.
fn disk(text: &'static str) -> Disk {
    let disk = Disk { fs: SimFs::new(DiskModel::Posix), text, on: Arc::default() };
    let store = disk.open();
    for name in ["a", "b", "c"] {
        let filter = SubjectFilter::new(format!("{name}.>")).unwrap();
        store.create_stream(StreamConfig::new(stream(name), vec![filter])).unwrap();
        put(&store, name, "before");
    }
    store.close().unwrap();
    disk.set(true);
    disk
}

fn stream(name: &str) -> StreamName {
    StreamName::new(name).unwrap()
}

fn put(store: &Store, name: &str, value: &str) {
    let subject = Subject::new(format!("{name}.key")).unwrap();
    let stream = store.stream(&stream(name)).unwrap();
    stream.append(&[Append::put(&subject, value.as_bytes())]).wait().unwrap();
}

fn value(store: &Store, name: &str) -> String {
    let subject = Subject::new(format!("{name}.key")).unwrap();
    let message = store.stream(&stream(name)).unwrap().last(&subject).unwrap().unwrap();
    String::from_utf8(message.payload.to_vec()).unwrap()
}

fn config(name: &str) -> StreamConfig {
    StreamConfig::new(stream(name), vec![SubjectFilter::new(format!("{name}.>")).unwrap()])
}

#[test]
fn a_stream_that_the_disk_does_not_give_keeps_no_other_from_opening() {
    for text in ["00000002-b/manifest", "00000002-b/0000000001.seg"] {
        let disk = disk(text);
        let store = disk.open();
        let names: Vec<_> = store.streams().iter().map(|stream| stream.name().to_string()).collect();
        assert_eq!(names, ["a", "c"], "{text}");
        assert!(matches!(store.stream(&stream("b")), Err(EngineError::Io { .. })));
        assert!(matches!(store.create_stream(config("b")), Err(EngineError::Io { .. })));
        for found in [store.damages(), store.check(&mut |_, _| {}).unwrap()] {
            let named = |path: &Path| path.to_string_lossy().contains(text);
            assert!(
                found.iter().any(|damage| damage.kind.affects_data() && named(&damage.path)),
                "{found:?}"
            );
        }
        put(&store, "a", "after");
        // A repair gives nothing up that the disk may give another time.
        assert!(matches!(store.repair(), Err(EngineError::Io { .. })));
        assert!(matches!(store.stream(&stream("b")), Err(EngineError::Io { .. })));
        store.close().unwrap();
        disk.set(false);
        let store = disk.open();
        assert_eq!(["a", "b", "c"].map(|name| value(&store, name)), ["after", "before", "before"]);
        assert_eq!(store.damages(), []);
    }
}

#[test]
fn a_stream_without_a_catalog_that_the_disk_does_not_give_is_not_thought_absent() {
    let disk = disk("00000002-b/manifest");
    for copy in ["a", "b"] {
        disk.fs.delete(format!("/data/catalog.{copy}"));
    }
    for _ in 0..2 {
        let store = disk.open();
        assert!(matches!(store.stream(&stream("b")), Err(EngineError::Io { .. })));
        assert!(matches!(store.create_stream(config("b")), Err(EngineError::Io { .. })));
        store.close().unwrap();
    }
    disk.set(false);
    assert_eq!(value(&disk.open(), "b"), "before");
}

#[test]
fn check_and_repair_go_on_past_a_stream_that_fails() {
    let disk = disk("00000002-b/0000000001.seg");
    disk.set(false);
    // Hints would spare the opening the read.
    let store = disk.open();
    for path in
        disk.fs.paths().into_iter().filter(|path| path.to_string_lossy().contains("-c/0000000001.seg"))
    {
        let last = disk.fs.read(&path).iter().rposition(|byte| *byte != 0).unwrap();
        disk.fs.flip_bit(&path, u64::try_from(last * 8).unwrap());
    }
    disk.set(true);
    let found = store.check(&mut |_, _| {}).unwrap();
    let tells = |text: &str| found.iter().any(|damage| damage.path.to_string_lossy().contains(text));
    assert!(tells("00000002-b/0000000001.seg") && tells("00000003-c/0000000001.seg"), "{found:?}");
    let mut report = RepairReport::default();
    assert!(matches!(store.repair_into(&mut report), Err(EngineError::Io { .. })));
    assert_eq!(report.given_up.len(), 1, "{report:?}");
    assert!(report.given_up[0].path.to_string_lossy().contains("00000003-c"), "{report:?}");
    disk.set(false);
    assert_eq!(value(&store, "b"), "before");
    assert_eq!(store.check(&mut |_, _| {}).unwrap(), []);
    assert_eq!(store.repair().unwrap(), RepairReport::default());
}

/// Where neither hints nor the bytes tell what stood in a stretch of a segment, rewriting it would forget that for good.
#[test]
fn compaction_keeps_what_it_cannot_recognise() {
    let disk = Disk { fs: SimFs::new(DiskModel::Posix), text: "nothing", on: Arc::default() };
    let store = disk.open();
    let limited = StreamConfig { messages_per_subject_max: Some(1), ..config("a") };
    let in_a = store.create_stream(limited).unwrap();
    let subject = |key: &str| Subject::new(format!("a.{key}")).unwrap();
    for (key, value) in [("kept", "living"), ("changed", "1"), ("changed", "2")] {
        in_a.append(&[Append::put(&subject(key), value.as_bytes())]).wait().unwrap();
    }
    store.compact().unwrap();
    in_a.append(&[Append::put(&subject("changed"), b"3")]).wait().unwrap();

    let dir = Path::new("/data/streams/00000001-a");
    let mut found = None;
    for entry in disk.fs.list(dir).unwrap() {
        let path = dir.join(&entry.name);
        if entry.name.ends_with(".idx") {
            disk.fs.remove_file(&path).unwrap();
        } else if entry.name.ends_with(".seg") {
            let file = disk.fs.open(&path, OpenMode::ReadWrite).unwrap();
            let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
            file.read_at(&mut bytes, 0).unwrap();
            if let Some(at) = bytes.windows(6).position(|window| window == b"living") {
                file.write_at(&[0; 20], u64::try_from(at - 30).unwrap()).unwrap();
                found = Some(path);
            }
        }
    }

    let refused = store.compact().unwrap_err();
    assert!(matches!(refused, EngineError::Damaged(_)), "{refused}");
    let file = found.unwrap();
    assert!(disk.fs.open(&file, OpenMode::Read).is_ok(), "the old file stays");
    assert!(matches!(in_a.last(&subject("kept")), Err(EngineError::Damaged(_))));
    assert_eq!(
        in_a.damages().iter().filter_map(|damage| damage.subject.clone()).next(),
        Some(subject("kept"))
    );
    assert_eq!(in_a.last(&subject("changed")).unwrap().unwrap().payload, "3");
    store.compact().unwrap();
    assert!(matches!(in_a.last(&subject("kept")), Err(EngineError::Damaged(_))), "and is not tried again");
    store.close().unwrap();
}
