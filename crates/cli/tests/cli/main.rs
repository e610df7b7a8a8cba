//! The program from the outside: every command, what it prints, how it ends.

#[expect(clippy::unwrap_used, reason = "helpers of tests fail a test by a panic")]
mod backup;
mod buckets;
#[expect(clippy::unwrap_used, reason = "helpers of tests fail a test by a panic")]
mod console;
mod doctor;
mod errors;
mod keys;
#[expect(clippy::unwrap_used, reason = "helpers of tests fail a test by a panic")]
mod lock;
#[expect(clippy::unwrap_used, reason = "helpers of tests fail a test by a panic")]
mod online;
#[expect(clippy::unwrap_used, reason = "helpers of tests fail a test by a panic")]
mod packaging;
#[expect(clippy::unwrap_used, reason = "helpers of tests fail a test by a panic")]
mod program;
#[expect(clippy::unwrap_used, reason = "helpers of tests fail a test by a panic")]
mod remote;
#[expect(clippy::unwrap_used, reason = "helpers of tests fail a test by a panic")]
mod serve;
#[expect(clippy::unwrap_used, reason = "helpers of tests fail a test by a panic")]
mod served;
#[expect(clippy::unwrap_used, reason = "helpers of tests fail a test by a panic")]
mod tls;
mod tour;
mod transfer;
mod upkeep;
mod watch;
