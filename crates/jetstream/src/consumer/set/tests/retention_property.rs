//! Random histories of streams that keep messages only for their consumers, against a plain model; restarts among them, some
//! of which lose removals that had not been made.

use super::world::{World, pull_from};
use crate::Retention;
use crate::consumer::{AckKind, AckPolicy, ConsumerConfig, ConsumerSet, PullRequest, StreamRules};
use jetkv_engine::{Append, Keeping};
use jetkv_types::Subject;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use testkit::{Rng, SeededEntropy};

/// A consumer as its client knows it.
#[derive(Debug, Default)]
struct Client {
    filter: String,
    /// The last message that it got, or that it did not want when its filter changed.
    last: u64,
    /// Delivered and not settled, with the number of the delivery.
    open: BTreeMap<u64, u64>,
    given_up: BTreeSet<u64>,
}

struct Story {
    world: World,
    rng: Rng,
    retention: Retention,
    clients: BTreeMap<String, Client>,
    /// The key of each message that must be there.
    live: BTreeMap<u64, String>,
    seed: u64,
}

const KEYS: [&str; 3] = ["a", "b", "c"];

fn rules(retention: Retention) -> StreamRules {
    StreamRules { retention, ..StreamRules::default() }
}

fn matches(filter: &str, key: &str) -> bool {
    filter == "s.>" || filter.strip_prefix("s.") == Some(key)
}

impl Client {
    fn waits_for(&self, sequence: u64, key: &str) -> bool {
        let is_owed =
            sequence > self.last || self.open.contains_key(&sequence) || self.given_up.contains(&sequence);
        is_owed && matches(&self.filter, key)
    }
}

