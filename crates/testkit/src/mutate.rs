//! Inputs that nobody would send: known ones, changed at random, and random ones.

use crate::Rng;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Known inputs, and texts that are put into them where they may hurt.
#[derive(Debug, Clone, Copy)]
pub struct Mutator<'a> {
    /// The known inputs; at least one.
    pub corpus: &'a [Vec<u8>],
    /// The texts; at least one.
    pub pieces: &'a [&'a [u8]],
}

impl Mutator<'_> {
    /// Makes `check` with every known input and then with `runs` others, which follow from `seed`.
    ///
    /// # Panics
    /// If a check does; it says which input it was, and how to have it again.
    pub fn run(&self, runs: u64, seed: u64, check: impl Fn(&[u8])) {
        for input in self.corpus {
            check(input);
        }
        let mut rng = Rng::new(seed);
        for run in 0..runs {
            let input = self.input(&mut rng);
            let checked = catch_unwind(AssertUnwindSafe(|| check(&input)));
            assert!(checked.is_ok(), "run {run} of seed {seed}: {}", input.escape_ascii());
        }
    }

    fn input(&self, rng: &mut Rng) -> Vec<u8> {
        if rng.chance(1, 8) {
            let count = rng.index(200);
            return rng.bytes(count);
        }
        let mut input = rng.pick(self.corpus).clone();
        for _ in 0..=rng.below(4) {
            self.change(&mut input, rng);
        }
        input
    }

    fn change(&self, input: &mut Vec<u8>, rng: &mut Rng) {
        let (one, other) = (rng.index(input.len() + 1), rng.index(input.len() + 1));
        let (from, to) = (one.min(other), one.max(other));
        match rng.below(7) {
            0 => {
                if let Some(byte) = input.get_mut(from) {
                    *byte = rng.next_u64().to_le_bytes()[0];
                }
            }
            1 => {
                if let Some(byte) = input.get_mut(from) {
                    *byte ^= 1 << rng.below(8);
                }
            }
            2 => {
                let piece = rng.pick(self.pieces);
                input.splice(from..from, piece.iter().copied());
            }
            3 => {
                let end = from + (to - from).min(8);
                input.drain(from..end);
            }
            4 => input.truncate(to),
            5 => {
                let part = input[from..to].to_vec();
                input.splice(from..from, part);
            }
            _ => {
                let tail = rng.pick(self.corpus);
                let start = rng.index(tail.len());
                input.truncate(from);
                input.extend_from_slice(&tail[start..]);
            }
        }
    }
}

/// Returns how many inputs `JETKV_FUZZ_RUNS` asks for, else `runs`, and the seed that `JETKV_SEED` names, else 1.
#[must_use]
pub fn asked_for(runs: u64) -> (u64, u64) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    (number("JETKV_FUZZ_RUNS").unwrap_or(runs), number("JETKV_SEED").unwrap_or(1))
}
