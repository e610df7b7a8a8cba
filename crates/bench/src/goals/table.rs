//! The goals themselves: those of the wire, of the process, and the few that the README shows.

use super::Bound::{AtLeast, AtMost};
use super::{Figure, Goal, Peer};

const fn goal(
    work: &'static str,
    bound: super::Bound,
    ours: Figure,
    peer: Peer,
    missed: &'static str,
) -> Goal {
    Goal { work, bound, ours, peer, missed }
}

const fn net(work: &'static str, measure: &'static str) -> Figure {
    Figure { section: "network", work, measure }
}

const fn restart(work: &'static str, measure: &'static str) -> Figure {
    Figure { section: "restart", work, measure }
}

const fn embedded(work: &'static str, measure: &'static str) -> Figure {
    Figure { section: "embedded", work, measure }
}

/// Server CPU of requests, the steadiest of their figures.
const CPU: &str = "server CPU, µs/request";
const PER_KEY: &str = "server CPU, µs/key";
const P50: &str = "p50, µs";

/// Engines whose unsynced puts survive a crash of the process, and all that can be compared.
const SAFE: Peer = Peer::Best(&["fjall", "rocksdb", "lmdb"]);
const ANY: Peer = Peer::Best(&["fjall", "rocksdb", "lmdb", "redb", "sled", "sqlite"]);
const LMDB: Peer = Peer::Best(&["lmdb"]);

/// One byte to another thread and back, one write to a file, one sync.
const TRIP: Figure = net(crate::probes::TRIP, crate::probes::MEASURE);
const WRITE: Figure = net(crate::probes::WRITE, crate::probes::MEASURE);
const SYNC: Figure = net(crate::probes::SYNC, crate::probes::MEASURE);
const OWN_SYNC: Figure = embedded(crate::probes::SYNC, crate::probes::MEASURE);

const IN_PLACE: &str = "the kernel's part (socket, one write for each group of puts) is half of what is left; docs/adr/0009 tells the rest";
const FEW_IN_FLIGHT: &str = "with one request in flight every request pays its own wake-up, read and write in the kernel; looking instead of sleeping did not \
    help (docs/adr/0009)";
const ON_DISK: &str = "values of neighbouring keys lie all over the log and each is a read of its own; it needs a cache of blocks or values \
    that are stored in the order of keys";
const IN_ANY_ORDER: &str = "values of neighbouring keys lie all over the log, so that each is some waits for memory, where LMDB has them in a row; it \
    needs values that are stored in the order of keys";
const WHOLE_SYNC: &str = "a busy disk makes its own times; compare both with the sync of the same run";
const HANDED_OVER: &str = "each of the threads sleeps and is woken once for each put, and two processors share the switching; tasks \
    that share a thread would not need it";
const INDEX_AND_SYNC: &str = "a quarter is the sync of 160 kB; most of the rest waits for memory, as each key is looked up among a million and \
    what it displaces is found; upkeep rewrites beside it";

