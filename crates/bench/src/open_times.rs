//! `bench open`: how long jetkv takes to open, and its memory per key.

use crate::Outcome;
use crate::baseline::{DIR_DEFAULT, StoreDirs, take_runs};
use crate::data::KEY_BYTES;
use crate::engines::EngineName;
use crate::flags::Flags;
use crate::phases::Phase;
use crate::report::Samples;
use crate::sizes::{KEYS_DEFAULT, Sizes};
use crate::{child, machine};
use std::path::PathBuf;

/// Runs the command.
pub(crate) fn run(mut flags: Flags) -> Outcome<()> {
    let keys = flags.take("keys", KEYS_DEFAULT)?;
    let runs = take_runs(&mut flags)?;
    let dir = flags.take("dir", PathBuf::from(DIR_DEFAULT))?;
    flags.finish()?;
    let sizes = Sizes { crash_keys: keys, ..Sizes::for_keys(keys) }.checked()?;

    let mut samples = Samples::default();
    for _ in 0..runs {
        let store = StoreDirs::new(&dir, EngineName::Jetkv)?;
        for phase in [Phase::Load, Phase::OpenClean, Phase::Crash, Phase::OpenDirty] {
            for (row, value) in child::spawn(phase, EngineName::Jetkv, store.of(phase), &sizes)?.0 {
                samples.add(row, EngineName::Jetkv, value);
            }
        }
    }
    println!("{}; {}", machine::description(&dir)?, machine::versions(&[EngineName::Jetkv]));
    println!(
        "{keys} keys of {KEY_BYTES} bytes, values of 128 bytes; median (least–greatest) of {runs} runs\n"
    );
    for (row, title) in LINES {
        if let Some(summary) = samples.summary(row, EngineName::Jetkv) {
            println!("{title:<56} {summary}");
        }
    }
    Ok(())
}

const LINES: [(&str, &str); 8] = [
    ("open.clean.ms", "open after a clean stop, ms"),
    ("open.dirty.ms", "open after an abort, ms"),
    ("load.memory", "resident memory after load, bytes per key"),
    ("open.clean.memory", "resident memory after a clean open, bytes per key"),
    ("open.dirty.memory", "resident memory after a dirty open, bytes per key"),
    ("load.index", "index after load, bytes per key with the key"),
    ("open.clean.index", "index after a clean open, bytes per key with the key"),
    ("open.dirty.index", "index after a dirty open, bytes per key with the key"),
];
