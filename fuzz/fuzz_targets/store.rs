//! Stores of which one file holds what nobody wrote.

#![no_main]

#[allow(dead_code, reason = "a target makes some of the checks")]
#[path = "../../crates/engine/tests/fuzz_checks/mod.rs"]
mod fuzz_checks;

use jetkv_fuzz::{MIB, begin, bounded};

libfuzzer_sys::fuzz_target!(init: begin(&fuzz_checks::corpus()), |bytes: &[u8]| {
    bounded(bytes, 8 * MIB, fuzz_checks::store);
});
