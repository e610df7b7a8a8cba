//! Power cuts below a server that runs: the program as it is delivered, on a disk that keeps unsynced data apart and drops a
//! random part of it when the power goes.
//!
//! The engine's own tests cut the power at every operation of a simulated disk; this shows that the same holds for the whole
//! program, over the wire, through the kernel. A round writes through several connections, cuts the power, cuts it again
//! during recovery, and compares what is there with what was acknowledged: 0 lost, 0 wrong, no bucket gone, none back.

#[cfg(target_os = "linux")]
mod client;
#[cfg(target_os = "linux")]
mod disk;
#[cfg(target_os = "linux")]
mod error;
#[cfg(target_os = "linux")]
mod judge;
#[cfg(target_os = "linux")]
mod known;
#[cfg(target_os = "linux")]
mod load;
#[cfg(target_os = "linux")]
mod mount;

#[cfg(target_os = "linux")]
pub use disk::DiskModel;
#[cfg(target_os = "linux")]
pub use error::PowercutError;
#[cfg(target_os = "linux")]
pub use judge::{Plan, Verdict, run};
