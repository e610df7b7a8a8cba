//! A stream in memory, a clock by hand, and a sink that writes down what it gets.

use crate::consumer::{
    Ack, AckKind, Advisory, ConsumerConfig, ConsumerError, ConsumerInfo, ConsumerKey, ConsumerSet,
    CreateAction, Created, DeliverPolicy, Delivery, Handover, Interest, PullRequest, Sink, Status,
    StreamRules,
};
use jetkv_engine::env::{Clock, Env};
use jetkv_engine::{Append, Purge, Rollup, Store, StoreOptions, Stream, StreamConfig, Sync, Upkeep};
use jetkv_types::{Headers, StreamName, Subject, SubjectFilter, Timestamp};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use testkit::{ManualClock, SeededEntropy};

/// Everything that a test needs.
pub(super) struct World {
    pub(super) store: Store,
    pub(super) stream: Stream,
    pub(super) clock: ManualClock,
    pub(super) set: ConsumerSet,
    pub(super) sink: Recorder,
}

/// Writes down what a set gives, one line for each thing.
#[derive(Default)]
pub(super) struct Recorder {
    /// Subjects at which somebody listens.
    pub(super) listening: BTreeSet<String>,
    /// Subjects at which somebody listens and is busy.
    pub(super) busy: BTreeSet<String>,
    pub(super) lines: Vec<String>,
    /// Bytes of all deliveries, as limits count them.
    pub(super) bytes: u64,
    /// The last pin that a delivery had.
    pub(super) pin: Option<String>,
    /// Happens with every delivery; it is told where the delivery goes.
    pub(super) meanwhile: Option<Meanwhile>,
}

/// What happens with a delivery, whose subject is given.
pub(super) type Meanwhile = Box<dyn FnMut(&str)>;

impl Sink for Recorder {
    fn deliver(&mut self, delivery: &Delivery<'_>) -> Handover {
        if !self.listening.contains(delivery.to) {
            return Handover::NoInterest;
        }
        if self.busy.contains(delivery.to) {
            return Handover::Busy;
        }
        if let Some(meanwhile) = &mut self.meanwhile {
            meanwhile(delivery.to);
        }
        let mut ack = Vec::new();
        delivery.write_ack_subject(&mut ack);
        assert_eq!(ack.len(), delivery.ack_subject_len());
        self.bytes += delivery.counted_bytes();
        let Delivery { to, message, attempt, consumer_seq, pending, .. } = delivery;
        let subject = message.subject.as_str().strip_prefix("s.").unwrap_or(message.subject.as_str());
        let sequence = message.sequence;
        let pin = match delivery.pin {
            Some("") => " unpinned",
            Some(_) => " pinned",
            None => "",
        };
        self.pin = delivery.pin.map(ToOwned::to_owned).or(self.pin.take());
        self.lines.push(format!("{to} {subject} {attempt}.{sequence}.{consumer_seq} +{pending}{pin}"));
        Handover::Taken
    }

    fn status(&mut self, to: &str, status: &Status<'_>) -> Handover {
        if !self.listening.contains(to) {
            return Handover::NoInterest;
        }
        let mut block = Vec::new();
        status.write_block(&mut block);
        let text = String::from_utf8(block).unwrap();
        let text = text.strip_prefix("NATS/1.0 ").unwrap().trim_end().replace("\r\n", ", ");
        let reply = status.reply().map(|reply| format!(" -> {reply}")).unwrap_or_default();
        self.lines.push(format!("{to} {text}{reply}"));
        Handover::Taken
    }

    fn has_interest(&mut self, subject: &str) -> bool {
        self.listening.contains(subject)
    }

