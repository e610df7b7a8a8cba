//! Sends the same random requests to two servers, usually the reference and ours, and compares what comes back.
//!
//! An [`Area`] makes a [`Script`] of a seed: connections, raw bytes, requests. [`Pair`] runs it on two servers in
//! lockstep, a step at a time; after each step everything that both have sent since must be equal once the
//! [`differences`] that are none have been taken out. A script that shows a difference is cut down to the steps that
//! are needed for it, and printed in a form that can be run again.
//!
//! Reading order: `script`, `side` (a server and its connections), `record` (what came back), `mask`, `pair` (the
//! lockstep), `campaign` (many seeds), `generate` (one file for each area).
#![expect(clippy::disallowed_methods, reason = "real servers need real time and real files")]

mod area;
mod campaign;
pub mod differences;
mod error;
mod escapes;
mod fault;
mod generate;
mod histories;
mod kills;
mod mask;
mod minimise;
mod pair;
mod record;
mod resolve;
mod script;
mod side;
mod watches;

pub use area::Area;
pub use campaign::{Campaign, Finding, Tally};
pub use error::DifferError;
pub use escapes::{EscapePlan, EscapeReport};
pub use fault::{Fault, FaultKind};
pub use histories::{Call, Effect, HistoryPlan, HistoryReport, check};
pub use kills::{KillPlan, KillReport, Stored};
pub use minimise::minimise;
pub use pair::{Difference, Outcome, Pace, Pair};
pub use script::{Action, Answers, Publication, Reply, Script, Step, Wait};
pub use watches::{WatchPlan, WatchReport};
