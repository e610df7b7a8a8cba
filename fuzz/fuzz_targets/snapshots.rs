//! What a restore reads: the compression, the archive, and the JSON in it.

#![no_main]

#[allow(dead_code, reason = "a target makes some of the checks")]
#[path = "../../crates/wire/tests/fuzz_checks/mod.rs"]
mod fuzz_checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_checks::snapshots(bytes));
