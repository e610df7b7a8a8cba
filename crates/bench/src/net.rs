//! `bench net`: NATS servers under the same load, over loopback connections, in turn.
//!
//! Reading order: `wire` (what servers send), `connection`, `bucket`, `requests` and `load` (puts and gets with so many
//! in flight), `watch` and `watchers`, `core`, `memory`, `official`, then `program` and `server` (processes), `site` and `sessions`
//! (what is measured of them), with `once`, `large` and `curves`. Every answer is checked; a wrong one ends the run.

mod bucket;
mod connection;
mod core;
mod curves;
mod large;
mod load;
mod memory;
mod official;
mod once;
mod program;
pub(crate) mod reach;
mod requests;
mod server;
mod sessions;
mod site;
mod sizes;
mod watch;
mod watchers;
mod wire;

use crate::Outcome;
use crate::baseline::{DIR_DEFAULT, take_runs};
use crate::flags::Flags;
use crate::machine::Load;
use crate::probes::Probes;
use crate::results::Results;
use crate::table::Table;
use crate::{machine, section};
use program::Program;
use sessions::{Session, Step};
use site::Site;
use sizes::Sizes;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// Runs the command.
pub(crate) fn run(mut flags: Flags) -> Outcome<()> {
    let sizes = Sizes::take(&mut flags)?;
    let runs = take_runs(&mut flags)?;
    let dir: PathBuf = flags.take("dir", PathBuf::from(DIR_DEFAULT))?;
    let markdown: Option<PathBuf> = flags.take_optional("markdown")?;
    let programs = take_programs(&mut flags)?;
    let name: String = flags.take("section", SECTION_DEFAULT.to_owned())?;
    let sessions = match flags.take_optional::<String>("sessions")? {
        Some(names) => names.split(',').map(str::parse).collect::<Result<Vec<Session>, _>>()?,
        None => Session::DEFAULT.to_vec(),
    };
    let steps = flags.take_optional::<String>("steps")?;
    let steps: Option<Vec<String>> = steps.map(|names| names.split(',').map(str::to_owned).collect());
    flags.finish()?;
    fs::create_dir_all(&dir)?;

    let (mut table, mut load) = (Table::default(), Load::start()?);
    let mut probes = Probes::default();
    for run in 1..=runs {
        probes.sample(&dir)?;
        for session in &sessions {
            eprintln!("run {run} of {runs}: {session}");
            let order = if run % 2 == 1 { Order::AsGiven } else { Order::Reversed };
            measure(
                &session.steps(steps.as_deref()),
                *session,
                order,
                (&programs, &dir, &sizes),
                &mut table,
            )?;
            load.sample()?;
        }
    }

    let mut text = format!("## {}\n\n", title(&name));
    text.push_str(&head(&programs, &dir, &sizes, runs, &sessions, &load)?);
    text.push_str(&probes.lines()?);
    let names: Vec<&str> = programs.iter().map(|program| program.name.as_str()).collect();
    write!(text, "\n{}", table.markdown(&names))?;
    print!("{text}");
    if let Some(path) = markdown {
        section::write(&path, &name, &text)?;
        let mut rows = table.results(&names);
        rows.extend(probes.rows());
        Results::store(&path, &name, rows)?;
    }
    Ok(())
}

/// Which server does each step first: the same one always would be measured in other circumstances than the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    AsGiven,
    Reversed,
}

/// Starts every server and lets each do every step before any does the next one.
fn measure(
    steps: &[Step],
    session: Session,
    order: Order,
    (programs, dir, sizes): (&[Program], &Path, &Sizes),
    table: &mut Table,
) -> Outcome<()> {
    let mut columns: Vec<usize> = (0..programs.len()).collect();
    if order == Order::Reversed {
        columns.reverse();
    }
    let mut sites = columns
        .into_iter()
        .map(|column| Ok((column, Site::start(&programs[column], dir, session, sizes.keys)?)))
        .collect::<Outcome<Vec<(usize, Site)>>>()?;
    for (step_name, step) in steps {
        for (column, site) in &mut sites {
            let name = &programs[*column].name;
            step(site, sizes)
                .map_err(|error| format!("{name}, session {session}, step {step_name}: {error}"))?;
            for figure in site.take_figures() {
                eprintln!("  {name}: {}: {:.3} {}", figure.work, figure.value, figure.measure);
                table.add(*column, &figure.work, figure.measure, figure.value);
            }
        }
    }
    Ok(())
}

fn take_programs(flags: &mut Flags) -> Outcome<Vec<Program>> {
    let (reference, own) = (flags.take_optional("nats-server")?, flags.take_optional("jetkv")?);
    let other = flags.take_optional::<String>("server")?.map(|text| Program::parse(&text)).transpose()?;
    let default = other.as_ref().map_or(program::OWN, |other| other.name.as_str()).to_owned();
    let names: String = flags.take("servers", format!("{},{default}", program::REFERENCE))?;
    names
        .split(',')
        .map(|name| match &other {
            Some(other) if other.name == name => Ok(other.clone()),
            _ if name == program::REFERENCE => {
                Ok(Program::reference(reference.clone().map_or_else(program::find_reference, Ok)?))
            }
            _ if name == program::OWN => Ok(Program::own(own.clone().map_or_else(program::find_own, Ok)?)),
            _ => Err(format!("there is no server {name:?}; --server can tell of one").into()),
        })
        .collect()
}

/// Returns the heading of a section.
fn title(section: &str) -> &str {
    match section {
        SECTION_DEFAULT => "NATS servers over the network",
        "restart" => "A large bucket on servers",
        "scale-network" => "Servers against clients, values, watches and buckets",
        other => other,
    }
}

fn head(
    programs: &[Program],
    dir: &Path,
    sizes: &Sizes,
    runs: u64,
    sessions: &[Session],
    load: &Load,
) -> Outcome<String> {
    let names: Vec<&str> = programs.iter().map(|program| program.name.as_str()).collect();
    let versions = programs.iter().map(Program::version).collect::<Outcome<Vec<_>>>()?;
    let sessions: Vec<String> = sessions.iter().map(ToString::to_string).collect();
    let mut command = "cargo run --release -p bench -- net".to_owned();
    for (name, value) in sizes.named() {
        write!(command, " --{name} {value}")?;
    }
    write!(command, " --runs {runs} --sessions {} --servers {}", sessions.join(","), names.join(","))?;
    Ok(format!(
        "- Date: {}\n- Machine: {}; {load}, that of this program included\n- Versions: {}{}\n- Command: `{command}`\n\
        - Keys of 16 bytes, values of 128 bytes that do not compress, file storage, history 1 unless said; loopback, \
        no TLS; server and load generator share the cores.\n\
        - Cells: median of {runs} runs (least–greatest); within a run the servers take turns at each workload, in the other order in every second run. CPU is \
        user and system time of the server process. In the ratios more is better for rates, less for everything else.\n\
        - Acknowledged when the operating system has it: `sync_interval: 2m` and `--sync os`. Synced before the ack: \
        `sync_interval: always` and `--sync always`.\n\
        - Syncs per put are counted by `strace`, in a session of their own.\n\
        - 1,000 in flight: 250 on each of four connections. A workload ends after so many requests or {} s.\n",
        machine::date()?,
        machine::description(dir)?,
        versions.join(", "),
        machine::DEBUG_WARNING,
        sizes.seconds,
    ))
}

const SECTION_DEFAULT: &str = "network";
