//! What the command line does; every command returns how many findings there are.

use crate::launch;
use compat::{Peers, Program};
use differ::{
    Area, Campaign, DifferError, EscapePlan, Finding, HistoryPlan, KillPlan, Outcome, Pace, Pair, Script,
    Tally, WatchPlan,
};
use std::fmt::Display;
use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Compares areas, one after the other.
pub(crate) fn compare(
    areas: &[Area],
    seeds: Range<u64>,
    differences_max: usize,
    shows_unsteady: bool,
    [left, right]: &[Program; 2],
) -> Result<usize, DifferError> {
    let mut found = 0;
    for &area in all_if_none(areas) {
        let (left, right) = (left.clone(), right.clone());
        let tally =
            Campaign { left, right, area, seeds: seeds.clone(), differences_max }.run(print_finding)?;
        print_tally(area, &seeds, &tally);
        if shows_unsteady {
            tally.unsteady.iter().for_each(|(seed, difference)| println!("seed {seed}: {difference}"));
            tally.excused.iter().for_each(|(name, seeds)| println!("{name}: seeds {seeds:?}"));
        }
        found += tally.found.len();
    }
    Ok(found)
}

/// Plants differences, and counts those that were not noticed.
pub(crate) fn plant(areas: &[Area], seeds: Range<u64>) -> Result<usize, DifferError> {
    let reference = Program::reference(&Peers::in_target())?;
    each_area(all_if_none(areas), |area| {
        let (left, right) = (reference.clone(), reference.clone());
        let campaign = Campaign { left, right, area, seeds: seeds.clone(), differences_max: 1 };
        let (missed, planted) = campaign.run_planted()?;
        println!("{area}: {planted} differences planted, {} not noticed {missed:?}", missed.len());
        Ok(missed.len())
    })
}

/// Runs the script in a file.
pub(crate) fn replay(file: &Path, [left, right]: &[Program; 2]) -> Result<usize, DifferError> {
    let text = std::fs::read_to_string(file).map_err(|source| DifferError::Connection {
        what: "read the script",
        side: file.display().to_string(),
        source,
    })?;
    let script: Script = text.parse()?;
    match Pair::start(left, right, script.area.setup())?.run(&script, Pace::slow(), None)? {
        Outcome::Different(difference) => {
            println!("{difference}");
            Ok(1)
        }
        other => {
            println!("{other:?}");
            Ok(0)
        }
    }
}

/// Tries to escape; every escape is a finding.
pub(crate) fn escape(plan: EscapePlan, program: &Program) -> Result<usize, DifferError> {
    let report = plan.run(program)?;
    println!("{report}");
    Ok(report.escapes.len())
}

/// Prints a report; a broken promise is a finding.
pub(crate) fn told(report: Result<impl Display, DifferError>) -> Result<usize, DifferError> {
    match report {
        Ok(report) => {
            println!("{report}");
            Ok(0)
        }
        Err(DifferError::Broken(problem)) => {
            println!("BROKEN: {problem}");
            Ok(1)
        }
        Err(other) => Err(other),
    }
}

/// Does all that a change must pass.
pub(crate) fn check(jetkv: Option<Program>) -> Result<usize, DifferError> {
    let reference = Program::reference(&Peers::in_target())?;
    let seeds = std::env::var(SEEDS_VARIABLE).ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS);
    let judged = jetkv.unwrap_or_else(|| reference.clone());
    let is_reference = judged.name() == reference.name();
    println!(
        "comparing nats-server with {}, {seeds} seeds of each area ({SEEDS_VARIABLE} asks for more)",
        judged.name()
    );
    let steps = AtomicUsize::new(0);
    let mut found = each_area(&Area::ALL, |area| {
        let (left, right) = (reference.clone(), judged.clone());
        let tally = Campaign { left, right, area, seeds: 0..seeds, differences_max: DIFFERENCES_MAX }
            .run(print_finding)?;
        print_tally(area, &(0..seeds), &tally);
        steps.fetch_add(tally.steps, Ordering::Relaxed);
        Ok(tally.found.len())
    })?;
    println!("{} operations, {found} differences that are not meant", steps.load(Ordering::Relaxed));
    println!("planting differences, all of which must be noticed");
    found += plant(&[], 0..PLANTED)?;
    for sync in ["always", "os"] {
        let launch = launch(is_reference, sync);
        println!("killing {} that syncs {sync}", judged.name());
        found += told(KillPlan { writers: 16, kills: KILLS, in_flight: 32, seed: 1 }.run(&judged, &launch))?;
        found +=
            told(HistoryPlan { clients: 8, histories: HISTORIES, calls: 60, seed: 1 }.run(&judged, &launch))?;
    }
    let launch = launch(is_reference, "os");
    found += at_once(|seed| told(WatchPlan { rounds: WATCH_ROUNDS, seed }.run(&judged, &launch)))?;
    // The reference lets a user of one key empty the bucket by a rollup, so this is asked of ours alone.
    if !is_reference {
        found += at_once(|seed| escape(EscapePlan { requests: ATTEMPTS, seed }, &judged))?;
    }
    Ok(found)
}

/// Runs `work` for several areas at a time, since most of it is waiting; sums up the findings.
fn each_area(
    areas: &[Area],
    work: impl Fn(Area) -> Result<usize, DifferError> + Sync,
) -> Result<usize, DifferError> {
    let waiting = Mutex::new(areas.iter().copied());
    let next = || waiting.lock().ok().and_then(|mut areas| areas.next());
    std::thread::scope(|scope| {
        let one = || {
            let mut found = 0;
            while let Some(area) = next() {
                found += work(area)?;
            }
            Ok(found)
        };
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(one)).collect();
        let results = threads.into_iter().map(|thread| thread.join());
        results
            .map(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .sum::<Result<usize, DifferError>>()
    })
}

/// Runs `work` with several seeds at a time, each on servers of its own; sums up the findings.
fn at_once(work: impl Fn(u64) -> Result<usize, DifferError> + Sync) -> Result<usize, DifferError> {
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (1..=SEEDS_AT_ONCE).map(|seed| scope.spawn(move || work(seed))).collect();
        let results = threads.into_iter().map(|thread| thread.join());
        results.map(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).sum()
    })
}

fn all_if_none(areas: &[Area]) -> &[Area] {
    if areas.is_empty() { &Area::ALL } else { areas }
}

fn print_tally(area: Area, seeds: &Range<u64>, tally: &Tally) {
    println!("{area}: seeds {}..{}: {tally}", seeds.start, seeds.end);
}

fn print_finding(finding: &Finding) {
    println!("{finding}");
}

/// Asks for another number of seeds of each area.
const SEEDS_VARIABLE: &str = "JETKV_DIFF_SEEDS";
const SEEDS: u64 = 40;
const DIFFERENCES_MAX: usize = 3;
const PLANTED: u64 = 3;
const KILLS: u64 = 5;
const HISTORIES: u64 = 10;
const WATCH_ROUNDS: u64 = 4;
const ATTEMPTS: usize = 2_000;
/// Five times two thousand attempts, and 120 watchers.
const SEEDS_AT_ONCE: u64 = 5;
/// Nearly all of the time is waiting.
const AT_ONCE: usize = Area::ALL.len();
