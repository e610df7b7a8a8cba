//! Every bit of every file: one flip costs at most one message, and that one is named.

use crate::judge::{Rules, judge};
use crate::shapes::{assert_none, name_of};
use crate::world::{Image, Stop, image};
use std::collections::BTreeMap;
use std::path::Path;

/// What became of the flips.
#[derive(Debug, Default)]
struct Tally {
    flips: u64,
    /// Nothing was wrong, and nothing was said.
    silent: u64,
    /// Nothing was wrong, and the damage was reported.
    reported: u64,
    /// One message is unreadable and named.
    named: u64,
    /// Subjects are blocked by something of which nothing is known.
    blocked: u64,
    /// The silent ones by kind of file.
    silent_in: BTreeMap<String, u64>,
}

#[test]
fn one_flipped_bit_costs_one_named_message_after_a_clean_stop() {
    flip_bits(&image(0, Stop::Clean));
}

#[test]
fn one_flipped_bit_costs_one_named_message_after_a_kill() {
    flip_bits(&image(0, Stop::Killed));
}

#[test]
fn one_flipped_bit_costs_one_named_message_after_a_power_cut() {
    flip_bits(&image(0, Stop::PowerCut));
}

fn flip_bits(image: &Image) {
    let all = std::env::var_os("JETKV_ALL_BITS").is_some();
    let (mut tally, mut violations) = (Tally::default(), Vec::new());
    for path in image.fs.paths() {
        let bytes = image.fs.read(&path);
        let bits = u64::try_from(bytes.len()).unwrap() * 8;
        let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let written_bits = u64::try_from(written).unwrap() * 8;
        let mut bit = 0;
        while bit < bits {
            flip(image, &path, bit, &mut tally, &mut violations);
            // Behind the last entry all is zeros; they are many and all alike.
            bit += match (all, bit < written_bits) {
                (true, true) => 1,
                (true, false) => 101,
                (false, true) => {
                    if image.name == "clean" {
                        61
                    } else {
                        181
                    }
                }
                (false, false) => 4001,
            };
        }
    }
    println!("{}: {tally:?}", image.name);
    assert_none(&violations);
}

fn flip(image: &Image, path: &Path, bit: u64, tally: &mut Tally, violations: &mut Vec<String>) {
    let fs = image.fs.fork();
    fs.flip_bit(path, bit);
    let ranges = vec![(path.to_owned(), bit / 8..bit / 8 + 1)];
    let verdict = judge(&fs, image, &Rules { ranges, unreadable_max: Some(1), holes_allowed: false });
    tally.flips += 1;
    match (verdict.blocked + verdict.broken, verdict.unreadable.len(), verdict.reported) {
        (0, 0, false) => {
            tally.silent += 1;
            let name = name_of(path);
            let kind = name.rsplit_once('.').map_or(name.as_str(), |(_, kind)| kind);
            *tally.silent_in.entry(kind.to_owned()).or_default() += 1;
        }
        (0, 0, true) => tally.reported += 1,
        (0, _, _) => tally.named += 1,
        _ => tally.blocked += 1,
    }
    let place = format!("{} bit {bit} (byte {})", path.display(), bit / 8);
    violations.extend(verdict.violations.into_iter().map(|violation| format!("{place}: {violation}")));
}
