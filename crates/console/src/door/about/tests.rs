use super::*;

/// Syncs by the bounds that they took at most.
fn times(counts: &[(usize, u64)], total: Duration) -> SyncTimes {
    let mut times = SyncTimes { total, ..SyncTimes::default() };
    for (at, count) in counts {
        times.counts[*at] = *count;
    }
    times
}

#[test]
fn syncs_are_told_by_mean_and_by_what_nearly_all_took() {
    let told = |counts: &[(usize, u64)], total| {
        let syncs = Syncs::of(times(counts, total));
        (syncs.count, syncs.mean, syncs.most)
    };
    let micros = Duration::from_micros;
    assert_eq!(told(&[], Duration::ZERO), (0, 0, None));
    assert_eq!(told(&[(2, 1)], micros(200)), (1, 200, Some(250)));
    // One of a hundred may be slow, two may not.
    assert_eq!(told(&[(0, 99), (13, 1)], micros(10_000)), (100, 100, Some(50)));
    assert_eq!(told(&[(0, 98), (13, 2)], micros(10_000)), (100, 100, Some(5_000_000)));
    // What is beyond all bounds has none.
    assert_eq!(told(&[(14, 1)], micros(7)), (1, 7, None));
}
