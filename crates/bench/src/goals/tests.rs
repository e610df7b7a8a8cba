//! When a goal is met, and what is said if it is not.

use super::*;
use crate::report::Summary;
use crate::results::Row;

fn results(rows: &[(&'static str, &str, &str, &str, f64)]) -> Results {
    let mut results = Results::default();
    let mut sections: Vec<&str> = rows.iter().map(|row| row.0).collect();
    sections.dedup();
    for section in sections {
        let of_section = rows.iter().filter(|row| row.0 == section);
        let rows = of_section.map(|(_, work, measure, of, value)| Row {
            work: (*work).to_owned(),
            measure: (*measure).to_owned(),
            of: (*of).to_owned(),
            summary: Summary { median: *value, min: *value, max: *value },
        });
        results.replace(section, rows.collect());
    }
    results
}

fn goal(bound: Bound, peer: Peer) -> Goal {
    let ours = Figure { section: "s", work: "put", measure: "CPU, µs" };
    Goal { work: "put", bound, ours, peer, missed: "it is slow" }
}

fn judge(goal: &Goal, results: &Results) -> (f64, bool, String) {
    let judged = goal.judge(results).unwrap();
    (judged.ratio(), judged.is_met(), judged.of)
}

#[test]
fn the_best_of_the_engines_is_the_one_that_counts() {
    let results = results(&[
        ("s", "put, 1", "CPU, µs", "jetkv", 2.0),
        ("s", "put, 1", "CPU, µs", "slow", 8.0),
        ("s", "put, 1", "CPU, µs", "fast", 4.0),
    ]);
    let best = goal(Bound::AtMost(0.5), Peer::Best(&["slow", "fast", "absent"]));
    assert_eq!(judge(&best, &results), (0.5, true, "fast".to_owned()));
    let more = goal(Bound::AtLeast(0.51), Peer::Best(&["fast"]));
    assert!(!judge(&more, &results).1);
    assert!(
        goal(Bound::AtMost(1.0), Peer::Reference).judge(&results).is_none(),
        "nats-server was not measured"
    );
}

#[test]
fn what_the_machine_takes_is_summed_up() {
    const TRIP: Figure = Figure { section: "s", work: "trip", measure: "µs" };
    const SYNC: Figure = Figure { section: "s", work: "sync", measure: "µs" };
    let results = results(&[
        ("s", "put", "CPU, µs", "jetkv", 30.0),
        ("s", "trip", "µs", MACHINE, 10.0),
        ("s", "sync", "µs", MACHINE, 100.0),
    ]);
    let sum = goal(Bound::AtMost(1.0), Peer::Machine(&[(1.0, TRIP), (1.2, SYNC)]));
    assert_eq!(judge(&sum, &results), (30.0 / 130.0, true, "the machine".to_owned()));
    assert!(!judge(&goal(Bound::AtMost(0.9), Peer::Fixed(30.0)), &results).1);
}

#[test]
fn every_goal_is_named_once_and_every_headline_is_a_goal() {
    let mut works: Vec<&str> = table::GOALS.iter().map(|goal| goal.work).collect();
    works.sort_unstable();
    let count = works.len();
    works.dedup();
    assert_eq!(works.len(), count);
    for (_, work) in table::HEADLINES {
        assert!(works.contains(work), "{work}");
    }
    let text = section(&Results::default()).unwrap();
    assert!(text.contains("0 of 0 goals are met") && text.contains("not measured"), "{text}");
}
