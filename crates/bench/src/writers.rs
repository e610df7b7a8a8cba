//! `bench writers`: how many syncs concurrent durable writers of jetkv share.

use crate::Outcome;
use crate::baseline::{DIR_DEFAULT, StoreDirs, take_runs};
use crate::engines::EngineName;
use crate::flags::Flags;
use crate::phases::Phase;
use crate::report::Samples;
use crate::sizes::Sizes;
use crate::{child, machine};
use std::path::PathBuf;

/// Runs the command.
pub(crate) fn run(mut flags: Flags) -> Outcome<()> {
    let mut sizes = Sizes::for_keys(flags.take("keys", KEYS_DEFAULT)?);
    sizes.threads = flags.take("threads", sizes.threads)?;
    sizes.concurrent_puts = flags.take("puts", sizes.concurrent_puts)?;
    let runs = take_runs(&mut flags)?;
    let dir = flags.take("dir", PathBuf::from(DIR_DEFAULT))?;
    flags.finish()?;
    let sizes = sizes.checked()?;

    let mut samples = Samples::default();
    for _ in 0..runs {
        let store = StoreDirs::new(&dir, EngineName::Jetkv)?;
        for phase in [Phase::Load, Phase::DurableMany] {
            for (row, value) in child::spawn(phase, EngineName::Jetkv, store.of(phase), &sizes)?.0 {
                samples.add(row, EngineName::Jetkv, value);
            }
        }
    }
    println!("{}; {}", machine::description(&dir)?, machine::versions(&[EngineName::Jetkv]));
    let (puts, threads) = (sizes.concurrent_puts, sizes.threads);
    println!("{puts} durable puts by {threads} writers; median (least–greatest) of {runs} runs\n");
    for (row, title) in LINES {
        if let Some(summary) = samples.summary(row, EngineName::Jetkv) {
            println!("{title:<24} {summary}");
        }
    }
    Ok(())
}

const KEYS_DEFAULT: u64 = 100_000;
const LINES: [(&str, &str); 5] = [
    ("durable64.syncs", "syncs per put"),
    ("durable64.wall", "wall, µs per put"),
    ("durable64.cpu", "CPU, µs per put"),
    ("durable64.p50", "latency, median, µs"),
    ("durable64.p99", "latency, 99 %, µs"),
];
