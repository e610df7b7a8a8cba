//! Bytes that nobody would send: a whole archive changed at random leaves a whole stream or nothing.

use super::Intake;
use crate::account::{Account, Accounts};
use crate::js::consumers::unarchived;
use crate::js::state::{Adjust, JetStream, Settings};
use crate::options::ServerOptions;
use jetkv_engine::env::Env;
use jetkv_engine::{Store, StoreOptions};
use jetkv_jetstream::StreamSettings;
use jetkv_types::{StreamName, SubjectFilter};
use jetkv_wire::archive::{self, Entry};
use jetkv_wire::s2;
use std::path::Path;
use std::sync::Arc;
use testkit::{DiskModel, Rng, SimFs};

fn archive() -> Vec<u8> {
    let entry = |name: &str, sequence, headers: &'static str, payload: &str| Entry {
        name: name.into(),
        time: 1_795_847_777_270_634_506,
        sequence,
        headers: headers.as_bytes().into(),
        payload: payload.to_owned().into(),
    };
    let consumer = r#"{"config":{"durable_name":"C","ack_policy":"explicit"},"state":{"delivered":{"consumer_seq":3,"stream_seq":5},"ack_floor":{"consumer_seq":1,"stream_seq":2},"pending":{"5":{"Sequence":3,"Timestamp":1795847777270694596}},"redelivered":{"5":2}}}"#;
    let mut raw = Vec::new();
    archive::write_start(&mut raw);
    for entry in [
        entry("state.json", 0, "", r#"{"messages":4,"first_seq":2,"last_seq":10,"consumer_count":1}"#),
        entry("consumers/C", 0, "", consumer),
        entry("s.1", 2, "", "one"),
        entry("s.2", 5, "NATS/1.0\r\nNats-TTL: 1h\r\n\r\n", "two"),
        entry("old.3", 6, "NATS/1.0\r\nKV-Operation: DEL\r\n\r\n", ""),
        entry("s.1", 9, "", &"long ".repeat(30)),
    ] {
        archive::write_entry(&entry, &mut raw);
    }
    archive::write_end(&mut raw);
    raw
}

fn packed(raw: &[u8]) -> Vec<u8> {
    let (mut writer, mut out) = (s2::Writer::default(), Vec::new());
    writer.write(raw, &mut out);
    writer.finish(&mut out);
    out
}

fn jetstream(env: &Env) -> (Arc<JetStream>, Arc<Account>) {
    let store = Store::open(env.clone(), Path::new("/data"), StoreOptions::default()).unwrap();
    let account = Accounts::new(&ServerOptions::default()).get("$G").unwrap();
    let (jetstream, _) = JetStream::new(store, Settings::default(), &account, Arc::clone(&env.entropy));
    let jetstream = Arc::new(jetstream);
    jetstream.start(&account);
    (jetstream, account)
}

fn settings() -> StreamSettings {
    StreamSettings::new(StreamName::new("S").unwrap(), vec![SubjectFilter::new("s.>").unwrap()])
}

#[tokio::test]
async fn consumers_that_a_crash_left_behind_do_not_come_back() {
    let env = Env { fs: Arc::new(SimFs::new(DiskModel::Posix)), ..Env::system() };
    let (first, _account) = jetstream(&env);
    let consumer = unarchived(
        "C",
        serde_json::from_str(r#"{"config":{"durable_name":"C"}}"#).unwrap(),
        first.store.now(),
    );
    // What a restore does before its stream is there.
    first.keeper.store("S", &consumer).unwrap();
    first.store.close().unwrap();
    let (second, _account) = jetstream(&env);
    second.create(&settings(), Adjust::Silently).unwrap();
    second.store.close().unwrap();
    let (third, _account) = jetstream(&env);
    assert_eq!(third.find("S").unwrap().consumer_count(), 0);
}

#[tokio::test]
async fn whatever_comes_leaves_a_whole_stream_or_nothing() {
    let fs = SimFs::new(DiskModel::Posix);
    let env = Env { fs: Arc::new(fs.clone()), ..Env::system() };
    let (jetstream, _account) = jetstream(&env);
    let settings = settings();
    let config = settings.to_engine_for_server().unwrap();
    let number =
        |name: &str, default| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (runs, seed) = (number("JETKV_FUZZ_RUNS", 1_500), number("JETKV_SEED", 1));
    let mut rng = Rng::new(seed);
    let (mut whole, mut refused) = (0, 0);
    for run in 0..=runs {
        let mut raw = archive();
        // Below the compression, as its checksums catch most changes above it; the first archive stays as it is.
        for _ in 0..(if run == 0 { 0 } else { 1 + rng.index(3) }) {
            let at = rng.index(raw.len());
            match rng.index(4) {
                0 => raw[at] = rng.below(256).to_le_bytes()[0],
                1 => raw.truncate(at.max(1)),
                2 => drop(raw.drain(at..(at + 3).min(raw.len()))),
                _ => raw.insert(at, rng.below(256).to_le_bytes()[0]),
            }
        }
        let mut bytes = packed(&raw);
        if run > 0 && rng.index(8) == 0 {
            let at = rng.index(bytes.len());
            bytes[at] ^= 1 << rng.index(8);
        }
        let mut intake = Intake::new(Arc::clone(&jetstream), settings.clone(), config.clone());
        let taken = bytes.chunks(1 + rng.index(200)).try_for_each(|chunk| intake.take(chunk));
        let finished = match taken {
            Ok(()) => intake.finish().map(drop),
            Err(refusal) => {
                drop(intake);
                Err(refusal)
            }
        };
        let at = format!("run {run} of seed {seed}");
        match finished {
            Ok(()) => {
                let handle = jetstream.delete("S").unwrap_or_else(|problem| panic!("{at}: {problem:?}"));
                assert!(run > 0 || handle.stream.name().as_str() == "S", "{at}");
                whole += 1;
            }
            Err(refusal) => {
                assert!(run > 0, "{refusal:?}");
                assert!(jetstream.find("S").is_none(), "{at}");
                refused += 1;
            }
        }
        assert!(!fs.paths().iter().any(|path| path.starts_with("/data/tmp/")), "{at}");
    }
    assert!(whole > runs / 20 && refused > runs / 20, "{whole} whole, {refused} refused");
}