impl Story {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let retention = *rng.pick(&[Retention::Interest, Retention::WorkQueue]);
        let mut world = World::new(None);
        world.set.configure(rules(retention));
        world.listen("r");
        Self { world, rng, retention, clients: BTreeMap::new(), live: BTreeMap::new(), seed }
    }

    fn step(&mut self) {
        match self.rng.below(20) {
            0..7 => self.put(),
            7..10 => self.pull(),
            10..15 => self.answer(),
            15 | 16 => self.create(),
            17 => self.delete(),
            18 => self.change_filter(),
            _ => return self.restart(),
        }
        self.check();
    }

    fn put(&mut self) {
        let key = *self.rng.pick(&KEYS);
        let subject = Subject::new(format!("s.{key}")).unwrap();
        let wanted = self.retention == Retention::WorkQueue || self.world.set.wants(&subject);
        let is_wanted = self.clients.values().any(|client| matches(&client.filter, key));
        assert_eq!(wanted, is_wanted || self.retention == Retention::WorkQueue);
        let keeping = if wanted { Keeping::Kept } else { Keeping::Passed };
        let append = Append { keeping, ..Append::put(&subject, b"x") };
        let sequence = self.world.stream.append(&[append]).wait().unwrap().last;
        if wanted {
            self.live.insert(sequence, key.to_owned());
        }
    }

    fn any(&mut self) -> Option<String> {
        let names: Vec<_> = self.clients.keys().cloned().collect();
        if names.is_empty() { None } else { Some(self.rng.pick(&names).clone()) }
    }

    fn pull(&mut self) {
        let Some(name) = self.any() else { return };
        let batch = 1 + i64::from(self.rng.chance(1, 2));
        let request = PullRequest { batch, no_wait: true, ..PullRequest::default() };
        let lines = self.world.pull(&name, "r", &request);
        let client = self.clients.get_mut(&name).unwrap();
        for line in lines {
            let mut words = line.split(' ').skip(1);
            let (key, numbers) = (words.next().unwrap(), words.next().unwrap());
            let numbers: Vec<u64> = numbers.split('.').filter_map(|number| number.parse().ok()).collect();
            let [_, sequence, consumer_seq] = numbers[..] else { continue };
            assert_eq!(self.live.get(&sequence).map(String::as_str), Some(key), "seed {}: {line}", self.seed);
            assert!(client.waits_for(sequence, key), "seed {}: {name} {line}", self.seed);
            client.last = client.last.max(sequence);
            client.open.insert(sequence, consumer_seq);
        }
    }

    /// Acknowledges, gives up, or refuses what was delivered.
    fn answer(&mut self) {
        let Some(name) = self.any() else { return };
        let client = self.clients.get_mut(&name).unwrap();
        let known: Vec<_> = client.open.keys().chain(&client.given_up).copied().collect();
        if known.is_empty() {
            return;
        }
        let sequence = *self.rng.pick(&known);
        let consumer_seq = client.open.get(&sequence).copied().unwrap_or(0);
        let kind = match self.rng.below(6) {
            0 => AckKind::Nak { delay: None },
            1 => AckKind::Term { reason: String::new() },
            _ => AckKind::Ack,
        };
        let refused = matches!(kind, AckKind::Nak { .. });
        let pending = client.open.remove(&sequence).is_some();
        if !refused {
            client.given_up.remove(&sequence);
            // What was delivered under an earlier filter may be gone.
            if let Some(key) = self.live.get(&sequence).cloned()
                && !self.clients.values().any(|client| client.waits_for(sequence, &key))
            {
                self.live.remove(&sequence);
            }
        } else if pending {
            // It may be delivered once.
            client.given_up.insert(sequence);
        }
        self.world.ack(&name, sequence, consumer_seq, &kind);
    }

    fn create(&mut self) {
        let name = format!("c{}", self.rng.below(4));
        let filter = self.filter();
        if self.clients.contains_key(&name) || !self.may_have(&name, &filter) {
            return;
        }
        self.world.create(config(&name, &filter)).unwrap();
        self.clients.insert(name, Client { filter, ..Client::default() });
    }

    fn filter(&mut self) -> String {
        format!("s.{}", self.rng.pick(&["a", "b", "c", ">"]))
    }

    /// Says whether the rules of a work queue permit a filter.
    fn may_have(&self, name: &str, filter: &str) -> bool {
        let overlaps = |other: &Client| other.filter == "s.>" || filter == "s.>" || other.filter == filter;
        let mut others = self.clients.iter().filter(|(other, _)| *other != name);
        self.retention == Retention::Interest || !others.any(|(_, other)| overlaps(other))
    }

    fn delete(&mut self) {
        let Some(name) = self.any() else { return };
        let key = self.world.key(&name);
        self.world.set.delete(key, &mut self.world.sink).unwrap();
        let gone = self.clients.remove(&name).unwrap();
        self.leave_behind(&gone.filter);
    }

    fn change_filter(&mut self) {
        let Some(name) = self.any() else { return };
        let filter = self.filter();
        if !self.may_have(&name, &filter) {
            return;
        }
        self.world.create(config(&name, &filter)).unwrap();
        let client = self.clients.get_mut(&name).unwrap();
        let before = std::mem::replace(&mut client.filter, filter);
        if before != client.filter {
            self.leave_behind(&before);
        }
    }

    /// Where interest decides, what nobody waits for any more goes.
    fn leave_behind(&mut self, filter: &str) {
        if self.retention == Retention::Interest {
            let clients = &self.clients;
            self.live.retain(|sequence, key| {
                !matches(filter, key) || clients.values().any(|client| client.waits_for(*sequence, key))
            });
        }
    }

    fn restart(&mut self) {
        // Sometimes the last removals are lost: they are made again.
        if self.rng.chance(1, 2) {
            self.check();
        }
        let entropy = Arc::new(SeededEntropy::new(self.rng.below(100)));
        let mut set = ConsumerSet::new(self.world.stream.clone(), rules(self.retention), entropy);
        for key in self.world.set.names(None).map(|(_, key)| key).collect::<Vec<_>>() {
            set.restore(&self.world.set.snapshot(key).unwrap(), self.world.now()).unwrap();
        }
        self.world.set = set;
        self.world.set.sweep().unwrap();
        self.check();
    }

    fn check(&mut self) {
        if let Some(commit) = self.world.set.discard() {
            commit.wait().unwrap();
        }
        let stream = &self.world.stream;
        let there: Vec<_> =
            (1..=stream.last_sequence()).filter(|sequence| stream.is_live(*sequence)).collect();
        let expected: Vec<_> = self.live.keys().copied().collect();
        assert_eq!(there, expected, "seed {} {:?}: {:?}", self.seed, self.retention, self.clients);
    }
}

fn config(name: &str, filter: &str) -> ConsumerConfig {
    ConsumerConfig {
        ack_policy: AckPolicy::Explicit,
        durable_name: name.into(),
        filter_subject: filter.into(),
        max_deliver: 1,
        ..pull_from(name)
    }
}

#[test]
fn nothing_that_is_waited_for_goes_and_nothing_else_stays() {
    let number = |variable| std::env::var(variable).ok().map(|text: String| text.parse::<u64>().unwrap());
    let first = number("JETKV_SEED").unwrap_or(0);
    let count = number("JETKV_SEEDS").unwrap_or(if first == 0 { 200 } else { 1 });
    for seed in first..first + count {
        let mut story = Story::new(seed);
        for _ in 0..200 {
            story.step();
        }
    }
}
