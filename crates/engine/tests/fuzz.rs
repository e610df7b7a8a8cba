//! Stores of which one file holds what nobody wrote, with checksums that fit and with others.
//!
//! The same on every machine. `JETKV_FUZZ_RUNS` says how many inputs are tried, `JETKV_SEED` which.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod fuzz_checks;

use testkit::{Mutator, asked_for};

/// How many inputs are tried if nothing else is said.
const RUNS: u64 = 600;

/// Numbers that are put where they may hurt: lengths, counts, sequences.
const PIECES: &[&[u8]] = &[
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    b"\0\0\0\x80",
    b"\x01\0\0\0\0\0\0\0",
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\xff\xff\xff\xff\xff\xff\xff\x3f",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"JETKVSEG",
    b"\x10",
    b"\x12",
];

#[test]
fn a_file_may_hold_anything() {
    let (runs, seed) = asked_for(RUNS);
    Mutator { corpus: &fuzz_checks::corpus(), pieces: PIECES }.run(runs, seed, fuzz_checks::store);
}
