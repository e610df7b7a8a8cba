//! Configurations that nobody would write: known ones, changed at random, and random ones.
//!
//! The same on every machine. `JETKV_FUZZ_RUNS` says how many inputs are tried, `JETKV_SEED` which.

mod fuzz_checks;

use testkit::{Mutator, asked_for};

/// How many inputs are tried if nothing else is said.
const RUNS: u64 = 10_000;

/// Texts that are put where they may hurt.
const PIECES: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b"(",
    b")",
    b"\"",
    b"'",
    b"\\",
    b"\\x",
    b"$",
    b"$N",
    b"$R",
    b"include ",
    b"1",
    b"\xff",
    b"\0",
    b"\n",
    b"\r",
    b"\t",
    b" ",
    b",",
    b";",
    b":",
    b"=",
    b"#",
    b"//",
    b"-",
    b".",
    b"9223372036854775808",
    b"1e9",
    b"-1",
    b"1h",
    b"KiB",
    b"E",
    b"true",
    b"\xc3\xa9",
    b"\x1b[31m",
    b"\xe2\x80\xa8",
    b"[[[[[[[[[[[[[[[[[[[[[[[[",
    b"{a{a{a{a{a{a{a{a{a{a",
];

#[test]
fn any_text_is_taken_or_refused_in_clean_words() {
    let (runs, seed) = asked_for(RUNS);
    Mutator { corpus: &fuzz_checks::corpus(), pieces: PIECES }.run(runs, seed, fuzz_checks::config);
}
