//! What is a fault, and what is not.

use super::*;

fn figures(compiler: &str, works: &[(&str, u64)]) -> Figures {
    let works = works.iter().map(|(work, count)| ((*work).to_owned(), *count)).collect();
    Figures { compiler: compiler.to_owned(), target: "t".to_owned(), works }
}

/// Compares one work that took 1,000 instructions, and returns the faults.
fn faults(compiler: &str, now: u64) -> Vec<String> {
    let (stored, counted) = (figures("rustc 1", &[("put", 1_000)]), figures(compiler, &[("put", now)]));
    stored.compare(&counted, stored.tolerance(&counted), &mut |_| ())
}

#[test]
fn more_than_three_percent_more_is_a_fault() {
    assert!(faults("rustc 1", 1_030).is_empty());
    let found = faults("rustc 1", 1_031);
    assert_eq!(found, ["put: 1031 instructions, 1000 before (+3.1 %): more than 3 % more"]);
    assert_eq!(faults("rustc 1", 0).len(), 0, "less is no fault");
}

#[test]
fn another_compiler_has_more_room_but_not_any() {
    assert!(faults("rustc 2", 1_150).is_empty());
    assert_eq!(faults("rustc 2", 1_151).len(), 1);
}

#[test]
fn a_gain_is_told_so_that_it_is_stored() {
    let (stored, counted) = (figures("r", &[("put", 1_000)]), figures("r", &[("put", 900)]));
    let mut said = Vec::new();
    stored.compare(&counted, Tolerance::Narrow, &mut |line| said.push(line.to_owned()));
    assert!(said[0].contains("(-10.0 %)") && said[0].contains("--renew"), "{said:?}");
}

#[test]
fn works_that_only_one_side_knows_are_faults() {
    let (stored, counted) = (figures("r", &[("gone", 5)]), figures("r", &[("new", 5)]));
    assert_eq!(stored.compare(&counted, Tolerance::Narrow, &mut |_| ()).len(), 2);
}

#[test]
fn what_is_written_is_read() {
    let written = figures("rustc 1.95.0 (x 2026-04-14)", &[("engine-get", 1_234), ("wire-put", 5)]);
    assert_eq!(Figures::parse(&written.to_toml()).unwrap(), written);
    assert!(Figures::parse("compiler = 1").is_err());
}
