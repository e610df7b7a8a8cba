//! What a history is made of: messages, batches, configurations, drawn from its seed.

use super::world::Focus;
use jetkv_engine::{
    Append, Compression, Discard, Expect, Keeping, LimitMarker, Priority, Rollup, StreamConfig, Ttl,
};
use jetkv_types::{Headers, Operation, Sequence, StreamName, Subject, SubjectFilter};
use std::time::Duration;
use testkit::{Model, Rng};

/// A message to append, with what it borrows.
pub(crate) struct Drawn {
    subject: Subject,
    headers: Headers,
    payload: Vec<u8>,
    operation: Operation,
    ttl: Ttl,
    expect: Expected,
    rollup: Rollup,
    keeping: Keeping,
}

#[derive(Debug, Clone, Copy)]
enum Expected {
    Nothing,
    Subject(Sequence),
    Matching(Sequence),
    Stream(Sequence),
    NoValue,
}

impl Drawn {
    /// Returns it as the engine takes it; `filter` is what an expectation may look at.
    pub(crate) fn append<'a>(&'a self, filter: &'a SubjectFilter) -> Append<'a> {
        let expect = match self.expect {
            Expected::Nothing => Expect::Nothing,
            Expected::Subject(sequence) => Expect::LastOfSubject(sequence),
            Expected::Matching(sequence) => Expect::LastMatching(filter, sequence),
            Expected::Stream(sequence) => Expect::LastOfStream(sequence),
            Expected::NoValue => Expect::NoValue,
        };
        Append {
            subject: &self.subject,
            headers: &self.headers,
            payload: &self.payload,
            operation: self.operation,
            ttl: self.ttl,
            expect,
            rollup: self.rollup,
            origin: None,
            priority: if self.operation.is_marker() { Priority::Reclaim } else { Priority::Normal },
            keeping: self.keeping,
        }
    }

    pub(crate) fn text(&self) -> String {
        let Self { subject, payload, operation, ttl, expect, rollup, keeping, .. } = self;
        let length = payload.len();
        format!("{subject} {operation:?} {length} bytes {ttl:?} {expect:?} rollup {rollup:?} {keeping:?}")
    }
}

/// Draws a batch, mostly of one message.
pub(crate) fn batch(rng: &mut Rng, model: &Model, keys: &[Subject], payloads: &mut u64) -> Vec<Drawn> {
    let count = if rng.chance(1, 4) { 2 + rng.index(3) } else { 1 };
    (0..count).map(|_| message(rng, model, keys, payloads)).collect()
}

fn message(rng: &mut Rng, model: &Model, keys: &[Subject], payloads: &mut u64) -> Drawn {
    let subject = rng.pick(keys).clone();
    *payloads += 1;
    let length = *rng.pick(&[0, 1, 12, 12, 40, 100, 100, 300, 700, 3000]);
    let start = format!("{payloads:06}-");
    let mut payload = start.into_bytes();
    payload.resize(length.max(payload.len() * usize::from(length > 0)), b'.');
    payload.truncate(length.max(7 * usize::from(length > 0)));
    if length > 20 && rng.chance(1, 2) {
        let noise = rng.bytes(length - 10);
        payload[10..].copy_from_slice(&noise);
    }
    let (operation, rollup) = match rng.below(12) {
        0 => (Operation::Delete, Rollup::None),
        1 => (Operation::Purge, Rollup::Subject),
        2 => (Operation::Put, Rollup::Subject),
        3 if rng.chance(1, 3) => (Operation::Put, Rollup::Stream),
        _ => (Operation::Put, Rollup::None),
    };
    if operation.is_marker() {
        payload.clear();
    }
    let headers = match rng.below(4) {
        0 => Headers::from_pairs([("Number", payloads.to_string().as_str())]).unwrap(),
        _ => Headers::none(),
    };
    let ttl = match rng.below(8) {
        0 => Ttl::After(Duration::from_secs(1 + rng.below(8))),
        1 => Ttl::Never,
        _ => Ttl::Stream,
    };
    let last = model.last(&subject).map_or(0, |last| last.sequence);
    let expect = match rng.below(12) {
        0 | 1 => Expected::Subject(last),
        2 => Expected::Subject(last.saturating_sub(1)),
        3 | 4 => Expected::NoValue,
        5 => Expected::Stream(model.last_sequence()),
        6 => Expected::Matching(model.last_sequence()),
        _ => Expected::Nothing,
    };
    let keeping = if rng.chance(1, 16) { Keeping::Passed } else { Keeping::Kept };
    Drawn { subject, headers, payload, operation, ttl, expect, rollup, keeping }
}

/// Draws the configuration of a new stream.
pub(crate) fn config(rng: &mut Rng, name: &StreamName, focus: Focus) -> StreamConfig {
    let mut config = StreamConfig::new(name.clone(), subjects(rng));
    if focus == Focus::Dead {
        config.messages_per_subject_max = *rng.pick(&[None, Some(5)]);
        config.messages_max = *rng.pick(&[None, Some(10), Some(15)]);
        return config;
    }
    for _ in 0..3 {
        change(rng, &mut config);
    }
    config.first_sequence = rng.chance(1, 8).then_some(100);
    config
}

fn subjects(rng: &mut Rng) -> Vec<SubjectFilter> {
    let choices: [&[&str]; 4] = [&["k.>"], &["k.>"], &["k.>", "x.*"], &["k.*", "k.deep.*"]];
    rng.pick(&choices).iter().map(|text| SubjectFilter::new(*text).unwrap()).collect()
}

/// Changes one setting.
pub(crate) fn change(rng: &mut Rng, config: &mut StreamConfig) {
    match rng.below(9) {
        0..3 => config.messages_per_subject_max = *rng.pick(&[None, Some(1), Some(2), Some(5)]),
        3 => config.age_max = rng.chance(1, 2).then(|| Duration::from_secs(3 + rng.below(8))),
        4 => config.messages_max = rng.chance(1, 2).then(|| 3 + rng.below(10)),
        5 => config.bytes_max = rng.chance(1, 2).then(|| 400 + rng.below(2000)),
        6 => config.discard = *rng.pick(&[Discard::Old, Discard::Old, Discard::New, Discard::NewPerSubject]),
        7 => {
            let headers = Headers::from_pairs([("Nats-Marker-Reason", "MaxAge")]).unwrap();
            let ttl = Duration::from_secs(1 + rng.below(6));
            config.limit_marker = rng.chance(1, 2).then_some(LimitMarker { ttl, headers });
        }
        _ => {
            config.compression = *rng.pick(&[Compression::None, Compression::Lz4]);
            config.subjects = subjects(rng);
        }
    }
}

/// Says what matters of a configuration.
pub(crate) fn describe(config: &StreamConfig) -> String {
    let StreamConfig { name, subjects, messages_max, bytes_max, age_max, discard, compression, .. } = config;
    format!(
        "{name} {subjects:?} history {:?} messages {messages_max:?} bytes {bytes_max:?} age {age_max:?} \
         {discard:?} {compression:?} marker {:?} first {:?}",
        config.messages_per_subject_max,
        config.limit_marker.as_ref().map(|marker| marker.ttl),
        config.first_sequence,
    )
}