    fn advise(&mut self, advisory: &Advisory<'_>) {
        self.lines.push(match advisory {
            Advisory::Abandoned { name, .. } => format!("! {name} abandoned"),
            Advisory::MaxDeliveries { name, stream_seq, deliveries } => {
                format!("! {name} gave up {stream_seq} after {deliveries}")
            }
            Advisory::Naked { name, at, deliveries } => {
                format!("! {name} naked {} after {deliveries}", at.stream_seq)
            }
            Advisory::Terminated { name, at, deliveries, reason } => {
                format!("! {name} terminated {} after {deliveries}: {reason}", at.stream_seq)
            }
            Advisory::Acknowledged { name, at, .. } => format!("! {name} acked {}", at.stream_seq),
            Advisory::Pinned { name, group, .. } => format!("! {name} pinned in {group}"),
            Advisory::Unpinned { name, group, reason } => format!("! {name} unpinned in {group}: {reason}"),
            Advisory::Resumed { name } => format!("! {name} resumed"),
            Advisory::Lost { name, .. } => format!("! {name} lost something"),
        });
    }
}

impl World {
    /// Returns an empty stream of subjects `s.>` that keeps `history` messages of each.
    pub(super) fn new(history: Option<u64>) -> Self {
        Self::with(history, |_| {})
    }

