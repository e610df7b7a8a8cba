//! Bytes that nobody would send: known ones, changed at random, and random ones.
//!
//! The same on every machine. `JETKV_FUZZ_RUNS` says how many inputs are tried, `JETKV_SEED` which.

mod fuzz_checks;

use testkit::{Mutator, asked_for};

/// How many inputs are tried if nothing else is said; this takes about a second.
const RUNS: u64 = 4_000;

/// Texts that are put where they may hurt.
const PIECES: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b"\0",
    b"\xc3\xbf",
    b"\"",
    b"\\",
    b"\\u",
    b"\\ud800",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"NATSARC1",
    b"S2sTwO",
    b"\x7f",
    b"-1",
    b"1.5",
    b"1e9",
    b"0",
    b"9223372036854775808",
    b"18446744073709551616",
    b"999999999",
    b"PUB ",
    b"NATS/1.0\r\n",
    b"$JS.ACK.",
    b".",
    b">",
    b"*",
    b"0001-01-01T00:00:00Z",
    b"2026-01-01T00:00:00+99:99",
    b"\xc3\xa9",
    b"\xe2\x80\xa8",
];

#[test]
fn any_bytes_are_read_without_a_panic_and_consistently() {
    let (runs, seed) = asked_for(RUNS);
    Mutator { corpus: &fuzz_checks::corpus(), pieces: PIECES }.run(runs, seed, fuzz_checks::all);
}
