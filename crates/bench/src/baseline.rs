//! `bench baseline`: every workload on every engine, interleaved.

use crate::Outcome;
use crate::child;
use crate::engines::EngineName;
use crate::flags::Flags;
use crate::machine::Load;
use crate::phases::{Phase, generator_micros};
use crate::probes::Probes;
use crate::report::{Samples, Summary};
use crate::results::Results;
use crate::sizes::Sizes;
use crate::{machine, section};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// Runs the command.
pub(crate) fn run(mut flags: Flags) -> Outcome<()> {
    let sizes = Sizes::take(&mut flags)?;
    let runs = take_runs(&mut flags)?;
    let dir: PathBuf = flags.take("dir", PathBuf::from(DIR_DEFAULT))?;
    let markdown: Option<PathBuf> = flags.take_optional("markdown")?;
    let engines = match flags.take_optional::<String>("engines")? {
        Some(names) => names.split(',').map(str::parse).collect::<Result<Vec<EngineName>, _>>()?,
        None => EngineName::ALL.to_vec(),
    };
    flags.finish()?;
    fs::create_dir_all(&dir)?;

    let mut samples = Samples::default();
    let mut load = Load::start()?;
    let (mut probes, mut generator) = (Probes::default(), Vec::new());
    for run in 1..=runs {
        probes.sample(&dir)?;
        generator.push(generator_micros(sizes.keys)?);
        for engine in &engines {
            let store = StoreDirs::new(&dir, *engine)?;
            for phase in Phase::ALL {
                eprintln!("run {run} of {runs}: {engine} {phase}");
                for (row, value) in child::spawn(phase, *engine, store.of(phase), &sizes)?.0 {
                    samples.add(row, *engine, value);
                }
                load.sample()?;
            }
        }
    }

    let mut text = head(&engines, &dir, &sizes, runs, &load)?;
    text.push_str(&probes.lines()?);
    if let Some(summary) = Summary::of(&generator) {
        writeln!(text, "- {GENERATOR}: {summary} µs")?;
    }
    write!(text, "\n{}", samples.table(&engines))?;
    print!("{text}");
    if let Some(path) = markdown {
        section::write(&path, "embedded", &text)?;
        let mut rows = samples.results();
        rows.extend(probes.rows());
        Results::store(&path, "embedded", rows)?;
    }
    Ok(())
}

/// Takes the number of rounds over all engines.
pub(crate) fn take_runs(flags: &mut Flags) -> Outcome<u64> {
    match flags.take("runs", RUNS_DEFAULT)? {
        0 => Err("--runs must be at least 1".into()),
        runs => Ok(runs),
    }
}

fn head(engines: &[EngineName], dir: &Path, sizes: &Sizes, runs: u64, load: &Load) -> Outcome<String> {
    let names: Vec<&str> = engines.iter().map(|engine| engine.as_str()).collect();
    let features = if cfg!(feature = "rocksdb") { "rocksdb" } else { "peers" };
    let mut command = format!("cargo run --release -p bench --features {features} -- baseline");
    for (name, value) in sizes.named() {
        write!(command, " --{name} {value}")?;
    }
    write!(command, " --runs {runs} --engines {}", names.join(","))?;
    Ok(format!(
        "## Embedded engines at the same durability\n\n\
        - Date: {}\n- Machine: {}; {load}, that of this program included\n- Versions: {}\n- Command: `{command}`\n\
        - Keys of 16 bytes, values of 128 bytes that do not compress; stores in the page cache; CPU is that of all \
        threads, user and system; each workload in a new process. An engine with a cache of its own has 256 MiB for it.\n\
        - Cells: median of {runs} interleaved runs (least–greatest) ×ratio to jetkv. Less is better in every row.\n\
        - Not synced: safe from a crash of the process, not from a power cut; redb offers only commits that such a \
        crash takes back. Durable: `fdatasync` or its like before each put or batch returns.\n",
        machine::date()?,
        machine::description(dir)?,
        machine::versions(engines),
    ))
}

/// Directories of the two stores of an engine, empty at first, removed when dropped.
#[derive(Debug)]
pub(crate) struct StoreDirs {
    dir: PathBuf,
    main: PathBuf,
    crash: PathBuf,
}

impl StoreDirs {
    /// Makes room under `dir`.
    pub(crate) fn new(dir: &Path, engine: EngineName) -> Outcome<Self> {
        let dir = dir.join(format!("stores-of-{engine}"));
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        fs::create_dir_all(&dir)?;
        Ok(Self { main: dir.join("main"), crash: dir.join("crash"), dir })
    }

    /// Returns the directory that `phase` works on.
    pub(crate) fn of(&self, phase: Phase) -> &Path {
        if phase.is_of_crash() { &self.crash } else { &self.main }
    }
}

impl Drop for StoreDirs {
    fn drop(&mut self) {
        // What is left is removed by the next run.
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Where stores are made: with the other things that a build makes.
pub(crate) const DIR_DEFAULT: &str = "target/bench";

const RUNS_DEFAULT: u64 = 3;
const GENERATOR: &str = "making a key and a value, part of every put: CPU";
