//! What the process takes of the machine, and what the machine has.

use rustix::fs::{Mode, OFlags, statvfs};
use rustix::param::page_size;
use rustix::time::{ClockId, clock_gettime};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Returns the bytes of memory that the process has now, 0 where the system does not tell.
pub(super) fn memory() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").ok();
    let resident = pages.as_deref().and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok());
    resident.unwrap_or(0).saturating_mul(u64::try_from(page_size()).unwrap_or(0))
}

/// Returns the bytes of memory that the machine has, or the control group that the process is in; `None` where the system
/// does not tell.
pub(crate) fn memory_of_machine() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    let group = fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let group = group.and_then(|text| text.trim().parse::<u64>().ok());
    let whole = kibibytes.checked_mul(1_024)?;
    Some(group.map_or(whole, |group| group.min(whole)))
}

/// Returns the bytes that are free on the disk that has `dir`, or will have it; `None` where the system does not tell.
pub(crate) fn free_on_disk(dir: &Path) -> Option<u64> {
    let found = dir.ancestors().find_map(|dir| {
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        statvfs(dir).ok()
    })?;
    found.f_bavail.checked_mul(found.f_frsize)
}

/// Returns how many files the process has open, connections included, and how many it may; `None` where the system does not
/// tell.
pub(super) fn open_files() -> Option<(u64, u64)> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let most = line.split_whitespace().next()?;
    let most = if most == "unlimited" { u64::MAX } else { most.parse().ok()? };
    let open = rustix::fs::Dir::read_from(
        rustix::fs::open("/proc/self/fd", OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).ok()?,
    );
    // The directory itself, and the names of itself and its parent, are no files that were open before.
    let open = u64::try_from(open.ok()?.count()).ok()?.saturating_sub(3);
    Some((open, most))
}

/// Returns the processor time that the process has used.
pub(super) fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Returns the processors that the process may use.
pub(super) fn cores() -> u64 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    u64::try_from(cores).unwrap_or(1)
}
