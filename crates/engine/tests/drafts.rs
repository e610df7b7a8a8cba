//! Streams that are filled before anybody sees them, and streams that are held on to while writers go on.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
use jetkv_engine::env::Env;
use jetkv_engine::{
    Append, Draft, EngineError, Frozen, Origin, Purge, Storage, Store, StoreOptions, Stream, StreamConfig,
    Upkeep,
};
use jetkv_types::{StreamName, Subject, SubjectFilter, Timestamp};
use std::path::Path;
use std::sync::Arc;
use testkit::{DiskModel, ManualClock, Rng, SeededEntropy, SimFs};

fn open(fs: &SimFs) -> Result<Store, EngineError> {
    let clock = Arc::new(ManualClock::new(Timestamp::from_nanos(1_000_000_000_000)));
    let env = Env { fs: Arc::new(fs.clone()), clock, entropy: Arc::new(SeededEntropy::new(7)) };
    let options = StoreOptions {
        upkeep: Upkeep::Manual,
        segment_bytes_min: 512,
        segment_bytes_max: 2048,
        reserve_bytes: 4096,
        ..StoreOptions::default()
    };
    Store::open(env, Path::new("/data"), options)
}

fn config() -> StreamConfig {
    StreamConfig::new(StreamName::new("S").unwrap(), vec![SubjectFilter::new("k.>").unwrap()])
}

fn find(store: &Store) -> Result<Stream, EngineError> {
    store.stream(&StreamName::new("S").unwrap())
}

/// Puts forty messages back, every third sequence left out.
fn fill(draft: &Draft) -> Result<(), EngineError> {
    for n in 0..40_u64 {
        let origin = Origin { sequence: 10 + n * 3, time: Timestamp::from_nanos(500 + n) };
        let subject = Subject::new(format!("k.{}", n % 7)).unwrap();
        let payload = vec![b'x'; 20 + usize::try_from(n).unwrap()];
        let append = Append { origin: Some(origin), ..Append::put(&subject, &payload) };
        draft.stream().append(&[append]).wait()?;
    }
    draft.stream().advance(200)
}

#[track_caller]
fn expect_filled(stream: &Stream) {
    let state = stream.state();
    assert_eq!((state.messages, state.first_sequence, state.last_sequence), (40, 10, 199));
    assert_eq!((state.first_time, state.last_time), (Timestamp::from_nanos(500), Timestamp::from_nanos(539)));
    expect_messages(stream);
}

#[track_caller]
fn expect_messages(stream: &Stream) {
    for n in 0..40_u64 {
        let message = stream.get(10 + n * 3).unwrap().unwrap();
        assert_eq!(
            (message.subject.as_str(), message.time),
            (&*format!("k.{}", n % 7), Timestamp::from_nanos(500 + n))
        );
        assert_eq!(message.payload.len(), 20 + usize::try_from(n).unwrap());
        assert!(stream.get(11 + n * 3).unwrap().is_none());
    }
}

fn next_sequence(stream: &Stream) -> u64 {
    let subject = Subject::new("k.new").unwrap();
    stream.append(&[Append::put(&subject, b"new")]).wait().unwrap().last
}

fn read(mut frozen: Frozen) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    while let Some(message) = frozen.next_message().unwrap() {
        found.push((message.sequence, String::from_utf8(message.payload.to_vec()).unwrap()));
    }
    found
}

#[test]
fn a_draft_is_seen_when_it_is_published_and_then_as_a_whole() {
    let fs = SimFs::new(DiskModel::Posix);
    for storage in [Storage::File, Storage::Memory] {
        let store = open(&fs).unwrap();
        let draft = store.draft_stream(StreamConfig { storage, ..config() }).unwrap();
        fill(&draft).unwrap();
        assert!(matches!(find(&store), Err(EngineError::StreamNotFound { .. })));
        assert_eq!(store.streams().len(), 0);
        let stream = draft.publish().unwrap();
        expect_filled(&stream);
        expect_filled(&find(&store).unwrap());
        assert_eq!(next_sequence(&stream), 200);
        store.delete_stream(stream.name()).unwrap();
        assert!(!fs.paths().iter().any(|path| path.starts_with("/data/tmp/")));
        store.close().unwrap();
    }
}

#[test]
fn a_draft_takes_the_limits_that_it_gets_in_the_end() {
    let fs = SimFs::new(DiskModel::Posix);
    let store = open(&fs).unwrap();
    let draft = store.draft_stream(config()).unwrap();
    fill(&draft).unwrap();
    draft.configure(StreamConfig { messages_per_subject_max: Some(1), ..config() }).unwrap();
    let stream = draft.publish().unwrap();
    assert_eq!((stream.state().messages, stream.config().messages_per_subject_max), (7, Some(1)));
}

#[test]
fn nothing_stays_of_a_draft_that_is_dropped() {
    let fs = SimFs::new(DiskModel::Posix);
    let store = open(&fs).unwrap();
    let before = fs.paths();
    let draft = store.draft_stream(config()).unwrap();
    fill(&draft).unwrap();
    assert_ne!(fs.paths(), before);
    let left = draft.stream().clone();
    drop(draft);
    assert_eq!(fs.paths(), before);
    assert!(matches!(left.advance(500), Err(EngineError::StreamDeleted { .. })));
    assert_eq!(next_sequence(&store.create_stream(config()).unwrap()), 1);
}

