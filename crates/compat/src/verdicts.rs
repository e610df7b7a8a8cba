//! What a suite prints: one line for each case, and a closing line with the counts.
//!
//! ```text
//! ok value/put-get
//! FAIL value/update-wrong-revision: expected "wrong last sequence", got "timeout"
//! # any remark
//! done: 1 ok, 1 failed
//! ```

/// The verdicts of one suite about one server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// How many cases are well.
    pub passed: usize,
    /// The cases that are not, with their reasons.
    pub failed: Vec<String>,
    /// Whether the closing line was there and told the same counts.
    pub complete: bool,
}

impl Verdicts {
    /// Reads everything that a suite printed on standard output.
    #[must_use]
    pub fn read(output: &str) -> Self {
        let mut verdicts = Self::default();
        for line in output.lines() {
            if line.starts_with("ok ") {
                verdicts.passed += 1;
            } else if let Some(failure) = line.strip_prefix("FAIL ") {
                verdicts.failed.push(failure.to_owned());
            } else if let Some(counts) = line.strip_prefix("done: ") {
                verdicts.complete = counts == verdicts.counts();
            }
        }
        verdicts
    }

    /// Returns whether the suite ran to its end, had cases, and found every one of them well.
    #[must_use]
    pub fn all_well(&self) -> bool {
        self.complete && self.failed.is_empty() && self.passed > 0
    }

    fn counts(&self) -> String {
        format!("{} ok, {} failed", self.passed, self.failed.len())
    }
}

#[cfg(test)]
mod tests;
