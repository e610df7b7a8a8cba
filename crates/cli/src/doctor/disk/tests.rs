use super::*;

fn device(cache: Option<Cache>, turns: bool) -> Device {
    Device { cache, turns, ..Device::default() }
}

#[track_caller]
fn check(median_micros: u64, flushes: Option<u64>, device: Option<Device>, expected: Verdict) {
    let seen = Seen { syncs: 400, median: Duration::from_micros(median_micros), in_memory: false, flushes };
    let finding = seen.judge(device.as_ref());
    assert_eq!(finding.verdict, expected, "{finding:?}");
}

#[test]
fn a_disk_that_cannot_have_synced_is_found() {
    let volatile = || Some(device(Some(Cache::Volatile), false));
    check(900, Some(412), volatile(), Verdict::Good);
    check(900, Some(0), volatile(), Verdict::Bad);
    check(900, None, volatile(), Verdict::Good);
    check(3, None, volatile(), Verdict::Warning);
    check(900, Some(400), Some(device(Some(Cache::Volatile), true)), Verdict::Warning);
    check(8_400, Some(400), Some(device(Some(Cache::Volatile), true)), Verdict::Good);
    check(40, Some(0), Some(device(Some(Cache::Safe), false)), Verdict::Good);
    check(3, Some(0), Some(device(Some(Cache::Safe), false)), Verdict::Warning);
    check(3, None, None, Verdict::Warning);
    check(300, None, None, Verdict::Good);
    let memory = Seen { syncs: 4, median: Duration::from_millis(9), in_memory: true, flushes: None };
    assert_eq!(memory.judge(None).verdict, Verdict::Bad);
}

#[test]
fn mounts_that_cost_data_are_found() {
    let mount = |kind: &str, options: &[&str]| Mount {
        kind: kind.into(),
        options: options.iter().map(|option| (*option).to_owned()).collect(),
    };
    for (mount, expected) in [
        (mount("ext4", &["rw", "relatime"]), Verdict::Good),
        (mount("ext4", &["rw", "nobarrier"]), Verdict::Bad),
        (mount("ext4", &["rw", "barrier=0"]), Verdict::Bad),
        (mount("xfs", &["ro"]), Verdict::Bad),
        (mount("tmpfs", &["rw"]), Verdict::Bad),
        (mount("overlay", &["rw"]), Verdict::Warning),
        (mount("nfs4", &["rw"]), Verdict::Warning),
        (mount("fuse.sshfs", &["rw"]), Verdict::Warning),
    ] {
        assert_eq!(judge_mount(Some(&mount)).verdict, expected, "{mount:?}");
    }
    assert_eq!(judge_mount(None).verdict, Verdict::Warning);
}

#[test]
fn spans_are_told_by_their_rank() {
    let spans = Spans((1..=100).map(Duration::from_micros).collect());
    assert_eq!(spans.at(50), Duration::from_micros(50));
    assert_eq!(spans.at(100), Duration::from_micros(100));
    assert_eq!(spans.finding("append").verdict, Verdict::Good);
    assert_eq!(Spans(vec![Duration::from_millis(200)]).finding("append").verdict, Verdict::Warning);
}