    pub(super) fn with(history: Option<u64>, change: impl FnOnce(&mut StreamConfig)) -> Self {
        let clock = ManualClock::new(Timestamp::from_nanos(1_000_000_000));
        let env = Env { clock: Arc::new(clock.clone()), ..Env::memory() };
        let options = StoreOptions { sync: Sync::Os, upkeep: Upkeep::Manual, ..StoreOptions::default() };
        let store = Store::open(env, Path::new("/data"), options).unwrap();
        let name = StreamName::new("S").unwrap();
        let mut config = StreamConfig::new(name, vec![SubjectFilter::new("s.>").unwrap()]);
        config.messages_per_subject_max = history;
        change(&mut config);
        let stream = store.create_stream(config).unwrap();
        let entropy = Arc::new(SeededEntropy::new(1));
        let set = ConsumerSet::new(stream.clone(), StreamRules::default(), entropy);
        Self { store, stream, clock, set, sink: Recorder::default() }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Stores a message of `s.<key>` with a payload of one byte; returns its sequence.
    pub(super) fn put(&self, key: &str) -> u64 {
        self.put_bytes(key, 1)
    }

    pub(super) fn put_bytes(&self, key: &str, bytes: usize) -> u64 {
        let subject = Subject::new(format!("s.{key}")).unwrap();
        self.stream.append(&[Append::put(&subject, &vec![b'x'; bytes])]).wait().unwrap().last
    }

    pub(super) fn put_all(&self, keys: &str) {
        for key in keys.split(' ') {
            self.put(key);
        }
    }

    /// Stores a message that replaces all of its subject.
    pub(super) fn put_rollup(&self, key: &str) -> u64 {
        let subject = Subject::new(format!("s.{key}")).unwrap();
        let headers = Headers::from_pairs([("Nats-Rollup", "sub")]).unwrap();
        let append = Append { rollup: Rollup::Subject, headers: &headers, ..Append::put(&subject, b"") };
        self.stream.append(&[append]).wait().unwrap().last
    }

    pub(super) fn purge(&mut self, filter: Option<&str>, below: Option<u64>) {
        let filter = filter.map(|text| SubjectFilter::new(text).unwrap());
        self.stream.purge(&Purge { filter: filter.clone(), below, keep: None }).unwrap();
        self.set.purged(filter.as_ref(), self.clock.now()).unwrap();
    }

    pub(super) fn create(&mut self, config: ConsumerConfig) -> Result<Created, ConsumerError> {
        self.create_as(config, CreateAction::CreateOrUpdate)
    }

    pub(super) fn create_as(
        &mut self,
        config: ConsumerConfig,
        action: CreateAction,
    ) -> Result<Created, ConsumerError> {
        let interest = match self.sink.listening.contains(&config.deliver_subject) {
            true => Interest::Present,
            false => Interest::Absent,
        };
        self.set.create(config, action, interest, self.clock.now())
    }

    pub(super) fn key(&self, name: &str) -> ConsumerKey {
        self.set.find(name).unwrap()
    }

    pub(super) fn listen(&mut self, subject: &str) {
        self.sink.listening.insert(subject.into());
    }

    /// Begins to listen, or stops, at the deliver subject of a consumer.
    pub(super) fn interest(&mut self, name: &str, interest: Interest) {
        let key = self.key(name);
        let to = self.info(name).config.deliver_subject.clone();
        match interest {
            Interest::Present => self.sink.listening.insert(to),
            Interest::Absent => self.sink.listening.remove(&to),
        };
        self.set.interest(key, interest, self.clock.now());
    }

    pub(super) fn info(&mut self, name: &str) -> ConsumerInfo {
        let key = self.key(name);
        self.set.info(key, self.clock.now(), &mut self.sink).unwrap()
    }

    /// Returns the figures of a consumer as one line: delivered, ack floor, unacknowledged, redelivered, waiting, pending.
    pub(super) fn figures(&mut self, name: &str) -> String {
        figures(&self.info(name))
    }

    pub(super) fn pump(&mut self) -> Option<Timestamp> {
        self.set.pump(self.clock.now(), 10_000, &mut self.sink).unwrap()
    }

    /// Pumps and returns what came of it.
    pub(super) fn run(&mut self) -> Vec<String> {
        self.pump();
        std::mem::take(&mut self.sink.lines)
    }

    /// Lets time pass from one deadline to the next, and returns what came of it, with the milliseconds that had passed.
    pub(super) fn wait_ms(&mut self, span: u64) -> Vec<String> {
        let begin = self.now();
        let end = begin.saturating_add(Duration::from_millis(span));
        let mut timeline = Vec::new();
        loop {
            let next = self.pump();
            let passed = self.now().since(begin).as_millis();
            timeline.extend(self.sink.lines.drain(..).map(|line| format!("{passed}: {line}")));
            match next.filter(|at| *at <= end) {
                Some(at) => {
                    assert!(at > self.now(), "a pump with budget to spare must not be called again at once");
                    self.clock.set(at);
                }
                None => break,
            }
        }
        self.clock.set(end);
        self.pump();
        timeline.extend(self.sink.lines.drain(..).map(|line| format!("{span}: {line}")));
        timeline
    }

    pub(super) fn pull(&mut self, name: &str, reply: &str, request: &PullRequest) -> Vec<String> {
        self.listen(reply);
        let key = self.key(name);
        self.set.pull(key, reply, request, self.clock.now(), &mut self.sink);
        self.run()
    }

    pub(super) fn ack(
        &mut self,
        name: &str,
        stream_seq: u64,
        consumer_seq: u64,
        kind: &AckKind,
    ) -> Vec<String> {
        let key = self.key(name);
        let ack = Ack { stream_seq, consumer_seq, kind, reply: Some("next") };
        self.set.ack(key, &ack, self.clock.now(), &mut self.sink);
        self.run()
    }
}

pub(super) fn figures(info: &ConsumerInfo) -> String {
    format!(
        "d {}/{} f {}/{} ap {} rd {} w {} p {}",
        info.delivered.consumer_seq,
        info.delivered.stream_seq,
        info.ack_floor.consumer_seq,
        info.ack_floor.stream_seq,
        info.num_ack_pending,
        info.num_redelivered,
        info.num_waiting,
        info.num_pending
    )
}

/// Returns a push consumer named `name` that delivers everything to `to.<name>`.
pub(super) fn push(name: &str) -> ConsumerConfig {
    ConsumerConfig { deliver_subject: format!("to.{name}"), ..pull_from(name) }
}

/// Returns a pull consumer.
pub(super) fn pull_from(name: &str) -> ConsumerConfig {
    ConsumerConfig { name: name.into(), ..ConsumerConfig::default() }
}

/// Returns a watch as the official clients begin it: the last of each subject, flow control and heartbeats.
pub(super) fn watch(name: &str, filter: &str) -> ConsumerConfig {
    ConsumerConfig {
        deliver_policy: DeliverPolicy::LastPerSubject,
        filter_subject: filter.into(),
        flow_control: true,
        idle_heartbeat: 5_000_000_000,
        max_deliver: 1,
        ..push(name)
    }
}

pub(super) const MS: i64 = 1_000_000;
