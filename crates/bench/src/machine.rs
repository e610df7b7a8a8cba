//! What a reader has to know of the machine and the build to judge the figures.

use crate::Outcome;
use crate::engines::EngineName;
use jetkv_types::Timestamp;
use std::fmt;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Returns today's date in UTC.
pub(crate) fn date() -> Outcome<String> {
    let nanos = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos())?;
    let mut text = Timestamp::from_nanos(nanos).to_string();
    text.truncate("2026-01-01".len());
    Ok(text)
}

/// Returns processor, memory, kernel and file system in one line, without any name or path of the machine.
pub(crate) fn description(dir: &Path) -> Outcome<String> {
    let info = fs::read_to_string("/proc/cpuinfo")?;
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("");
    let model = model.trim_start_matches([' ', '\t', ':']);
    let memory = fs::read_to_string("/proc/meminfo")?;
    let kib = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")).unwrap_or("0");
    let kib: u64 = kib.trim().trim_end_matches(" kB").parse()?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let cores = std::thread::available_parallelism()?;
    let model = if model.is_empty() { "unknown processor" } else { model };
    let (gib, file_system) = (kib.div_ceil(1 << 20), file_system(dir)?);
    Ok(format!("{model}, {cores} cores, {gib} GiB, Linux {}, {file_system}", kernel.trim()))
}

/// How many processes wanted a processor while something was measured.
#[derive(Debug)]
pub(crate) struct Load {
    least: f64,
    most: f64,
}

impl Load {
    /// Begins with the load now.
    pub(crate) fn start() -> Outcome<Self> {
        let now = load_average()?;
        Ok(Self { least: now, most: now })
    }

    /// Takes in the load now.
    pub(crate) fn sample(&mut self) -> Outcome<()> {
        let now = load_average()?;
        (self.least, self.most) = (self.least.min(now), self.most.max(now));
        Ok(())
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "load average of a minute {:.1} to {:.1}", self.least, self.most)
    }
}

fn load_average() -> Outcome<f64> {
    let text = fs::read_to_string("/proc/loadavg")?;
    Ok(text.split(' ').next().ok_or("an empty load average")?.parse()?)
}

/// Returns the names of the engines with their versions, from the lock file that this program was built with.
pub(crate) fn versions(engines: &[EngineName]) -> String {
    let texts: Vec<String> = engines
        .iter()
        .map(|engine| format!("{engine} {}", locked_version(engine.package()).unwrap_or("?")))
        .collect();
    let mut text = texts.join(", ");
    #[cfg(feature = "peers")]
    if engines.contains(&EngineName::Sqlite) {
        let library = rusqlite::version();
        text = text.replace("sqlite ", &format!("SQLite {library} by rusqlite "));
    }
    text.push_str(DEBUG_WARNING);
    text
}

fn locked_version(package: &str) -> Option<&'static str> {
    let after_name = LOCK_FILE.split_once(&format!("name = \"{package}\"\nversion = \""))?.1;
    after_name.split('"').next()
}

/// The mount with the longest path above `dir` decides.
fn file_system(dir: &Path) -> Outcome<String> {
    let dir = dir.canonicalize()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    let kind = mounts
        .lines()
        .filter_map(|line| {
            let point = line.split(' ').nth(4)?;
            let kind = line.split_once(" - ")?.1.split(' ').next()?;
            dir.starts_with(point).then_some((point.len(), kind))
        })
        .max_by_key(|(length, _)| *length);
    Ok(kind.map_or("unknown file system", |(_, kind)| kind).to_owned())
}

/// What is said of a build that is not optimised; empty for others.
pub(crate) const DEBUG_WARNING: &str =
    if cfg!(debug_assertions) { "; DEBUG BUILD, the figures mean nothing" } else { "" };

const LOCK_FILE: &str = include_str!("../../../Cargo.lock");
