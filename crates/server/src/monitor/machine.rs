//! What the process takes of the machine.

use rustix::param::page_size;
use rustix::time::{ClockId, clock_gettime};
use std::fs;
use std::time::Duration;

/// Returns the bytes of memory that the process has now, 0 where the system does not tell.
pub(super) fn memory() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").ok();
    let resident = pages.as_deref().and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok());
    resident.unwrap_or(0).saturating_mul(u64::try_from(page_size()).unwrap_or(0))
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
