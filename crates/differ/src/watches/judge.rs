//! The judge: what a watcher saw, beside everything that the bucket holds.

use super::follower::{Account, Habits, Seen};
use crate::kills::Stored;
use std::collections::{BTreeMap, BTreeSet};

/// Checks that the watcher saw the initial set exactly, and then every message of its filter once and in order.
///
/// The first `before` messages were there when it began; all others came when its first consumer existed.
///
/// # Errors
/// A sentence on the first event that is wrong or missing.
pub(super) fn judge(
    account: &Account,
    habits: &Habits,
    before: u64,
    log: &BTreeMap<u64, Stored>,
) -> Result<(), String> {
    if let Some(fault) = &account.fault {
        return Err(format!("{fault}; {} events", account.events.len()));
    }
    let initial = initial_set(habits, before, log);
    let announced = account.initial.unwrap_or(0);
    if usize::try_from(announced) != Ok(initial.len()) {
        return Err(format!("{announced} initial messages were announced; there are {}", initial.len()));
    }
    let mut last = 0;
    for (at, event) in account.events.iter().enumerate() {
        check_event(event, habits, log)?;
        if event.seq <= last {
            return Err(format!("{event:?} comes after {last}"));
        }
        // Who began anew gets everything behind what it had seen, also what was replaced.
        if at < account.before_resuming && event.seq <= before && !initial.contains(&event.seq) {
            return Err(format!("{event:?} is not the newest of its key"));
        }
        last = event.seq;
    }
    check_pending(&account.events[..account.before_resuming])?;
    let seen: BTreeSet<u64> = account.events.iter().map(|event| event.seq).collect();
    let later = log.iter().filter(|(seq, (subject, ..))| **seq > before && matches(subject, habits.filter));
    let missing = initial.iter().copied().chain(later.map(|(seq, _)| *seq)).find(|seq| !seen.contains(seq));
    missing.map_or(Ok(()), |seq| {
        Err(format!(
            "{seq} was not seen; {} events, the last {last}, resumed {}",
            seen.len(),
            account.resumed
        ))
    })
}

/// Returns what a watcher is shown of the messages that were there before it.
fn initial_set(habits: &Habits, before: u64, log: &BTreeMap<u64, Stored>) -> BTreeSet<u64> {
    let there = log.range(..=before).filter(|(_, (subject, ..))| matches(subject, habits.filter));
    if habits.policy == "all" {
        return there.map(|(seq, _)| *seq).collect();
    }
    let newest: BTreeMap<&str, u64> = there.map(|(seq, (subject, ..))| (subject.as_str(), *seq)).collect();
    newest.into_values().collect()
}

/// Checks that the event is a message of the bucket as it is stored there.
fn check_event(event: &Seen, habits: &Habits, log: &BTreeMap<u64, Stored>) -> Result<(), String> {
    let (subject, _, body) = log.get(&event.seq).ok_or_else(|| format!("{event:?} is not in the bucket"))?;
    if *subject == event.subject && body.len() == event.size && matches(subject, habits.filter) {
        return Ok(());
    }
    Err(format!("{event:?} should be {subject} with {} bytes", body.len()))
}

/// Checks that the number of messages to come falls by one with each event, unless new ones have come.
fn check_pending(events: &[Seen]) -> Result<(), String> {
    let wrong = events.windows(2).find(|pair| pair[1].pending + 1 < pair[0].pending);
    wrong.map_or(Ok(()), |pair| Err(format!("{:?} comes after {:?}", pair[1], pair[0])))
}

/// Returns whether a subject below the bucket matches the filter, which is a literal, `>`, or ends in `*`.
fn matches(subject: &str, filter: &str) -> bool {
    let key = subject.splitn(3, '.').nth(2).unwrap_or_default();
    match filter.strip_suffix('*') {
        _ if filter == ">" => true,
        Some(prefix) => key.strip_prefix(prefix).is_some_and(|rest| !rest.contains('.')),
        None => key == filter,
    }
}

#[cfg(test)]
mod tests;
