//! The command line of the differential test; `differ --help` tells what there is.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "findings are the output of this program")]

use clap::{Parser, Subcommand};
use compat::{Launch, Peers, Program};
use differ::{Area, Campaign, DifferError, HistoryPlan, KillPlan, Outcome, Pace, Pair, Script, WatchPlan};
use std::path::PathBuf;
use std::process::ExitCode;

/// Sends the same random requests to two servers and compares the answers.
#[derive(Debug, Parser)]
#[command(name = "differ")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
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
        /// Print also the differences that did not come again
        #[arg(long)]
        unsteady: bool,
        #[command(flatten)]
        servers: Servers,
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
        #[arg(long, default_value_t = 20)]
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
    /// Print the section of docs/compat.md about differences
    Differences,
}

#[derive(Debug, clap::Args)]
struct Judged {
    /// The server: `reference`, or the program `jetkv`
    #[arg(long, default_value = "reference")]
    server: String,
    /// When it syncs: `always` or `os`; the reference's own default is `os` for two minutes
    #[arg(long, default_value = "os")]
    sync: String,
    /// The seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Judged {
    fn program(&self) -> Result<Program, DifferError> {
        program(&self.server)
    }

    fn launch(&self) -> Launch {
        match (self.server.as_str(), self.sync.as_str()) {
            ("reference", "always") => {
                let config = "jetstream { sync_interval: always }\n".to_owned();
                Launch { config: Some(config), ..Launch::default() }
            }
            ("reference", _) => Launch::default(),
            (_, sync) => Launch { arguments: vec!["--sync".into(), sync.into()], ..Launch::default() },
        }
    }
}

#[derive(Debug, clap::Args)]
struct Servers {
    /// The server that is right: `reference`, or a program with the reference's flags; `jetkv` in its name means `jetkv serve`
    #[arg(long, default_value = "reference")]
    left: String,
    /// The server that is judged
    #[arg(long, default_value = "reference")]
    right: String,
}

impl Servers {
    fn programs(&self) -> Result<[Program; 2], DifferError> {
        Ok([program(&self.left)?, program(&self.right)?])
    }
}

fn program(name: &str) -> Result<Program, DifferError> {
    match name {
        "reference" => Ok(Program::reference(&Peers::in_target())?),
        path => Ok(Program::jetkv(path.into())),
    }
}

fn main() -> ExitCode {
    let found = match Arguments::parse().task {
        Task::Run { area, seeds, from, differences, unsteady, servers } => {
            run(&area, from..from + seeds, differences, unsteady, &servers)
        }
        Task::Replay { file, servers } => replay(&file, &servers),
        Task::Plant { area, seeds } => plant(&area, 0..seeds),
        Task::Kill { kills, writers, judged } => judged.program().and_then(|program| {
            let plan = KillPlan { writers, kills, in_flight: 32, seed: judged.seed };
            println!("{}", plan.run(&program, &judged.launch())?);
            Ok(0)
        }),
        Task::Histories { histories, clients, judged } => judged.program().and_then(|program| {
            let plan = HistoryPlan { clients, histories, calls: 100, seed: judged.seed };
            println!("{}", plan.run(&program, &judged.launch())?);
            Ok(0)
        }),
        Task::Watch { rounds, judged } => judged.program().and_then(|program| {
            println!("{}", WatchPlan { rounds, seed: judged.seed }.run(&program, &judged.launch())?);
            Ok(0)
        }),
        Task::Show { area, seed } => {
            print!("{}", area.script(seed));
            Ok(0)
        }
        Task::Differences => {
            print!("{}", differ::differences::rendered());
            Ok(0)
        }
    };
    match found {
        Ok(0) => ExitCode::SUCCESS,
        Ok(count) => {
            eprintln!("{count} differences");
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

fn run(
    areas: &[Area],
    seeds: std::ops::Range<u64>,
    differences_max: usize,
    shows_unsteady: bool,
    servers: &Servers,
) -> Result<usize, DifferError> {
    let [left, right] = servers.programs()?;
    let areas = if areas.is_empty() { &Area::ALL[..] } else { areas };
    let mut found = 0;
    for &area in areas {
        let campaign = Campaign {
            left: left.clone(),
            right: right.clone(),
            area,
            seeds: seeds.clone(),
            differences_max,
        };
        let tally = campaign.run()?;
        println!("{area}: seeds {}..{}: {tally}", seeds.start, seeds.end);
        if shows_unsteady {
            tally.unsteady.iter().for_each(|(seed, difference)| println!("seed {seed}: {difference}"));
        }
        tally.found.iter().for_each(|finding| println!("{finding}"));
        found += tally.found.len();
    }
    Ok(found)
}

fn plant(areas: &[Area], seeds: std::ops::Range<u64>) -> Result<usize, DifferError> {
    let reference = Program::reference(&Peers::in_target())?;
    let areas = if areas.is_empty() { &Area::ALL[..] } else { areas };
    let mut count = 0;
    for &area in areas {
        let (left, right) = (reference.clone(), reference.clone());
        let campaign = Campaign { left, right, area, seeds: seeds.clone(), differences_max: 1 };
        let (missed, planted) = campaign.run_planted()?;
        println!("{area}: {planted} differences planted, {} not noticed {missed:?}", missed.len());
        count += missed.len();
    }
    Ok(count)
}

#[expect(clippy::disallowed_methods, reason = "a file of the user")]
fn replay(file: &std::path::Path, servers: &Servers) -> Result<usize, DifferError> {
    let text = std::fs::read_to_string(file).map_err(|source| DifferError::Connection {
        what: "read the script",
        side: file.display().to_string(),
        source,
    })?;
    let script: Script = text.parse()?;
    let [left, right] = servers.programs()?;
    let outcome = Pair::start(&left, &right, script.area.setup())?.run(&script, Pace::slow(), None)?;
    println!("{outcome:#?}");
    Ok(usize::from(matches!(outcome, Outcome::Different(_))))
}