/// Every goal, in the order of the table.
pub(super) const GOALS: &[Goal] = &[
    goal(
        "put, 1,000 in flight: server CPU",
        AtMost(0.2),
        net("put, 1,000 in flight", CPU),
        Peer::Reference,
        IN_PLACE,
    ),
    goal(
        "get, 1,000 in flight: server CPU",
        AtMost(0.2),
        net("get, 1,000 in flight", CPU),
        Peer::Reference,
        IN_PLACE,
    ),
    goal(
        "compare-and-set, 1,000 in flight: server CPU",
        AtMost(0.25),
        net("compare-and-set, 1,000 in flight", CPU),
        Peer::Reference,
        "as a put, and the header with the condition is read as well",
    ),
    goal(
        "put, one in flight: p50",
        AtMost(1.2),
        net("put, one in flight", P50),
        Peer::Machine(&[(1.0, TRIP), (1.0, WRITE)]),
        FEW_IN_FLIGHT,
    ),
    goal(
        "put, one in flight: server CPU",
        AtMost(0.334),
        net("put, one in flight", CPU),
        Peer::Reference,
        FEW_IN_FLIGHT,
    ),
    goal(
        "get, one in flight: p50",
        AtMost(1.15),
        net("get, one in flight", P50),
        Peer::Machine(&[(1.0, TRIP)]),
        FEW_IN_FLIGHT,
    ),
    goal(
        "get, one in flight: server CPU",
        AtMost(0.334),
        net("get, one in flight", CPU),
        Peer::Reference,
        FEW_IN_FLIGHT,
    ),
    goal(
        "90 % get, 10 % put, 1,000 in flight: server CPU",
        AtMost(0.2),
        net("90 % get, 10 % put, 1,000 in flight", CPU),
        Peer::Reference,
        IN_PLACE,
    ),
    goal(
        "put, synced before the ack, 1,000 in flight: rate",
        AtLeast(20.0),
        net("put, synced before the ack, 1,000 in flight", "requests/s"),
        Peer::Reference,
        WHOLE_SYNC,
    ),
    goal(
        "put, synced before the ack, 1,000 in flight: syncs per put",
        AtMost(1.0),
        net("put, synced before the ack, 1,000 in flight", "syncs/put"),
        Peer::Fixed(0.02),
        "fewer puts share a sync than are in flight",
    ),
    goal(
        "put, synced before the ack, one in flight: p50",
        AtMost(1.0),
        net("put, synced before the ack, one in flight", P50),
        Peer::Machine(&[(1.0, TRIP), (1.2, SYNC)]),
        WHOLE_SYNC,
    ),
    goal(
        "watch by 8, for each delivery: server CPU",
        AtMost(0.167),
        net("watch by 8 behind 1,000 puts in flight", "server CPU with the puts, µs/delivery"),
        Peer::Reference,
        "each watcher has a control line of its own, and each connection a write of its own in the kernel",
    ),
    goal(
        "watch by 8, 1,000 puts/s, put to event: p50",
        AtMost(0.5),
        net("watch by 8, 1,000 puts/s", P50),
        Peer::Reference,
        FEW_IN_FLIGHT,
    ),
    goal(
        "initial values, for each key: server CPU",
        AtMost(0.334),
        net("initial values of", PER_KEY),
        Peer::Reference,
        ON_DISK,
    ),
    goal(
        "list of keys, for each key: server CPU",
        AtMost(0.334),
        net("list of", PER_KEY),
        Peer::Reference,
        "a listing of an official client is a watch that wants headers only; it is read from the log for its headers and its size",
    ),
    goal(
        "list of a subtree of 1,000 in the large bucket: server CPU",
        AtMost(0.01),
        restart("list of a subtree of 1,000", PER_KEY),
        Peer::Reference,
        "what nats-server pays grows with the bucket, ours does not; half of it is one positioned read for each value, since neighbouring keys lie all over the log (docs/adr/0011)",
    ),
    goal(
        "put into a history of 64: server CPU",
        AtMost(0.2),
        net("put into a history of 64", CPU),
        Peer::Reference,
        IN_PLACE,
    ),
    goal(
        "publish and subscribe without a stream: server CPU",
        AtMost(1.0),
        net("publish and subscribe", "server CPU, µs/message"),
        Peer::Reference,
        "it should be level",
    ),
    goal(
        "memory after the load of the large bucket",
        AtMost(0.334),
        restart("the bucket after its load", "resident memory, MB"),
        Peer::Reference,
        "82 bytes of index for each key",
    ),
    goal(
        "memory after all of it was overwritten",
        AtMost(0.334),
        restart("the bucket after all was overwritten", "resident memory, MB"),
        Peer::Reference,
        "82 bytes of index for each key, and compaction under way",
    ),
    goal(
        "memory for each idle connection",
        AtMost(1.0),
        net("idle connections", "resident memory, bytes each"),
        Peer::Fixed(10_000.0),
        "buffers of a task",
    ),
    goal(
        "disk for each key, loaded then half overwritten",
        AtMost(1.0),
        restart("the bucket after half was overwritten", "disk, bytes/key"),
        Peer::Fixed(200.0),
        "what lives takes 203 already, a head and a hint for each; shorter ones need format version 2 (docs/adr/0008), and compaction \
         earlier than at one dead byte for two live ones costs CPU time for each put (docs/adr/0009)",
    ),
    goal(
        "ready after kill -9",
        AtMost(0.125),
        restart("ready after kill -9", "ms"),
        Peer::Reference,
        "opening reads the hints of every segment and fills the table of subjects",
    ),
    goal(
        "ready after a clean stop",
        AtMost(0.25),
        restart("ready after a clean stop", "ms"),
        Peer::Reference,
        "opening reads the hints of every segment and fills the table of subjects",
    ),
    goal(
        "embedded put, not synced: CPU",
        AtMost(0.334),
        embedded("put, not synced: CPU", "µs/put"),
        SAFE,
        "half of it is the one write that a put needs to survive a crash of the process (docs/adr/0008)",
    ),
    goal(
        "embedded overwrite, not synced: CPU",
        AtMost(0.334),
        embedded("overwrite, not synced: CPU", "µs/put"),
        SAFE,
        "half of it is that write; compaction is in it, too",
    ),
    goal(
        "embedded get, 1 thread: CPU",
        AtMost(1.0),
        embedded("random get, 1 thread: CPU", "µs/get"),
        LMDB,
        "two thirds of a get are three waits for memory, and two checksums and the subject are verified, where LMDB verifies nothing \
         (docs/adr/0013)",
    ),
    goal(
        "embedded get, 1 thread: CPU, the aim",
        AtMost(0.5),
        embedded("random get, 1 thread: CPU", "µs/get"),
        LMDB,
        "it needs fewer waits still: names and places in the hash table's own lines, at 32 bytes a key more (docs/adr/0013)",
    ),
    goal(
        "embedded get, 2 threads: wall",
        AtMost(0.5),
        embedded("random get, 2 threads: wall", "µs/get"),
        LMDB,
        "as with one thread",
    ),
    goal(
        "embedded durable put, 1 writer: p50",
        AtMost(1.1),
        embedded("durable put, 1 writer: median", "µs"),
        Peer::Machine(&[(1.0, OWN_SYNC)]),
        WHOLE_SYNC,
    ),
    goal(
        "embedded durable put, 8 writers: wall",
        AtMost(0.5),
        embedded("durable put, 8 writers: wall", "µs/put"),
        ANY,
        HANDED_OVER,
    ),
    goal(
        "embedded durable put, 64 writers: wall",
        AtMost(0.05),
        embedded("durable put, many writers: wall", "µs/put"),
        Peer::Machine(&[(1.0, OWN_SYNC)]),
        HANDED_OVER,
    ),
    goal(
        "embedded durable batch of 1,000: wall",
        AtMost(0.5),
        embedded("durable batch of 1,000: wall", "µs/record"),
        ANY,
        INDEX_AND_SYNC,
    ),
    goal(
        "embedded scan of 1,000 with values: CPU",
        AtMost(2.0),
        embedded("scan of 1,000 with values: CPU", "µs/key"),
        LMDB,
        IN_ANY_ORDER,
    ),
    goal(
        "embedded scan of 1,000, keys only: CPU",
        AtMost(1.0),
        embedded("scan of 1,000, keys only: CPU", "µs/key"),
        LMDB,
        "each key comes with its revision and its history, which lie beside its name, one wait for each that overlaps with others",
    ),
    goal(
        "embedded open after a clean stop",
        AtMost(1.0),
        embedded("open after a clean stop", "ms"),
        Peer::Fixed(150.0),
        "filling the table is waits for memory, and the kernel hands out its pages; hints are read and slots made on a second thread (docs/adr/0003)",
    ),
    goal(
        "embedded open after a crash",
        AtMost(1.0),
        embedded("open after an abort", "ms"),
        Peer::Fixed(200.0),
        "what has no hints yet is read as a whole",
    ),
    goal(
        "embedded disk after the load",
        AtMost(1.1),
        embedded("disk after load, allocated", "bytes/key"),
        Peer::Best(&["rocksdb"]),
        "a head of 40 bytes for each entry, and its hint; a shorter head needs format version 2 (docs/adr/0008)",
    ),
    goal(
        "embedded index for each key, its 16 bytes included",
        AtMost(1.0),
        embedded("index after load", "bytes/key"),
        Peer::Fixed(116.0),
        "see docs/adr/0006",
    ),
    goal(
        "embedded watch, change to event: p50",
        AtMost(1.0),
        embedded("watch, change to event: median", "µs"),
        Peer::Fixed(10.0),
        "a watcher that sleeps has to be woken; one that changes reach at short intervals looks before it sleeps (docs/adr/0009)",
    ),
];

/// What the README calls each of a few goals, and the goal.
pub(super) const HEADLINES: &[(&str, &str)] = &[
    ("server: put, not synced", "put, 1,000 in flight: server CPU"),
    ("server: get", "get, 1,000 in flight: server CPU"),
    ("server: put, synced before the ack", "put, synced before the ack, 1,000 in flight: rate"),
    ("server: deliver a change to a watch", "watch by 8, for each delivery: server CPU"),
    ("server: ready again after `kill -9`", "ready after kill -9"),
    ("server: memory, all overwritten", "memory after all of it was overwritten"),
    ("embedded: put, not synced", "embedded put, not synced: CPU"),
    ("embedded: random get", "embedded get, 1 thread: CPU"),
    ("embedded: durable put, 8 writers", "embedded durable put, 8 writers: wall"),
];
