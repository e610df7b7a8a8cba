//! Random histories: writers, removals, clients that come, go, are slow and lie, restarts. Every delivery is judged when
//! it is made, against the stream itself.

use super::world::MS;
use crate::consumer::{
    Ack, AckKind, AckPolicy, Advisory, ConsumerConfig, ConsumerSet, CreateAction, DeliverPolicy, Delivery,
    Handover, Interest, PullRequest, Sink, Status, StreamRules,
};
use jetkv_engine::env::{Clock, Env};
use jetkv_engine::{Append, Purge, Rollup, Select, Store, StoreOptions, Stream, StreamConfig, Sync, Upkeep};
use jetkv_types::{StreamName, Subject, SubjectFilter, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use testkit::{ManualClock, Rng, SeededEntropy};

/// What is known of one consumer, and what it did.
#[derive(Debug, Default)]
struct Client {
    filters: Vec<SubjectFilter>,
    acks: bool,
    durable: bool,
    /// No message below was to be delivered, nor any of `excluded`.
    start: u64,
    excluded: BTreeSet<u64>,
    last: u64,
    consumer_seq: u64,
    present: bool,
    busy: bool,
    /// Where an answer to flow control is awaited.
    asked: Option<String>,
    /// Delivered and not acknowledged, with the number of attempts.
    open: BTreeMap<u64, (u64, u64)>,
    done: BTreeSet<u64>,
    /// What the deliveries of this pump said of pending, and whether the client stopped them.
    pending: Vec<u64>,
    stopped: bool,
}

impl Client {
    fn matches(&self, subject: &str) -> bool {
        self.filters.iter().any(|filter| filter.matches(subject))
    }
}

struct Judge {
    stream: Stream,
    clients: BTreeMap<String, Client>,
    /// Subject of every message that was ever stored.
    subjects: BTreeMap<u64, String>,
    seed: u64,
}

impl Judge {
    /// Returns the messages that a client has still to get.
    fn left(&self, client: &Client) -> Vec<u64> {
        let from = client.start.max(client.last + 1);
        let due = |(sequence, subject): &(&u64, &String)| {
            client.matches(subject) && !client.excluded.contains(sequence) && self.stream.is_live(**sequence)
        };
        self.subjects.range(from..).filter(due).map(|(sequence, _)| *sequence).collect()
    }
}

impl Sink for Judge {
    fn deliver(&mut self, delivery: &Delivery<'_>) -> Handover {
        let seed = self.seed;
        let name = delivery.to.to_owned();
        let Some(mut client) = self.clients.remove(&name) else { return Handover::NoInterest };
        let message = delivery.message;
        let sequence = message.sequence;
        let handover = match (client.present, client.busy) {
            (false, _) => Handover::NoInterest,
            (true, true) => Handover::Busy,
            (true, false) => Handover::Taken,
        };
        if handover != Handover::Taken {
            client.stopped = true;
            self.clients.insert(name, client);
            return handover;
        }
        assert_eq!(Some(message.subject.as_str()), self.subjects.get(&sequence).map(String::as_str));
        assert!(client.matches(message.subject.as_str()), "seed {seed}: {name} got a foreign {sequence}");
        assert_eq!(delivery.consumer_seq, client.consumer_seq + 1, "seed {seed}: {name} has a gap");
        client.consumer_seq += 1;
        if delivery.attempt > 1 {
            let (attempts, _) = client.open.get(&sequence).copied().unwrap_or_default();
            assert_eq!(delivery.attempt, attempts + 1, "seed {seed}: {name} attempt of {sequence}");
        } else {
            assert!(sequence >= client.start, "seed {seed}: {name} got {sequence} before its start");
            assert!(sequence > client.last, "seed {seed}: {name} got {sequence} after {}", client.last);
            assert!(!client.excluded.contains(&sequence), "seed {seed}: {name} got an old {sequence}");
            let left = self.left(&client);
            let passed: Vec<_> = left.iter().filter(|left| **left < sequence).collect();
            assert!(passed.is_empty(), "seed {seed}: {name} passed over {passed:?} to {sequence}");
            client.last = sequence;
            let behind = u64::try_from(left.iter().filter(|left| **left > sequence).count()).unwrap();
            assert!(delivery.pending >= behind, "seed {seed}: {name} {sequence} says {}", delivery.pending);
            client.pending.push(delivery.pending);
        }
        assert!(!client.done.contains(&sequence), "seed {seed}: {name} got {sequence} after its ack");
        if client.acks {
            client.open.insert(sequence, (delivery.attempt, delivery.consumer_seq));
        }
        self.clients.insert(name, client);
        Handover::Taken
    }

    fn status(&mut self, to: &str, status: &Status<'_>) -> Handover {
        let seed = self.seed;
        let Some(client) = self.clients.get_mut(to) else { return Handover::NoInterest };
        match status {
            Status::IdleHeartbeat { last_consumer, .. } => {
                assert_eq!(*last_consumer, client.consumer_seq, "seed {seed}: {to}");
            }
            Status::FlowControl { reply } => client.asked = Some((*reply).into()),
            _ => {}
        }
        if client.present { Handover::Taken } else { Handover::NoInterest }
    }

    fn has_interest(&mut self, subject: &str) -> bool {
        self.clients.get(subject).is_some_and(|client| client.present)
    }

    fn advise(&mut self, advisory: &Advisory<'_>) {
        assert!(!matches!(advisory, Advisory::Lost { .. }), "seed {}: {advisory:?}", self.seed);
    }
}

struct Story {
    rng: Rng,
    clock: ManualClock,
    store: Store,
    set: ConsumerSet,
    judge: Judge,
    names: u64,
}

const KEYS: &[&str] = &["a", "b", "c.x", "c.y", "d.x.y"];
const FILTERS: &[&[&str]] =
    &[&["s.>"], &["s.a"], &["s.c.*"], &["s.a", "s.c.>"], &["s.*", "s.d.x.*"], &["s.none"]];

impl Story {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let clock = ManualClock::new(Timestamp::from_nanos(1_000_000_000));
        let env = Env { clock: Arc::new(clock.clone()), ..Env::memory() };
        let recent_bytes_max = *rng.pick(&[0, 2_000, 1 << 20]);
        let options = StoreOptions {
            sync: Sync::Os,
            upkeep: Upkeep::Manual,
            segment_bytes_min: 512,
            segment_bytes_max: 4096,
            recent_bytes_max,
            ..StoreOptions::default()
        };
        let store = Store::open(env, Path::new("/data"), options).unwrap();
        let mut config =
            StreamConfig::new(StreamName::new("S").unwrap(), vec![SubjectFilter::new("s.>").unwrap()]);
        config.messages_per_subject_max = *rng.pick(&[None, Some(1), Some(3)]);
        config.age_max = *rng.pick(&[None, Some(Duration::from_secs(20))]);
        let stream = store.create_stream(config).unwrap();
        let set =
            ConsumerSet::new(stream.clone(), StreamRules::default(), Arc::new(SeededEntropy::new(seed)));
        let judge = Judge { stream, clients: BTreeMap::new(), subjects: BTreeMap::new(), seed };
        Self { rng, clock, store, set, judge, names: 0 }
    }

    fn step(&mut self) {
        match self.rng.below(20) {
            0..7 => self.put(),
            7 => self.remove(),
            8 | 9 => self.create(),
            10..13 => self.client(),
            13 => self.delete(),
            14 => self.restart(),
            15 => {
                self.clock.advance(Duration::from_millis(self.rng.below(3_000)));
                self.store.run_upkeep().unwrap();
            }
            16 => self.pump(1 + self.rng.clone().index(20)),
            _ => self.pump(usize::MAX),
        }
        if self.rng.chance(1, 10) {
            self.check_figures();
        }
    }

    fn put(&mut self) {
        for _ in 0..=self.rng.below(12) {
            let key = format!("s.{}", self.rng.pick(KEYS));
            let subject = Subject::new(key.clone()).unwrap();
            let rollup = if self.rng.chance(1, 20) { Rollup::Subject } else { Rollup::None };
            // Large enough that windows fill and recent messages are dropped.
            let payload = vec![0; if self.rng.chance(1, 50) { 300_000 } else { 20 }];
            let append = Append { rollup, ..Append::put(&subject, &payload) };
            let committed = self.judge.stream.append(&[append]).wait().unwrap();
            self.judge.subjects.insert(committed.last, key);
        }
    }

    fn remove(&mut self) {
        let last = self.judge.stream.last_sequence();
        if self.rng.chance(1, 2) {
            self.judge.stream.remove(1 + self.rng.below(last.max(1))).unwrap();
            return;
        }
        let filter = format!("s.{}", self.rng.pick(KEYS));
        let filter = self.rng.chance(1, 2).then(|| SubjectFilter::new(filter).unwrap());
        let below = self.rng.chance(1, 2).then(|| 1 + self.rng.below(last + 2));
        self.judge.stream.purge(&Purge { filter: filter.clone(), below, keep: None }).unwrap();
        self.set.purged(filter.as_ref(), self.clock.now()).unwrap();
    }

    fn create(&mut self) {
        if self.judge.clients.len() >= 12 {
            return;
        }
        self.names += 1;
        let name = format!("c{}", self.names);
        let (push, acks, durable) = (self.rng.chance(2, 3), self.rng.chance(1, 3), self.rng.chance(1, 3));
        let filters = *self.rng.pick(FILTERS);
        let stream = &self.judge.stream;
        let last = stream.last_sequence();
        use DeliverPolicy::{All, ByStartSequence, Last, LastPerSubject, New};
        let policy = *self.rng.pick(&[All, All, ByStartSequence, Last, LastPerSubject, LastPerSubject, New]);
        let opt_start_seq = 1 + self.rng.below(last + 5);
        let config = ConsumerConfig {
            name: name.clone(),
            durable_name: if durable { name.clone() } else { String::new() },
            deliver_subject: if push { name.clone() } else { String::new() },
            filter_subjects: filters.iter().map(|text| (*text).into()).collect(),
            deliver_policy: policy,
            opt_start_seq: if policy == ByStartSequence { opt_start_seq } else { 0 },
            ack_policy: if acks { AckPolicy::Explicit } else { AckPolicy::None },
            ack_wait: 2_000 * MS,
            max_ack_pending: if acks { 1 + i64::try_from(self.rng.below(20)).unwrap() } else { 0 },
            flow_control: push && !acks,
            idle_heartbeat: if push { 1_000 * MS } else { 0 },
            inactive_threshold: 1_000_000 * MS,
            ..ConsumerConfig::default()
        };
        let filters: Vec<_> = filters.iter().map(|text| SubjectFilter::new(*text).unwrap()).collect();
        let mut client = Client { filters, acks, durable, ..Client::default() };
        match policy {
            All => {}
            New => client.start = last + 1,
            ByStartSequence => client.start = opt_start_seq,
            Last => {
                let last = stream.select(&client.filters, Select::All, 1).unwrap().sequences.last().copied();
                client.start = last.unwrap_or(0);
            }
            LastPerSubject => {
                let chosen = stream.select(&client.filters, Select::LastPerSubject, 1).unwrap().sequences;
                client.excluded = (1..=last).filter(|sequence| !chosen.contains(sequence)).collect();
            }
            DeliverPolicy::ByStartTime => unreachable!("not drawn"),
        }
        client.present = self.rng.chance(2, 3);
        let interest = if client.present { Interest::Present } else { Interest::Absent };
        let created = self.set.create(config, CreateAction::Create, interest, self.clock.now()).unwrap().info;
        let left = self.judge.left(&client);
        assert_eq!(created.num_pending, u64::try_from(left.len()).unwrap(), "seed {}", self.judge.seed);
        self.judge.clients.insert(name, client);
    }

    /// One client does something.
    fn client(&mut self) {
        let names: Vec<_> = self.judge.clients.keys().cloned().collect();
        if names.is_empty() {
            return;
        }
        let name = self.rng.pick(&names).clone();
        let now = self.clock.now();
        let key = self.set.find(&name).unwrap();
        let is_push = self.set.config(key).unwrap().is_push();
        let client = self.judge.clients.get_mut(&name).unwrap();
        match self.rng.below(6) {
            0 => {
                client.present = !client.present;
                // The set may learn of it only when nobody takes a delivery; that somebody came it is told.
                if client.present || self.rng.chance(1, 2) {
                    let interest = if client.present { Interest::Present } else { Interest::Absent };
                    self.set.interest(key, interest, now);
                }
            }
            1 => {
                client.busy = !client.busy;
                self.set.resume(key);
            }
            2 => {
                if let Some(subject) = client.asked.take() {
                    self.set.flow_answer(key, &subject);
                }
            }
            _ if !is_push && self.rng.chance(1, 2) => {
                let request = PullRequest {
                    batch: 1 + i64::try_from(self.rng.below(10)).unwrap(),
                    expires: if self.rng.chance(1, 2) { 4_000 * MS } else { 0 },
                    no_wait: self.rng.chance(1, 4),
                    ..PullRequest::default()
                };
                self.set.pull(key, &name, &request, now, &mut self.judge);
            }
            _ => {
                let open: Vec<_> = client.open.iter().map(|(seq, found)| (*seq, *found)).collect();
                for (stream_seq, (_, consumer_seq)) in open {
                    let delay = self.rng.chance(1, 2).then(|| Duration::from_millis(500));
                    let kind = match self.rng.below(4) {
                        0 => AckKind::Nak { delay },
                        1 => AckKind::Progress,
                        _ => AckKind::Ack,
                    };
                    let ack = Ack { stream_seq, consumer_seq, kind: &kind, reply: None };
                    if kind == AckKind::Ack {
                        let client = self.judge.clients.get_mut(&name).unwrap();
                        client.open.remove(&stream_seq);
                        client.done.insert(stream_seq);
                    }
                    self.set.ack(key, &ack, now, &mut self.judge);
                }
            }
        }
    }

    fn delete(&mut self) {
        let names: Vec<_> = self.judge.clients.keys().cloned().collect();
        if names.len() > 6 {
            let name = self.rng.pick(&names);
            let key = self.set.find(name).unwrap();
            self.judge.clients.remove(name);
            self.set.delete(key, &mut self.judge).unwrap();
        }
    }

    /// The server stops and starts: durable consumers come back, the others are gone, and all clients have to come anew.
    fn restart(&mut self) {
        let entropy = Arc::new(SeededEntropy::new(self.rng.next_u64()));
        let mut set = ConsumerSet::new(self.judge.stream.clone(), StreamRules::default(), entropy);
        self.judge.clients.retain(|_, client| client.durable);
        for (name, client) in &mut self.judge.clients {
            let key = self.set.find(name).unwrap();
            let snapshot = self.set.snapshot(key).unwrap();
            set.restore(&snapshot, self.clock.now()).unwrap();
            (client.present, client.busy, client.asked) = (false, false, None);
            // The list of the last ones is not kept: what is behind the last delivery comes, all of it.
            client.start = client.start.max(snapshot.delivered.stream_seq + 1);
            client.excluded.clear();
        }
        self.set = set;
    }

    fn pump(&mut self, budget: usize) {
        let seed = self.judge.seed;
        for client in self.judge.clients.values_mut() {
            client.pending.clear();
            client.stopped = false;
        }
        let now = self.clock.now();
        let next = self.set.pump(now, budget, &mut self.judge).unwrap();
        if budget < usize::MAX {
            return;
        }
        assert!(next.is_none_or(|at| at > now), "seed {seed}: a pump must get done");
        for name in self.judge.clients.keys().cloned().collect::<Vec<_>>() {
            let key = self.set.find(&name).unwrap();
            let waiting = self.set.info(key, now, &mut self.judge).unwrap().num_waiting;
            let config = self.set.config(key).unwrap();
            let client = &self.judge.clients[&name];
            let is_full = client.acks && i64::try_from(client.open.len()).unwrap() >= config.max_ack_pending;
            let is_free = client.present
                && !client.busy
                && !client.stopped
                && !is_full
                && client.asked.is_none()
                && (config.is_push() || waiting > 0);
            if !is_free {
                continue;
            }
            // Nothing holds it back: it has everything, and each delivery told how many were to come.
            let count = u64::try_from(client.pending.len()).unwrap();
            let expected: Vec<_> = (0..count).rev().collect();
            assert_eq!(client.pending, expected, "seed {seed}: {name}");
            let left = self.judge.left(client);
            assert!(left.is_empty(), "seed {seed}: {name} lacks {left:?}, {client:?}, {config:?}");
        }
    }

    fn check_figures(&mut self) {
        self.pump(usize::MAX);
        let seed = self.judge.seed;
        for name in self.judge.clients.keys().cloned().collect::<Vec<_>>() {
            let key = self.set.find(&name).unwrap();
            let info = self.set.info(key, self.clock.now(), &mut self.judge).unwrap();
            let client = &self.judge.clients[&name];
            let left = self.judge.left(client);
            assert_eq!(info.num_pending, u64::try_from(left.len()).unwrap(), "seed {seed}: {name}");
            assert_eq!(info.delivered.consumer_seq, client.consumer_seq, "seed {seed}: {name}");
            assert!(info.ack_floor.consumer_seq <= info.delivered.consumer_seq);
            let open = client.open.keys().filter(|sequence| self.judge.stream.is_live(**sequence)).count();
            assert_eq!(info.num_ack_pending, u64::try_from(open).unwrap(), "seed {seed}: {name}");
        }
    }
}

fn tell(seed: u64, steps: u64) {
    let mut story = Story::new(seed);
    for _ in 0..steps {
        story.step();
    }
    story.check_figures();
}

/// A watcher sees each matching revision once, in order, without a gap, and is told the truth about what is to come.
#[test]
fn deliveries_are_complete_ordered_and_honest() {
    let number = |variable| std::env::var(variable).ok().map(|text: String| text.parse::<u64>().unwrap());
    let first = number("JETKV_SEED").unwrap_or(0);
    let count = number("JETKV_SEEDS").unwrap_or(if first == 0 { 100 } else { 1 });
    for seed in first..first + count {
        tell(seed, 300);
    }
}
