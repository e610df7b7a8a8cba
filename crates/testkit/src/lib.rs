//! A deterministic world for tests: seeded randomness, a clock moved by hand, and a disk that loses power.
//!
//! Everything here is a function of its seeds and of the calls made, so a failing seed fails again.

mod clock;
mod rng;
mod sim_fs;

pub use clock::ManualClock;
pub use rng::{Rng, SeededEntropy};
pub use sim_fs::{Counts, DiskModel, FaultKind, FaultMode, SECTOR_BYTES, SimFs};
