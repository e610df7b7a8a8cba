//! Which segments are worth rewriting.

use super::StreamInner;
use crate::index::SegmentIndex;
use jetkv_types::Timestamp;
use std::ops::Range;
use std::time::Duration;

impl StreamInner {
    /// Picks a segment of which nothing or little is needed any more, or the worst one if the stream as a whole wastes too much, or a
    /// run of small ones.
    pub(super) fn due_range(&self) -> Option<Range<usize>> {
        let log = self.log.lock();
        let open = log.open.as_ref().map(|open| open.file.info.id);
        let index = self.index.read();
        let options = &self.shared.options;
        let sealed_count = index.segments.iter().filter(|segment| Some(segment.info().id) != open).count();
        let sealed = &index.segments[..sealed_count];
        let dead = |segment: &SegmentIndex| {
            segment.used_bytes().saturating_sub(segment.live_bytes + segment.control_bytes)
        };
        let single = |at: usize| Some(at..at + 1);
        let worth_it = |(at, segment): &(usize, &SegmentIndex)| {
            let gone = dead(segment) + if *at == 0 { segment.control_bytes } else { 0 };
            let needed = || {
                let mut others = index.segments.iter().enumerate().filter(|(other, _)| other != at);
                others.any(|(_, other)| segment.reaches_into(other))
            };
            let empty = segment.live_count == 0 && (segment.control_bytes == 0 || *at == 0 || !needed());
            !segment.damaged && (empty || gone * 4 > segment.used_bytes() * 3)
        };
        if let Some((at, _)) = sealed.iter().enumerate().find(worth_it) {
            return single(at);
        }
        let used: u64 = index.segments.iter().map(SegmentIndex::used_bytes).sum();
        let live: u64 = index.segments.iter().map(|segment| segment.live_bytes + segment.control_bytes).sum();
        // The longer one waits, the less is left to be copied: what is dead may be half of what is live, and the segment with
        // most of it goes first, with those beside it that are nearly as bad. Where nothing is written there is nothing to
        // wait for.
        let written = Timestamp::from_nanos(index.last_time);
        let is_quiet = self.env.clock.now().since(written) >= QUIET_FOR;
        let (part, dead_min) = if is_quiet { (8, QUIET_DEAD_PER_MILLE_MIN) } else { (2, DEAD_PER_MILLE_MIN) };
        let wasteful = used > live + live / part + u64::from(options.segment_bytes_min);
        if wasteful || self.shared.reserve.is_released() {
            let share = |at: usize| {
                let segment = &sealed[at];
                let gone = dead(segment) + if at == 0 { segment.control_bytes } else { 0 };
                if segment.damaged { 0 } else { gone * 1000 / segment.used_bytes().max(1) }
            };
            let worst = (0..sealed.len()).max_by_key(|at| share(*at));
            if let Some(worst) = worst.filter(|at| share(*at) >= dead_min) {
                let least = dead_min.max(share(worst) / 4 * 3);
                let room = u64::from(options.segment_bytes_max).min(used / 4);
                return Some(widen(worst, sealed, |at| share(at) >= least, room));
            }
        }
        let small = |segment: &SegmentIndex| {
            !segment.damaged && segment.used_bytes() < u64::from(options.segment_bytes_min) / 4
        };
        // Sequences in a segment are counted from its base in 32 bits.
        let near =
            |from: usize, segment: &SegmentIndex| segment.info().base - sealed[from].info().base < 1 << 31;
        let run = |at: usize| {
            let run = sealed[at..].iter().take(MERGED_SEGMENTS_MAX);
            run.take_while(|segment| small(segment) && near(at, segment)).count()
        };
        let start = (0..sealed.len()).find(|at| run(*at) >= MERGED_SEGMENTS_MIN)?;
        Some(start..start + run(start))
    }
}

/// Takes in what stands beside a segment as long as it is `wanted` and all that is live fits into `room`: the syncs of a
/// rewriting are paid once.
fn widen(worst: usize, sealed: &[SegmentIndex], wanted: impl Fn(usize) -> bool, room: u64) -> Range<usize> {
    let (mut range, mut live) = (worst..worst + 1, sealed[worst].live_bytes);
    let mut fits = |at: usize, from: usize| {
        let near = sealed[at.max(from)].info().base - sealed[at.min(from)].info().base < 1 << 31;
        let fits = near && wanted(at) && live + sealed[at].live_bytes <= room;
        if fits {
            live += sealed[at].live_bytes;
        }
        fits
    };
    while range.end < sealed.len() && range.len() < REWRITTEN_MAX && fits(range.end, range.start) {
        range.end += 1;
    }
    while range.start > 0 && range.len() < REWRITTEN_MAX && fits(range.start - 1, range.end - 1) {
        range.start -= 1;
    }
    range
}

/// Segments that are rewritten together.
const REWRITTEN_MAX: usize = 8;
/// A segment with less that is dead is not worth its rewriting.
const DEAD_PER_MILLE_MIN: u64 = 250;
/// The same while nothing is written.
const QUIET_DEAD_PER_MILLE_MIN: u64 = 100;
/// So long after the last message nothing is written: what is dead is cleared away before more comes.
const QUIET_FOR: Duration = Duration::from_secs(5);
/// A run of at least so many small segments is merged.
const MERGED_SEGMENTS_MIN: usize = 4;
const MERGED_SEGMENTS_MAX: usize = 64;
