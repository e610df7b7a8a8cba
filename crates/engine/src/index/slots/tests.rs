use super::*;
use crate::segment_file::MissingFile;
use std::path::PathBuf;

fn segment_with(deltas: &[u32]) -> SegmentIndex {
    let info = SegmentInfo {
        stream_id: 1,
        id: 1,
        base: 100,
        salt: 0,
        data_start: 0,
        created: 0,
        stream_floor: 0,
        replaces: Vec::new(),
        prefix: "".into(),
    };
    let file = SegmentFile::new(info, PathBuf::new(), Arc::new(MissingFile));
    let mut segment = SegmentIndex::new(Arc::new(file));
    for delta in deltas {
        let placed = Placed {
            sequence: 100 + u64::from(*delta),
            offset: 0,
            length: 1,
            size: 1,
            operation: Operation::Put,
        };
        segment.push(&placed, SubjectId::new(0));
    }
    segment
}

#[test]
fn a_sequence_is_found_however_the_gaps_lie() {
    let even: Vec<u32> = (0..200).collect();
    let gaps: Vec<u32> = (0..200).map(|n| n * 3 + n % 2).collect();
    let late: Vec<u32> = (0..100).chain(5_000..5_100).collect();
    let early: Vec<u32> = [0, 1].into_iter().chain(90_000..90_100).collect();
    let thinning: Vec<u32> = (0_u32..300).map(|n| n * n).collect();
    let thickening: Vec<u32> = (0_u32..300).map(|n| 90_000 - (299 - n) * (299 - n)).collect();
    for deltas in [&[][..], &[7], &even, &gaps, &late, &early, &thinning, &thickening] {
        let pushed = segment_with(deltas);
        let unclaimed = pushed.slots().iter().copied().map(|slot| Slot { subject: DEAD, ..slot }).collect();
        let at_once = SegmentIndex::with_unclaimed(Arc::clone(&pushed.file), unclaimed);
        let end = deltas.last().map_or(3, |last| last + 3);
        for segment in [pushed, at_once] {
            for delta in 0..end {
                let expected = deltas.partition_point(|found| *found < delta);
                let found = segment.lower_bound(100 + u64::from(delta));
                assert_eq!(found, expected, "{delta} of {}", deltas.len());
            }
            assert_eq!(segment.lower_bound(3), 0);
        }
    }
}
