//! `cargo xtask bench`: measures us and our peers in turn, and writes docs/benchmarks.md, its plots, and the headlines of the README.
//!
//! What is measured, and how, is the business of the package `bench`; here stands which sizes a run has.

use crate::compat;
use crate::error::XtaskError;
use crate::report;
use crate::shell;
use crate::workspace::Workspace;
use clap::ValueEnum;
use std::process::{Command, Stdio};

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// The server beside nats-server, over the network
    Net,
    /// The embedded engine beside other ones
    Embed,
    /// A million keys on servers: memory, disk, listings, and the time until they serve again
    Restart,
    /// Cost against the number of keys, watches, buckets and clients, and the size of values
    Scale,
    /// What a server bears: readers that do not read, thousands of connections and watches, clients that vanish
    Reach,
    /// Nothing anew: plots, goals and headlines from what was measured last
    Report,
}

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What docs/benchmarks.md is made of: 40 minutes.
    Full,
    /// Everything once, with little of each: to see that it works, or which way a change goes. Some minutes, once it is built.
    Quick,
}

/// Whether RocksDB is among the engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RocksDb {
    /// It compiles C++ for a quarter of an hour, and needs libclang.
    With,
    Without,
}

/// Measures `part`, or everything, and writes what came out.
///
/// # Errors
/// If something does not build, cannot be fetched, or answers wrongly.
pub(crate) fn run(
    workspace: &Workspace,
    part: Option<Part>,
    extent: Extent,
    rocks_db: RocksDb,
) -> Result<(), XtaskError> {
    let root = &workspace.workspace_root;
    let parts = part.map_or_else(
        || vec![Part::Net, Part::Embed, Part::Restart, Part::Scale, Part::Reach],
        |part| vec![part],
    );
    if parts.iter().any(|part| !matches!(part, Part::Embed | Part::Report)) {
        compat::fetch_reference(workspace)?;
    }
    let with_rocks_db = rocks_db == RocksDb::With && parts.contains(&Part::Embed);
    let features = if with_rocks_db { "bench/peers,bench/rocksdb" } else { "bench/peers" };
    let build = [
        "build",
        "--release",
        "--locked",
        "--package",
        "bench",
        "--package",
        "jetkv-cli",
        "--features",
        features,
    ];
    let built = shell::run(&mut shell::cargo(root, &build));
    if built.is_err() && with_rocks_db {
        report::note(
            "If it is RocksDB that does not build: it needs a C++ compiler and libclang; --without-rocksdb leaves it out.",
        );
    }
    built?;
    let mut commands: Vec<Vec<&str>> = parts.iter().flat_map(|part| commands(*part, extent)).collect();
    commands.push(vec!["report", "--readme", "README.md"]);
    for arguments in commands {
        report::note(&format!("bench {}", arguments.join(" ")));
        let mut bench = Command::new(workspace.release_program("bench"));
        bench.args(arguments).args(["--markdown", DOCUMENT]).current_dir(root).stdin(Stdio::null());
        shell::run(&mut bench)?;
    }
    Ok(())
}

/// Returns the arguments of every command of a part.
fn commands(part: Part, extent: Extent) -> Vec<Vec<&'static str>> {
    let lines: &[&str] = match (part, extent) {
        (Part::Net, Extent::Full) => {
            &["net --runs 3 --keys 100000 --requests 200000 --single 1000 --seconds 2 \
             --sessions plain,synced,syncs,once,fans,official,connections,watches"]
        }
        (Part::Net, Extent::Quick) => {
            &["net --runs 1 --keys 20000 --requests 50000 --single 300 --seconds 1 --fan-out 5000 --lists 2 \
             --messages 200000 --idle 2000 --watches 2000 \
             --sessions plain,synced,syncs,once,fans,official,connections,watches"]
        }
        (Part::Embed, Extent::Full) => &[
            "baseline --runs 3 --keys 1000000 --reads 1000000 --durable-puts 1000 --concurrent-puts 6400 --batches 100",
        ],
        (Part::Embed, Extent::Quick) => &[
            "baseline --runs 1 --keys 100000 --scans 100 --durable-puts 200 --concurrent-puts 1280 --batches 20",
        ],
        (Part::Restart, Extent::Full) => {
            &["net --section restart --sessions restart --runs 3 --keys 1000000"]
        }
        (Part::Restart, Extent::Quick) => {
            &["net --section restart --sessions restart --runs 1 --keys 200000 --lists 1"]
        }
        (Part::Scale, Extent::Full) => &[
            "scale --runs 3 --sizes 1000,10000,100000,1000000,10000000 --operations 1000000",
            "net --section scale-network --runs 3 --keys 20000 --requests 100000 --seconds 2 \
             --sessions clients,values,strangers,buckets",
        ],
        (Part::Scale, Extent::Quick) => &[
            "scale --runs 1 --sizes 1000,10000,100000,1000000 --operations 100000",
            "net --section scale-network --runs 1 --keys 5000 --requests 20000 --seconds 1 \
             --sessions clients,values,strangers,buckets",
        ],
        (Part::Reach, Extent::Full) => {
            &["reach --keys 1000000 --idle 10000 --watches 10000 --subscriptions 500000"]
        }
        (Part::Reach, Extent::Quick) => {
            &["reach --keys 100000 --idle 2000 --watches 2000 --subscriptions 200000"]
        }
        (Part::Report, _) => &[],
    };
    lines.iter().map(|line| line.split_whitespace().collect()).collect()
}

const DOCUMENT: &str = "docs/benchmarks.md";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_a_command_for_both_extents_and_writes_its_own_section() {
        for extent in [Extent::Full, Extent::Quick] {
            let mut sections = Vec::new();
            for part in [Part::Net, Part::Embed, Part::Restart, Part::Scale, Part::Reach] {
                let commands = commands(part, extent);
                assert!(!commands.is_empty());
                for command in commands {
                    let named = command.iter().skip_while(|word| **word != "--section").nth(1);
                    sections.push(*named.unwrap_or(&command[0]));
                }
            }
            assert_eq!(sections, ["net", "baseline", "restart", "scale", "scale-network", "reach"]);
        }
        assert!(commands(Part::Report, Extent::Full).is_empty());
    }
}
