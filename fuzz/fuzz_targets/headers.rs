//! Raw header blocks.

#![no_main]

#[allow(dead_code, reason = "a target makes some of the checks")]
#[path = "../../crates/wire/tests/fuzz_checks/mod.rs"]
mod fuzz_checks;

use jetkv_fuzz::{MIB, begin, bounded};

libfuzzer_sys::fuzz_target!(init: begin(&fuzz_checks::corpus()), |bytes: &[u8]| {
    bounded(bytes, MIB, fuzz_checks::headers_of);
});