#[test]
fn a_name_that_was_taken_meanwhile_stays_with_its_stream() {
    let fs = SimFs::new(DiskModel::Posix);
    let store = open(&fs).unwrap();
    let draft = store.draft_stream(config()).unwrap();
    fill(&draft).unwrap();
    let taken = store.create_stream(config()).unwrap();
    assert_eq!(next_sequence(&taken), 1);
    assert!(matches!(draft.publish(), Err(EngineError::StreamExists { .. })));
    assert_eq!(find(&store).unwrap().state().messages, 1);
    assert!(!fs.paths().iter().any(|path| path.starts_with("/data/tmp/")));
}

#[test]
fn a_store_that_closes_takes_its_drafts_along() {
    let fs = SimFs::new(DiskModel::Posix);
    let store = open(&fs).unwrap();
    let draft = store.draft_stream(config()).unwrap();
    fill(&draft).unwrap();
    store.close().unwrap();
    let files = fs.paths();
    assert!(fill(&draft).is_err());
    assert!(draft.publish().is_err());
    assert_eq!(fs.paths(), files, "who closed the store writes nothing any more");
    let store = open(&fs).unwrap();
    assert_eq!((store.streams().len(), store.damages()), (0, Vec::new()));
    assert!(!fs.paths().iter().any(|path| path.starts_with("/data/tmp/")));
}

#[test]
fn a_power_cut_leaves_a_draft_whole_or_not_at_all() {
    for disk in [DiskModel::Posix, DiskModel::Ext4Like] {
        let (mut whole, mut absent) = (0, 0);
        for at in 0.. {
            let fs = SimFs::new(disk);
            let store = open(&fs).unwrap();
            fs.cut_at(fs.op_count() + at);
            let published = store.draft_stream(config()).and_then(|draft| {
                fill(&draft)?;
                let origin = Some(Origin { sequence: 250, time: Timestamp::from_nanos(600) });
                let last = Subject::new("k.last").unwrap();
                draft.stream().append(&[Append { origin, ..Append::put(&last, b"last") }]).wait()?;
                draft.publish()
            });
            let met = fs.fault_fired();
            for seed in 0..4 {
                let store = open(&fs.fork_cut(seed)).unwrap();
                assert_eq!(store.damages(), [], "cut before operation {at}");
                match find(&store) {
                    Ok(stream) => {
                        assert_eq!((stream.state().messages, stream.state().last_sequence), (41, 250));
                        expect_messages(&stream);
                        whole += 1;
                    }
                    Err(EngineError::StreamNotFound { .. }) => {
                        assert!(published.is_err(), "cut before operation {at}: it was confirmed");
                        assert_eq!(next_sequence(&store.create_stream(config()).unwrap()), 1);
                        absent += 1;
                    }
                    Err(error) => panic!("cut before operation {at}: {error}"),
                }
            }
            if !met {
                break;
            }
        }
        assert!(whole > 4 && absent > 100, "{whole} whole, {absent} absent");
    }
}

/// Several ends of one world.
trait ForkCut {
    fn fork_cut(&self, seed: u64) -> SimFs;
}

impl ForkCut for SimFs {
    fn fork_cut(&self, seed: u64) -> SimFs {
        self.fork().power_cut(&mut Rng::new(seed))
    }
}

#[test]
fn what_is_frozen_stays_as_it_was() {
    let fs = SimFs::new(DiskModel::Posix);
    let store = open(&fs).unwrap();
    let stream = store.create_stream(StreamConfig { messages_per_subject_max: Some(2), ..config() }).unwrap();
    let put = |key: u64, value: String| {
        let subject = Subject::new(format!("k.{key}")).unwrap();
        stream.append(&[Append::put(&subject, value.as_bytes())]).wait().unwrap().last
    };
    for n in 0..60 {
        put(n % 5, format!("old {n}"));
    }
    stream.remove(58).unwrap();
    let expected: Vec<_> = (51..=60).filter(|n| *n != 58).map(|n| (n, format!("old {}", n - 1))).collect();
    let (first, second, third) =
        (stream.freeze().unwrap(), stream.freeze().unwrap(), stream.freeze().unwrap());
    assert_eq!(first.state(), &stream.state());
    assert_eq!(read(first), expected);
    for n in 0..60 {
        put(n % 5, format!("new {n}"));
    }
    stream.purge(&Purge { keep: Some(1), ..Purge::default() }).unwrap();
    store.compact().unwrap();
    assert_eq!((second.state().messages, second.state().last_sequence), (9, 60));
    assert_eq!(read(second), expected);
    store.delete_stream(stream.name()).unwrap();
    assert_eq!(read(third), expected);
    assert!(matches!(stream.freeze(), Err(EngineError::StreamDeleted { .. })));
}

#[test]
fn an_empty_stream_is_frozen_with_its_sequences() {
    let fs = SimFs::new(DiskModel::Posix);
    let store = open(&fs).unwrap();
    let stream = store.create_stream(config()).unwrap();
    next_sequence(&stream);
    stream.purge(&Purge::default()).unwrap();
    let frozen = stream.freeze().unwrap();
    assert_eq!(
        (frozen.state().messages, frozen.state().first_sequence, frozen.state().last_sequence),
        (0, 2, 1)
    );
    assert_eq!(read(frozen), []);
}
