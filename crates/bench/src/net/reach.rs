//! `bench reach`: what a server bears, each figure beside the goal that it has to reach (or stay below).
//!
//! Every step has a server of its own. What is counted is checked: a watch that gets anything else than its events ends the run.

mod board;
mod crowd;
mod steps;

use super::program::{Program, Sync};
use super::server::{Server, Tracing};
use super::take_programs;
use crate::Outcome;
use crate::baseline::DIR_DEFAULT;
use crate::flags::Flags;
use crate::{machine, section};
use board::Board;
use std::path::{Path, PathBuf};

/// How much each step does.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    keys: u64,
    idle: u64,
    watches: u64,
    subscriptions: u64,
}

/// A server in one step, and where its figures go.
struct Stage<'a> {
    server: Server,
    sizes: Sizes,
    board: &'a mut Board,
    column: usize,
}

type Step = fn(&mut Stage<'_>) -> Outcome<()>;

/// Runs the command.
pub(crate) fn run(mut flags: Flags) -> Outcome<()> {
    let sizes = Sizes {
        keys: flags.take("keys", 1_000_000)?,
        idle: flags.take("idle", 10_000)?,
        watches: flags.take("watches", 10_000)?,
        subscriptions: flags.take("subscriptions", 500_000)?,
    };
    if sizes.watches == 0 || !sizes.watches.is_multiple_of(crowd::CONNECTIONS) {
        return Err(format!("--watches must be a multiple of {}", crowd::CONNECTIONS).into());
    }
    let dir: PathBuf = flags.take("dir", PathBuf::from(DIR_DEFAULT))?;
    let markdown: Option<PathBuf> = flags.take_optional("markdown")?;
    let programs = take_programs(&mut flags)?;
    let wanted = flags.take_optional::<String>("steps")?;
    flags.finish()?;
    std::fs::create_dir_all(&dir)?;
    let mut board = Board::default();
    for (name, step) in STEPS {
        if wanted.as_ref().is_some_and(|wanted| !wanted.split(',').any(|each| each == name)) {
            continue;
        }
        for (column, program) in programs.iter().enumerate() {
            eprintln!("{}: {name}", program.name);
            let server = Server::start(program, &dir, Sync::Os, Tracing::Off)?;
            let mut stage = Stage { server, sizes, board: &mut board, column };
            step(&mut stage).map_err(|error| format!("{}, step {name}: {error}", program.name))?;
        }
    }
    let text = format!("{}\n{}", head(&programs, &dir, sizes)?, board.markdown(&programs));
    print!("{text}");
    if let Some(path) = markdown {
        section::write(&path, "reach", &text)?;
    }
    Ok(())
}

fn head(programs: &[Program], dir: &Path, sizes: Sizes) -> Outcome<String> {
    let versions = programs.iter().map(Program::version).collect::<Outcome<Vec<_>>>()?;
    let Sizes { keys, idle, watches, subscriptions } = sizes;
    Ok(format!(
        "## What a server bears\n\n\
        - Date: {}\n- Machine: {}\n- Versions: {}{}\n\
        - Command: `cargo run --release -p bench -- reach --keys {keys} --idle {idle} --watches {watches} --subscriptions {subscriptions}`\n\
        - Each step has a server of its own, with `sync_interval: 2m` and `--sync os`. Memory is resident memory above that of the server before the step.\n\
        - Watches that are left behind have an `inactive_threshold` of {} s.\n",
        machine::date()?,
        machine::description(dir)?,
        versions.join(", "),
        machine::DEBUG_WARNING,
        crowd::THRESHOLD.as_secs(),
    ))
}

const STEPS: [(&str, Step); 7] = [
    ("readers", steps::readers),
    ("subscriptions", steps::subscriptions),
    ("idle", steps::idle),
    ("watches", steps::watches),
    ("keys", steps::keys),
    ("gone", steps::gone),
    ("storm", steps::storm),
];
