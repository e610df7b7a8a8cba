//! The beginning of a target: known inputs as files.

use crate::bounded::lift_in_panics;
use std::path::PathBuf;

/// Prepares the process, and writes `seeds` as files into the directory that `JETKV_FUZZ_SEEDS` names, if it names one.
pub fn begin(seeds: &[Vec<u8>]) {
    lift_in_panics();
    let Some(directory) = std::env::var_os("JETKV_FUZZ_SEEDS").map(PathBuf::from) else { return };
    std::fs::create_dir_all(&directory).expect("the directory of the seeds can be made");
    for (number, seed) in seeds.iter().enumerate() {
        std::fs::write(directory.join(format!("seed-{number}")), seed).expect("a seed can be written");
    }
}
