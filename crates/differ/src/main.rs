//! The command line of the differential test; `differ --help` tells what there is.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "findings are the output of this program")]

mod commands;

use clap::{Parser, Subcommand};
use compat::{Launch, Peers, Program};
use differ::{Area, DifferError};
use std::path::PathBuf;
use std::process::ExitCode;

/// Sends the same random requests to two servers and compares the answers; kills servers and follows watches.
#[derive(Debug, Parser)]
#[command(name = "differ")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Do everything below a little, as a change must pass it; JETKV_DIFF_SEEDS asks for more seeds of each area
    Check {
        /// Our server, the program `jetkv`; without it the reference is compared with itself
        #[arg(long)]
        jetkv: Option<String>,
    },
    /// Run random scripts
    Run {
        /// The areas, all if none is named
        #[arg(long)]
        area: Vec<Area>,
        /// How many seeds of each area
        #[arg(long, default_value_t = 20)]
        seeds: u64,
        /// The first seed
        #[arg(long, default_value_t = 0)]
        from: u64,
        /// After how many differences an area ends
        #[arg(long, default_value_t = 3)]
        differences: usize,
        /// Print also the differences that did not come again, and the seeds of those that are meant
        #[arg(long)]
        unsteady: bool,
        #[command(flatten)]
        servers: Servers,
    },
    /// Run the script in a file
    Replay {
        /// The script, as it was printed
        file: PathBuf,
        #[command(flatten)]
        servers: Servers,
    },
    /// Print the script of a seed
    Show {
        /// The area
        area: Area,
        /// The seed
        seed: u64,
    },
    /// Plant differences between two runs of the reference, and tell which were not noticed
    Plant {
        /// The areas, all if none is named
        #[arg(long)]
        area: Vec<Area>,
        /// How many seeds of each area
        #[arg(long, default_value_t = 20)]
        seeds: u64,
    },
    /// Kill a server under load, and look for what it had acknowledged
    Kill {
        /// How often
        #[arg(long, default_value_t = 20)]
        kills: u64,
        /// How many connections write
        #[arg(long, default_value_t = 16)]
        writers: u64,
        #[command(flatten)]
        judged: Judged,
    },
    /// Check that conditional writes of many clients are linearizable, also when the server is killed
    Histories {
        /// How many histories
        #[arg(long, default_value_t = 50)]
        histories: u64,
        /// How many clients
        #[arg(long, default_value_t = 8)]
        clients: u64,
        #[command(flatten)]
        judged: Judged,
    },
    /// Follow watches through slow reading, lost connections and kills
    Watch {
        /// How many rounds of six watchers
        #[arg(long, default_value_t = 10)]
        rounds: u64,
        #[command(flatten)]
        judged: Judged,
    },
    /// Try to read and change, as a user for one subtree of a bucket, what is not the user's
    Escape {
        /// How many requests
        #[arg(long, default_value_t = 10_000)]
        requests: usize,
        #[command(flatten)]
        judged: Judged,
    },
    /// Print the section of docs/compat.md about differences
    Differences,
}

#[derive(Debug, clap::Args)]
struct Judged {
    /// The server: `reference`, or the program `jetkv`
    #[arg(long, default_value = "reference")]
    server: String,
    /// When it syncs: `always` or `os`, which is the reference's default for two minutes
    #[arg(long, default_value = "os")]
    sync: String,
    /// The seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, clap::Args)]
struct Servers {
    /// The server that is right: `reference`, or the program `jetkv`
    #[arg(long, default_value = "reference")]
    left: String,
    /// The server that is judged
    #[arg(long, default_value = "reference")]
    right: String,
}

impl Judged {
    fn program(&self) -> Result<Program, DifferError> {
        program(&self.server)
    }

    fn launch(&self) -> Launch {
        launch(self.server == "reference", &self.sync)
    }
}

impl Servers {
    fn programs(&self) -> Result<[Program; 2], DifferError> {
        Ok([program(&self.left)?, program(&self.right)?])
    }
}

fn program(name: &str) -> Result<Program, DifferError> {
    match name {
        "reference" => Ok(Program::reference(&Peers::in_target())?),
        path => match std::path::absolute(path) {
            // Servers are started in directories of their own.
            Ok(path) => Ok(Program::jetkv(path)),
            Err(source) => {
                Err(DifferError::Connection { what: "find the program", side: path.to_owned(), source })
            }
        },
    }
}

/// Returns how a server is started that syncs so.
fn launch(is_reference: bool, sync: &str) -> Launch {
    match (is_reference, sync) {
        (true, "always") => {
            Launch { config: Some("jetstream { sync_interval: always }\n".to_owned()), ..Launch::default() }
        }
        (true, _) => Launch::default(),
        (false, sync) => Launch { arguments: vec!["--sync".into(), sync.into()], ..Launch::default() },
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(count) => {
            eprintln!("{count} findings");
            ExitCode::FAILURE
        }
        Err(error) => {
            let mut cause: &dyn std::error::Error = &error;
            eprintln!("error: {cause}");
            while let Some(source) = cause.source() {
                eprintln!("  because: {source}");
                cause = source;
            }
            ExitCode::FAILURE
        }
    }
}

/// Does the task; returns how many findings there are.
fn run(task: Task) -> Result<usize, DifferError> {
    match task {
        Task::Check { jetkv } => commands::check(jetkv.map(|path| program(&path)).transpose()?),
        Task::Run { area, seeds, from, differences, unsteady, servers } => {
            commands::compare(&area, from..from + seeds, differences, unsteady, &servers.programs()?)
        }
        Task::Replay { file, servers } => commands::replay(&file, &servers.programs()?),
        Task::Show { area, seed } => {
            print!("{}", area.script(seed));
            Ok(0)
        }
        Task::Plant { area, seeds } => commands::plant(&area, 0..seeds),
        Task::Kill { kills, writers, judged } => {
            let plan = differ::KillPlan { writers, kills, in_flight: 32, seed: judged.seed };
            commands::told(plan.run(&judged.program()?, &judged.launch()))
        }
        Task::Histories { histories, clients, judged } => {
            let plan = differ::HistoryPlan { clients, histories, calls: 100, seed: judged.seed };
            commands::told(plan.run(&judged.program()?, &judged.launch()))
        }
        Task::Watch { rounds, judged } => {
            let plan = differ::WatchPlan { rounds, seed: judged.seed };
            commands::told(plan.run(&judged.program()?, &judged.launch()))
        }
        Task::Escape { requests, judged } => {
            commands::escape(differ::EscapePlan { requests, seed: judged.seed }, &judged.program()?)
        }
        Task::Differences => {
            print!("{}", differ::differences::rendered());
            Ok(0)
        }
    }
}
