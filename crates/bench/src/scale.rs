//! `bench scale`: what one operation costs an embedded engine, from a thousand keys to ten million.

use crate::baseline::{DIR_DEFAULT, StoreDirs, take_runs};
use crate::engines::EngineName;
use crate::flags::Flags;
use crate::machine::Load;
use crate::phases::Phase;
use crate::results::{Results, Row};
use crate::sizes::Sizes;
use crate::table::Table;
use crate::{Outcome, child, machine, section};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

/// Runs the command.
pub(crate) fn run(mut flags: Flags) -> Outcome<()> {
    let runs = take_runs(&mut flags)?;
    let dir: PathBuf = flags.take("dir", PathBuf::from(DIR_DEFAULT))?;
    let markdown: Option<PathBuf> = flags.take_optional("markdown")?;
    let operations: u64 = flags.take("operations", OPERATIONS_DEFAULT)?;
    let sizes: String = flags.take("sizes", SIZES_DEFAULT.to_owned())?;
    let engines: String = flags.take("engines", EngineName::Jetkv.to_string())?;
    flags.finish()?;
    let counts = sizes.split(',').map(str::parse).collect::<Result<Vec<u64>, _>>()?;
    let engines = engines.split(',').map(str::parse).collect::<Result<Vec<EngineName>, _>>()?;
    fs::create_dir_all(&dir)?;

    let mut tables: Vec<Table> = engines.iter().map(|_| Table::default()).collect();
    let mut load = Load::start()?;
    for run in 1..=runs {
        for (column, keys) in counts.iter().enumerate() {
            for (engine, table) in engines.iter().zip(&mut tables) {
                eprintln!("run {run} of {runs}: {engine}, {keys} keys");
                let sizes = Sizes { reads: operations, overwrites: operations, ..Sizes::for_keys(*keys) }
                    .checked()?;
                let store = StoreDirs::new(&dir, *engine)?;
                for phase in [Phase::Load, Phase::OpenClean, Phase::Reads, Phase::Overwrite] {
                    for (name, value) in child::spawn(phase, *engine, store.of(phase), &sizes)?.0 {
                        if let Some(line) = LINES.iter().find(|line| line.figure == name) {
                            table.add(column, line.title, line.measure, value);
                        }
                    }
                }
                load.sample()?;
            }
        }
    }

    let columns: Vec<String> = counts.iter().map(|keys| format!("{keys} keys")).collect();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut text = format!(
        "## Embedded engine against the number of keys\n\n\
        - Date: {}\n- Machine: {}; {load}, that of this program included\n- Versions: {}\n\
        - Command: `cargo run --release -p bench --features peers -- scale --sizes {sizes} --operations {operations} --runs {runs}`\n\
        - Cells: median of {runs} runs (least–greatest); the last column is the largest store beside the smallest. Puts are those that \
        fill the store; overwrites and gets are {operations} of random keys; a scan gives 1,000 keys of one prefix, for each key.\n",
        machine::date()?,
        machine::description(&dir)?,
        machine::versions(&engines),
    );
    let mut rows = Vec::new();
    for (engine, table) in engines.iter().zip(&tables) {
        write!(text, "\n{engine}:\n\n{}", table.markdown(&columns))?;
        for (column, keys) in counts.iter().enumerate() {
            rows.extend(LINES.iter().filter_map(|line| {
                let summary = table.summary(column, line.title, line.measure)?;
                let work = line.work.replace("{}", &keys.to_string());
                Some(Row { work, measure: line.measure.to_owned(), of: engine.to_string(), summary })
            }));
        }
    }
    print!("{text}");
    if let Some(path) = markdown {
        section::write(&path, "scale", &text)?;
        Results::store(&path, "scale", rows)?;
    }
    Ok(())
}

/// A line of the table, and what it is called among the results of one size.
struct Line {
    figure: &'static str,
    title: &'static str,
    work: &'static str,
    measure: &'static str,
}

const fn line(figure: &'static str, title: &'static str, work: &'static str, measure: &'static str) -> Line {
    Line { figure, title, work, measure }
}

const LINES: &[Line] = &[
    line("load.cpu", "put, not synced", "put among {} keys", "CPU, µs"),
    line("overwrite.cpu", "overwrite, not synced", "overwrite among {} keys", "CPU, µs"),
    line("get1.cpu", "random get", "get among {} keys", "CPU, µs"),
    line("scan_keys.cpu", "scan of 1,000 keys, each", "scan of 1,000 among {} keys", "CPU, µs"),
    line("scan_values.cpu", "scan of 1,000 with values, each", "scan with values among {} keys", "CPU, µs"),
    line("count.cpu", "count of all keys", "count of {} keys", "CPU, µs"),
    line("open.clean.ms", "open after a clean stop", "open of {} keys", "ms"),
    line("load.index", "index, key included", "index of {} keys", "bytes/key"),
    line("load.memory", "memory after load", "memory of {} keys", "bytes/key"),
    line("load.allocated", "disk after load", "disk of {} keys", "bytes/key"),
];

const SIZES_DEFAULT: &str = "1000,10000,100000,1000000";
const OPERATIONS_DEFAULT: u64 = 200_000;
