//! What a restore reads: the compression, whose chunks hold up to 4 MiB, the archive, and the JSON in it.

#![no_main]

#[allow(dead_code, reason = "a target makes some of the checks")]
#[path = "../../crates/wire/tests/fuzz_checks/mod.rs"]
mod fuzz_checks;

use jetkv_fuzz::{MIB, begin, bounded};

libfuzzer_sys::fuzz_target!(init: begin(&fuzz_checks::corpus()), |bytes: &[u8]| {
    bounded(bytes, 16 * MIB, fuzz_checks::snapshots);
});
