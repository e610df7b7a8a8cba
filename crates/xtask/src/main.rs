//! The chores of the repository: `cargo xtask test`, `cargo xtask ci`, `cargo xtask tidy`, parts of them, and others.

mod bench;
mod ci;
mod compat;
mod error;
mod examples;
mod fuzz;
mod golden;
mod instructions;
mod licences;
mod power_cuts;
mod report;
mod shell;
mod steps;
mod testing;
mod tidy;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use workspace::Workspace;

/// The chores of the repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

/// What can be asked for.
#[derive(Debug, Clone, Subcommand)]
enum Chore {
    /// Run every test: workspace, examples, places, official clients, our server beside the reference
    Test,
    /// Run all that a change must pass: format, lints, tests, docs, licences, tidiness
    Ci,
    /// Check what no other tool checks: crate arrows, file sizes, words, documents
    Tidy,
    /// Run the examples of the library
    Examples,
    /// Record anew what the reference server answers; it must be installed, or named by NATS_SERVER
    Golden,
    /// Run the suites of the official clients against the reference server and against ours
    Clients,
    /// Run the conformance suite of the library on our server, on a reference server and on a cluster, and kill its nodes
    Places,
    /// Use the console in a browser, and send random requests to the HTTP door
    Console,
    /// Cut the power below a running server, on a disk in memory
    PowerCuts,
    /// Make the pictures of the README anew
    Pictures,
    /// Send the same random requests to the reference server and to ours, kill ours, and follow watches on it
    Differential,
    /// Measure us beside our peers, and write docs/benchmarks.md
    Bench {
        /// What to measure; everything without it
        part: Option<bench::Part>,
        /// Small sizes, one run: about three minutes for everything, once it is built
        #[arg(long)]
        quick: bool,
        /// Leaves RocksDB out, which compiles C++ for a quarter of an hour and needs libclang; with --quick it is out in any case
        #[arg(long)]
        without_rocksdb: bool,
    },
    /// Count the instructions of fixed pieces of work, and compare them with what they were
    Instructions {
        /// Store the figures as what is right from now on
        #[arg(long)]
        renew: bool,
    },
    /// Run the fuzz targets, one after the other
    Fuzz(fuzz::Options),
    /// Check the licences, sources and bans of all dependencies against deny.toml
    Licences,
}

fn main() -> ExitCode {
    let chore = Arguments::parse().chore;
    let result = Workspace::load().and_then(|workspace| match chore {
        Chore::Test => steps::run(&testing::steps(), &workspace),
        Chore::Ci => steps::run(&ci::steps(), &workspace),
        Chore::Tidy => steps::run(&[tidy::step()], &workspace),
        Chore::Examples => steps::run(&[testing::example_step()], &workspace),
        Chore::Golden => golden::record(&workspace),
        Chore::Clients => steps::run(&[compat::step()], &workspace),
        Chore::Places => steps::run(&[testing::places_step()], &workspace),
        Chore::Console => steps::run(&[compat::console_step()], &workspace),
        Chore::PowerCuts => steps::run(&[power_cuts::step()], &workspace),
        Chore::Pictures => steps::run(&[compat::pictures_step()], &workspace),
        Chore::Differential => steps::run(&[testing::differential_step()], &workspace),
        Chore::Bench { part, quick, without_rocksdb } => {
            let extent = if quick { bench::Extent::Quick } else { bench::Extent::Full };
            let left_out = quick || without_rocksdb;
            let rocks_db = if left_out { bench::RocksDb::Without } else { bench::RocksDb::With };
            bench::run(&workspace, part, extent, rocks_db)
        }
        Chore::Instructions { renew: true } => instructions::renew(&workspace),
        Chore::Instructions { renew: false } => steps::run(&[instructions::step()], &workspace),
        Chore::Fuzz(options) => fuzz::run(&options, &workspace),
        Chore::Licences => steps::run(&[ci::licence_step()], &workspace),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::failure(&error);
            ExitCode::FAILURE
        }
    }
}
