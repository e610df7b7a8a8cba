//! What is read from the machine: time, CPU, memory, disk.

use crate::Outcome;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// Wall and CPU time of a piece of work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Time that passed.
    pub(crate) wall: Duration,
    /// User and system time of all threads of the process, those of the engine included.
    pub(crate) cpu: Duration,
}

/// CPU time of one thread of the workload, taken by that thread as its last act.
#[derive(Debug)]
pub(crate) struct ThreadCpu {
    thread: String,
    cpu: Duration,
}

/// Measures from its start to its stop.
#[derive(Debug)]
pub(crate) struct Meter {
    threads: BTreeMap<String, Duration>,
    started: Instant,
}

impl Meter {
    /// Begins to measure.
    pub(crate) fn start() -> Outcome<Self> {
        let threads = threads_cpu()?;
        Ok(Self { threads, started: Instant::now() })
    }

    /// Ends measuring. `workers` are threads that began after the start and have ended: `/proc` forgets those.
    /// What engine threads used that both began and ended meanwhile is not seen.
    pub(crate) fn stop(self, workers: &[ThreadCpu]) -> Outcome<Cost> {
        let wall = self.started.elapsed();
        let mut cpu: Duration = workers.iter().map(|worker| worker.cpu).sum();
        for (thread, total) in threads_cpu()? {
            // A joined thread can be listed for a moment longer; it must not count twice.
            if workers.iter().all(|worker| worker.thread != thread) {
                cpu += total.saturating_sub(self.threads.get(&thread).copied().unwrap_or_default());
            }
        }
        Ok(Cost { wall, cpu })
    }
}

/// Measures `work` done by this thread and the threads of the engine.
pub(crate) fn measure(work: impl FnOnce() -> Outcome<()>) -> Outcome<Cost> {
    let meter = Meter::start()?;
    work()?;
    meter.stop(&[])
}

/// Returns what the calling thread has used so far.
pub(crate) fn thread_cpu() -> Outcome<ThreadCpu> {
    // The kernel brings the figure of a running thread up to date only when it is scheduled.
    std::thread::yield_now();
    let place = fs::read_link("/proc/thread-self")?;
    let thread = place.file_name().ok_or("no thread id")?.to_string_lossy().into_owned();
    let cpu = schedstat_cpu(Path::new("/proc/thread-self/schedstat"))?;
    Ok(ThreadCpu { thread, cpu })
}

fn threads_cpu() -> Outcome<BTreeMap<String, Duration>> {
    std::thread::yield_now();
    let mut threads = BTreeMap::new();
    for entry in fs::read_dir("/proc/self/task")? {
        let entry = entry?;
        // A thread may end between the listing and the reading.
        if let Ok(cpu) = schedstat_cpu(&entry.path().join("schedstat")) {
            threads.insert(entry.file_name().to_string_lossy().into_owned(), cpu);
        }
    }
    Ok(threads)
}

/// The first field counts nanoseconds on a CPU; the clock ticks of `stat` are a hundred thousand times coarser.
fn schedstat_cpu(path: &Path) -> Outcome<Duration> {
    let text = fs::read_to_string(path)?;
    let nanos = text.split_whitespace().next().ok_or("an empty schedstat")?;
    Ok(Duration::from_nanos(nanos.parse()?))
}

/// Returns the resident memory of this process in bytes.
pub(crate) fn resident_bytes() -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}

/// Bytes on disk of everything under a directory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DiskBytes {
    /// What the file system has set aside.
    pub(crate) allocated: u64,
    /// What the files say of their lengths.
    pub(crate) length: u64,
}

/// Adds up all files under `dir`.
pub(crate) fn disk_bytes(dir: &Path) -> Outcome<DiskBytes> {
    let mut sum = DiskBytes::default();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            let inner = disk_bytes(&entry.path())?;
            sum.allocated += inner.allocated;
            sum.length += inner.length;
        } else {
            sum.allocated += metadata.blocks() * STAT_BLOCK_BYTES;
            sum.length += metadata.len();
        }
    }
    Ok(sum)
}

/// Returns the median time of appending 160 bytes to a file in `dir` and making them durable: the floor of a durable put.
pub(crate) fn append_and_sync(dir: &Path, times: u64) -> Outcome<Duration> {
    fs::create_dir_all(dir)?;
    let path = dir.join("sync-probe");
    let mut file = fs::File::create(&path)?;
    let mut nanos = Vec::new();
    for _ in 0..times {
        let started = Instant::now();
        file.write_all(&[0xA5; 160])?;
        file.sync_data()?;
        nanos.push(started.elapsed());
    }
    fs::remove_file(&path)?;
    nanos.sort_unstable();
    Ok(percentile(&nanos, 50))
}

/// Returns a percentile of sorted times, zero if there are none.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or_default()
}

/// The unit of `st_blocks`, whatever the file system.
const STAT_BLOCK_BYTES: u64 = 512;
