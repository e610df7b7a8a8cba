//! The judge: calls and a log in, the first contradiction out.

use crate::kills::Stored;
use std::collections::{BTreeMap, BTreeSet};

/// One call, between two readings of a counter that all clients share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The reading before.
    pub from: u64,
    /// The reading after.
    pub to: u64,
    /// The key.
    pub key: String,
    /// The mark by which this write is found in the log; `None` for a read.
    pub write: Option<String>,
    /// The sequence that the key had to be at; 0 for none.
    pub expected: Option<u64>,
    /// What the client was told.
    pub effect: Effect,
}

/// What a client was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The key is at this sequence; 0 if it never was written.
    Read(u64),
    /// The write is done, and has this sequence.
    Wrote(u64),
    /// The write is not done, since the key was at this sequence.
    Refused(u64),
    /// No answer, so it may be done or not.
    Unknown,
}

/// Checks that `log`, which is everything in the bucket, explains all `calls`.
///
/// # Errors
/// A sentence on the first call that it does not explain.
pub fn check(calls: &[Call], log: &BTreeMap<u64, Stored>) -> Result<(), String> {
    let places = places(log)?;
    let mut previous: BTreeMap<String, u64> = BTreeMap::new();
    let marks: BTreeMap<&str, &Call> =
        calls.iter().filter_map(|call| Some((call.write.as_deref()?, call))).collect();
    for (seq, mark) in log.iter().filter_map(|(seq, stored)| Some((*seq, mark(stored)?))) {
        let call =
            marks.get(mark.as_str()).ok_or_else(|| format!("{seq} holds {mark}, which nobody wrote"))?;
        let before = previous.insert(call.key.clone(), seq).unwrap_or(0);
        if call.expected.is_some_and(|expected| expected != before) {
            return Err(format!("{call:?} is in the log at {seq}, after {before}"));
        }
    }
    for call in calls {
        let place = call.write.as_ref().and_then(|mark| places.get(mark)).copied();
        match (call.effect, place) {
            (Effect::Wrote(seq), place) if place != Some(seq) => {
                return Err(format!("{call:?} was acknowledged and is in the log at {place:?}"));
            }
            (Effect::Refused(_), Some(place)) => return Err(format!("{call:?} is in the log at {place}")),
            _ => {}
        }
    }
    let keys: BTreeSet<&String> = calls.iter().map(|call| &call.key).collect();
    keys.into_iter().try_for_each(|key| check_times(calls.iter().filter(|call| call.key == *key), &places))
}

/// Returns where each mark is in the log.
fn places(log: &BTreeMap<u64, Stored>) -> Result<BTreeMap<String, u64>, String> {
    let mut places = BTreeMap::new();
    for (seq, stored) in log {
        let mark = mark(stored).ok_or_else(|| format!("{seq} holds {stored:?}, which nobody wrote"))?;
        if let Some(other) = places.insert(mark.clone(), *seq) {
            return Err(format!("{mark} is in the log twice, at {other} and {seq}"));
        }
    }
    Ok(places)
}

fn mark((_, headers, _): &Stored) -> Option<String> {
    headers.lines().find_map(|line| line.strip_prefix("X-Id: ")).map(str::to_owned)
}

/// Checks that the versions that the calls on one key saw and made agree with the times of the calls.
fn check_times<'a>(
    calls: impl Iterator<Item = &'a Call>,
    places: &BTreeMap<String, u64>,
) -> Result<(), String> {
    // The version that a call made or saw, and its times; a write without an answer ends never.
    let mut seen = Vec::new();
    let mut begun = BTreeMap::new();
    for call in calls {
        let place = call.write.as_ref().and_then(|mark| places.get(mark)).copied();
        if let Some(place) = place {
            begun.insert(place, call.from);
        }
        match (call.effect, place) {
            (Effect::Read(seq) | Effect::Refused(seq), _) => seen.push((call, seq, call.to)),
            (Effect::Wrote(seq), _) => seen.push((call, seq, call.to)),
            (Effect::Unknown, Some(place)) => seen.push((call, place, u64::MAX)),
            (Effect::Unknown, None) => {}
        }
    }
    let mut by_end: Vec<_> = seen.iter().map(|(_, seq, to)| (*to, *seq)).collect();
    by_end.sort_unstable();
    seen.sort_unstable_by_key(|(call, ..)| call.from);
    let (mut floor, mut ended) = (0, 0);
    for (call, seq, to) in seen {
        while let Some((_, done)) = by_end.get(ended).filter(|(end, _)| *end < call.from) {
            floor = floor.max(*done);
            ended += 1;
        }
        let is_write = matches!(call.effect, Effect::Wrote(_) | Effect::Unknown);
        if seq < floor || (is_write && seq == floor) {
            return Err(format!("{call:?} comes after {floor} was seen or made"));
        }
        match begun.get(&seq) {
            _ if seq == 0 => {}
            Some(from) if *from < to => {}
            Some(_) => return Err(format!("{call:?} sees {seq} before it was written")),
            None => return Err(format!("{call:?} sees {seq}, which is not in the log of its key")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
