//! A deterministic world for tests: seeded randomness, a clock moved by hand, and a disk that loses power, a
//! stream as plain maps. Beside it, [`nats`]: a raw client for tests of servers.
//!
//! Everything here but that client is a function of its seeds and of the calls made, so a failing seed fails again.

mod buggy_fs;
mod clock;
mod model;
mod mutate;
pub mod nats;
mod rng;
mod sim_fs;
mod tap_fs;

pub use buggy_fs::{BuggyFs, FsBug};
pub use clock::ManualClock;
pub use model::{Model, Refusal};
pub use mutate::{Mutator, asked_for};
pub use rng::{Rng, SeededEntropy};
pub use sim_fs::{Counts, DiskModel, FaultKind, FaultMode, SECTOR_BYTES, SimFs};
pub use tap_fs::{Call, Gate, Shut, TapFs};
