//! What is read from the machine: time, CPU, memory, disk.

use crate::Outcome;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
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
        let threads = threads_cpu(SELF)?;
        Ok(Self { threads, started: Instant::now() })
    }

    /// Ends measuring. `workers` are threads that began after the start and have ended: `/proc` forgets those.
    /// What engine threads used that both began and ended meanwhile is not seen.
    pub(crate) fn stop(self, workers: &[ThreadCpu]) -> Outcome<Cost> {
        let wall = self.started.elapsed();
        let mut cpu: Duration = workers.iter().map(|worker| worker.cpu).sum();
        for (thread, total) in threads_cpu(SELF)? {
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

fn threads_cpu(process: &str) -> Outcome<BTreeMap<String, Duration>> {
    std::thread::yield_now();
    let mut threads = BTreeMap::new();
    for entry in fs::read_dir(format!("/proc/{process}/task"))? {
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

/// User and system time of another process, from its start to its stop.
#[derive(Debug)]
pub(crate) struct ProcessMeter {
    process: String,
    threads: BTreeMap<String, Duration>,
    ticks: Duration,
}

impl ProcessMeter {
    /// Begins to measure the process with this id.
    pub(crate) fn start(process: u32) -> Outcome<Self> {
        let process = process.to_string();
        Ok(Self { threads: threads_cpu(&process)?, ticks: process_cpu(&process)?, process })
    }

    /// Ends measuring.
    pub(crate) fn stop(self) -> Outcome<Duration> {
        let of_threads = threads_cpu(&self.process)?
            .into_iter()
            .map(|(thread, cpu)| cpu.saturating_sub(self.threads.get(&thread).copied().unwrap_or_default()))
            .sum();
        // The threads say it exactly, but those that ended meanwhile count only in the coarse sum.
        let ticks = process_cpu(&self.process)?.saturating_sub(self.ticks).saturating_sub(TICK * 2);
        Ok(ticks.max(of_threads))
    }
}

/// Returns what this process has used so far, to a hundredth of a second, threads that ended included.
pub(crate) fn own_cpu() -> Outcome<Duration> {
    process_cpu(SELF)
}

fn process_cpu(process: &str) -> Outcome<Duration> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name of the program, in parentheses, may hold spaces.
    let fields = text.rsplit_once(')').ok_or("no name in stat")?.1;
    let mut fields = fields.split_whitespace().skip(STAT_FIELDS_BEFORE_TIMES);
    let mut ticks = || -> Outcome<u32> { Ok(fields.next().ok_or("a short stat")?.parse()?) };
    Ok(TICK * (ticks()? + ticks()?))
}

/// Returns the resident memory of this process in bytes.
pub(crate) fn resident_bytes() -> Outcome<u64> {
    resident_bytes_of(SELF)
}

/// Returns the resident memory of a process, by its id, in bytes.
pub(crate) fn resident_bytes_of(process: &str) -> Outcome<u64> {
    status_bytes(process, "VmRSS:")
}

/// Returns the most resident memory that a process has had, by its id, in bytes.
pub(crate) fn peak_bytes_of(process: &str) -> Outcome<u64> {
    status_bytes(process, "VmHWM:")
}

/// Returns how many files and sockets a process has open, by its id.
pub(crate) fn descriptors_of(process: &str) -> Outcome<u64> {
    Ok(u64::try_from(fs::read_dir(format!("/proc/{process}/fd"))?.count())?)
}

fn status_bytes(process: &str, field: &str) -> Outcome<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let line = line.ok_or_else(|| format!("no {field}"))?;
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
    appends(dir, times, |file| file.sync_data())
}

/// Returns the median time of such an append alone.
pub(crate) fn append(dir: &Path, times: u64) -> Outcome<Duration> {
    appends(dir, times, |_| Ok(()))
}

fn appends(dir: &Path, times: u64, sync: fn(&fs::File) -> std::io::Result<()>) -> Outcome<Duration> {
    fs::create_dir_all(dir)?;
    let path = dir.join("sync-probe");
    let mut file = fs::File::create(&path)?;
    let mut nanos = Vec::new();
    for _ in 0..times {
        let started = Instant::now();
        file.write_all(&[0xA5; 160])?;
        sync(&file)?;
        nanos.push(started.elapsed());
    }
    fs::remove_file(&path)?;
    nanos.sort_unstable();
    Ok(percentile(&nanos, 50))
}

/// Returns the median time of one byte to another thread and back over a loopback connection: the floor of a request.
pub(crate) fn tcp_round_trip(times: u64) -> Outcome<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut near = TcpStream::connect(listener.local_addr()?)?;
    let (mut far, _) = listener.accept()?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let echo = std::thread::spawn(move || -> std::io::Result<()> {
        let mut byte = [0];
        while far.read(&mut byte)? == 1 {
            far.write_all(&byte)?;
        }
        Ok(())
    });
    let mut taken = Vec::new();
    for _ in 0..times {
        let started = Instant::now();
        near.write_all(&[1])?;
        near.read_exact(&mut [0])?;
        taken.push(started.elapsed());
    }
    drop(near);
    echo.join().map_err(|_| "the echo panicked")??;
    taken.sort_unstable();
    Ok(percentile(&taken, 50))
}

/// Returns a percentile of sorted times, zero if there are none.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or_default()
}

const SELF: &str = "self";
/// The kernel tells every program of times in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);
/// Fields of `/proc/PID/stat` between the name and the user time.
const STAT_FIELDS_BEFORE_TIMES: usize = 11;
/// The unit of `st_blocks`, whatever the file system.
const STAT_BLOCK_BYTES: u64 = 512;
