//! Measures the engine of jetkv beside fjall, LMDB, redb and SQLite, and its server beside nats-server, at the same durability.
//!
//! Reading order: `data` (keys and values), `engines` (one adapter each), `gauge` (what is read from the machine),
//! `phases` (the workloads, each in a process of its own), `child` (starts them), then the commands: `baseline`,
//! `open_times`, `writers`, and `net`, which has a reading order of its own; `instructions` is for `cargo xtask instructions`. Errors are boxed: nobody tells the failures of a benchmark apart, they only end it.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time and real files")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the figures are the output of this program")]

mod baseline;
mod child;
mod data;
mod engines;
mod flags;
mod gauge;
mod goals;
mod instructions;
mod machine;
mod net;
mod open_times;
mod phases;
#[cfg(feature = "peers")]
mod plots;
mod probes;
mod report;
mod results;
mod scale;
mod section;
mod sizes;
mod summary;
mod table;
mod writers;

use flags::Flags;
use std::process::ExitCode;

/// What every part of the benchmark returns.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    if matches!(command.as_str(), "" | "help" | "--help" | "-h") {
        println!("{HELP}{}", engines::MISSING_PEERS_HINT);
        return Ok(());
    }
    let flags = Flags::parse(arguments)?;
    match command.as_str() {
        "baseline" => baseline::run(flags),
        "open" => open_times::run(flags),
        "writers" => writers::run(flags),
        "net" => net::run(flags),
        "scale" => scale::run(flags),
        "report" => summary::run(flags),
        "instructions" => instructions::run(flags),
        "reach" => net::reach::run(flags),
        child::COMMAND => child::run(flags),
        _ => Err(format!("there is no command {command:?}; `bench help` lists them").into()),
    }
}

const HELP: &str = "\
Measures jetkv at the same durability: its embedded engine beside other stores, its server beside nats-server.

cargo run --release -p bench --features peers -- COMMAND [--FLAG VALUE]...

  baseline   every workload on every engine, interleaved; medians with spread and the ratio to jetkv
    --keys 1000000            keys in the store
    --runs 3                  rounds over all engines
    --engines A,B             of jetkv, fjall, lmdb, redb, rocksdb, sled, sqlite; default: all that are built in
    --crash-keys KEYS/2       keys of the store that is reopened after an unclean stop
    --reads KEYS              random gets
    --overwrites KEYS         random puts of keys that exist
    --scans 200               scans of up to 1,000 keys
    --durable-puts 5000       durable puts by one writer
    --threads 64              concurrent writers
    --concurrent-puts 20000   durable puts by all of them together
    --batches 200             durable batches of 1,000
    --dir target/bench        where the stores are made; its file system is what is measured
    --markdown FILE           writes the report there as well, as a section of what the file holds
  open       how long jetkv takes to open after a clean and an unclean stop, and its memory per key
    --keys, --runs, --dir     as above
  writers    syncs per put of jetkv with concurrent durable writers
    --threads 64, --puts 20000, --keys 100000, --runs, --dir
  net        NATS servers over loopback: each workload on every server in turn; throughput, latency, CPU, memory
    --servers nats-server,jetkv   in this order; the ratio is of the last to the first
    --nats-server FILE        default: target/peers/nats-server/bin/nats-server, or in the search path
    --jetkv FILE              default: beside this program
    --server 'NAME=FILE ARGUMENT...'   another one, with {port}, {store} and {sync} (os or always) in its arguments
    --sessions A,B            of plain, synced, syncs (needs strace), once, fans, official, connections, watches, restart,
                              clients, values, strangers, buckets; the default is plain to watches
    --steps put,get,cas,mixed,...   only these workloads of the sessions, and what they need; default: all
    --keys 100000             keys in the bucket
    --requests 200000         requests with 1,000 in flight; --single 2000 with one, in five turns
    --seconds 5               the longest time in which a workload begins requests
    --watchers 8, --fan-out 20000   watchers, and the puts that they follow
    --lists 3                 times that all keys are listed
    --section network         the section of the document that is written
    --messages 500000         messages from publisher to subscriber, without a stream
    --idle 10000, --watches 10000   connections and watches that do nothing
    --runs, --dir, --markdown
  scale      what one operation costs an embedded engine, by the number of keys
    --sizes 1000,10000,100000,1000000   numbers of keys
    --operations 200000       random gets, and random overwrites
    --engines jetkv, --runs, --dir, --markdown
  report     plots, the table of goals and the headlines, from the figures that the other commands stored
    --markdown FILE           the document whose sections were measured
    --readme FILE             gets the headlines
  instructions   does one work of a fixed number of instructions; `cargo xtask instructions` counts them
    --work NAME               without it: names every work
    --dir
  reach      what a NATS server bears: readers that do not read, subscriptions, connections, watches, keys, clients that vanish; each
             figure beside its goal
    --servers, --nats-server, --jetkv, --server, --dir, --markdown   as for net
    --steps readers,subscriptions,idle,watches,keys,gone,storm
    --keys 1000000, --idle 10000, --watches 10000, --subscriptions 500000
";
