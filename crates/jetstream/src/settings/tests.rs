use super::{OriginProblem, Placement, Republish, Retention, SettingsRule, Source, StreamSettings};
use crate::JetStreamError;
use jetkv_engine::{Compression, Discard, Storage};
use jetkv_types::{StreamName, SubjectFilter, Timestamp};
use std::time::Duration;

fn settings() -> StreamSettings {
    StreamSettings::new(StreamName::new("S").unwrap(), filters(&["s.>"]))
}

fn filters(texts: &[&str]) -> Vec<SubjectFilter> {
    texts.iter().map(|&text| SubjectFilter::new(text).unwrap()).collect()
}

fn change(change: impl FnOnce(&mut StreamSettings)) -> StreamSettings {
    let mut settings = settings();
    change(&mut settings);
    settings
}

fn refusal(settings: &StreamSettings) -> String {
    match settings.to_engine().unwrap_err() {
        JetStreamError::InvalidSettings { reason, .. } => reason,
        JetStreamError::Unsupported { option, .. } => format!("unsupported {option}"),
        other => panic!("unexpected {other}"),
    }
}

#[test]
fn settings_survive_the_way_through_the_engine() {
    let full = change(|s| {
        s.description = "all of it".into();
        s.max_msgs = Some(10);
        s.max_bytes = Some(1000);
        s.max_age = Some(Duration::from_secs(60));
        s.max_msgs_per_subject = Some(3);
        s.max_msg_size = Some(100);
        s.discard = Discard::NewPerSubject;
        s.storage = Storage::Memory;
        s.compression = Compression::Lz4;
        s.first_sequence = Some(7);
        s.allow_rollup = true;
        s.deny_delete = true;
        s.allow_direct = true;
        s.allow_msg_ttl = true;
        s.subject_delete_marker_ttl = Some(Duration::from_secs(2));
        s.metadata.insert("team".into(), "blue".into());
        s.no_ack = true;
        s.max_consumers = Some(9);
        s.consumer_limits.inactive_threshold = Some(Duration::from_secs(3));
        s.consumer_limits.max_ack_pending = Some(5);
        s.other.insert("template_owner".into(), "x".into());
    });
    let batches = change(|s| s.allow_atomic = true);
    let hurried = change(|s| s.persist_async = true);
    for settings in [settings(), full, batches, hurried].map(StreamSettings::normalized) {
        let stored = settings.to_engine().unwrap();
        assert_eq!(StreamSettings::from_engine(&stored).unwrap(), settings);
    }
}

#[test]
fn settings_that_only_a_server_knows_survive_too() {
    let transform = |source: &str, destination: &str| crate::SubjectTransform {
        source: source.into(),
        destination: destination.into(),
    };
    let collector = change(|s| {
        s.subject_transform = Some(transform("s.>", "t.>"));
        s.republish =
            Some(crate::Republish { source: ">".into(), destination: "r.>".into(), headers_only: true });
        s.placement = Some(crate::Placement { cluster: "c".into(), tags: vec!["a".into(), "b".into()] });
        s.sources = (0..12).map(|number| Source::new(format!("O{number}"))).collect();
        s.sources[3].subject_transforms = vec![transform("o.>", "s.o.>"), transform("p.*", "")];
        s.sources[4].filter_subject = Some("x.>".into());
        s.sources[4].start_sequence = Some(5);
        s.sources[5].start_time = Some(Timestamp::from_nanos(77));
        s.sources[5].external = Some(crate::External { api: "$JS.hub.API".into(), deliver: String::new() });
    });
    let mut mirror = StreamSettings::new(StreamName::new("M").unwrap(), Vec::new());
    mirror.mirror = Some(Source::new("S"));
    mirror.mirror_direct = true;
    for settings in [collector.normalized(), mirror.normalized()] {
        let stored = settings.to_engine_for_server().unwrap();
        assert_eq!(stored.subjects, [SubjectFilter::all()]);
        assert_eq!(StreamSettings::from_engine(&stored).unwrap(), settings);
        assert!(matches!(settings.to_engine(), Err(JetStreamError::Unsupported { .. })));
    }
}

#[test]
fn origins_that_break_a_rule_are_refused_by_its_number() {
    let problem = |change: &dyn Fn(&mut StreamSettings)| {
        let mut settings = StreamSettings::new(StreamName::new("M").unwrap(), Vec::new());
        settings.mirror = Some(Source::new("S"));
        change(&mut settings);
        match settings.to_engine_for_server().unwrap_err() {
            JetStreamError::InvalidOrigin { problem, .. } => problem,
            other => panic!("unexpected {other}"),
        }
    };
    let subjects = || vec![SubjectFilter::all()];
    assert_eq!(problem(&|s| s.subjects = subjects()), OriginProblem::MirrorWithSubjects);
    assert_eq!(problem(&|s| s.sources = vec![Source::new("O")]), OriginProblem::MirrorWithSources);
    assert_eq!(problem(&|s| s.first_sequence = Some(3)), OriginProblem::MirrorWithFirstSequence);
    let twice = |s: &mut StreamSettings| {
        s.mirror = None;
        s.sources = vec![Source::new("O"), Source::new("O")];
    };
    assert_eq!(problem(&twice), OriginProblem::DuplicateSource);
    let unnamed = |s: &mut StreamSettings| s.mirror = Some(Source::new("a b"));
    assert_eq!(problem(&unnamed), OriginProblem::InvalidName { mirror: true });
}

#[test]
fn attributes_carry_the_names_of_the_reference() {
    let settings = change(|s| {
        s.allow_rollup = true;
        s.description = "d".into();
        s.metadata.insert("a.b".into(), "c".into());
    });
    let stored = settings.to_engine().unwrap().attributes;
    let stored: Vec<_> = stored.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(
        stored,
        [
            ("allow_rollup_hdrs", "true"),
            ("description", "d"),
            ("duplicate_window", "120000000000"),
            ("metadata.a.b", "c")
        ]
    );
}

#[test]
fn a_marker_ttl_switches_on_what_it_needs() {
    let settings = change(|s| {
        s.subject_delete_marker_ttl = Some(Duration::from_secs(1));
        s.deny_purge = true;
    })
    .normalized();
    assert!(settings.allow_msg_ttl && settings.allow_rollup && !settings.deny_purge);
}

#[test]
fn the_duplicate_window_never_exceeds_the_age() {
    let window = |age| change(|s| s.max_age = age).normalized().duplicate_window;
    assert_eq!(window(None), Some(Duration::from_secs(120)));
    assert_eq!(window(Some(Duration::from_secs(5))), Some(Duration::from_secs(5)));
}

#[test]
fn broken_rules_are_named() {
    let millis = Duration::from_millis;
    let long = Duration::from_secs(10_000_000_000);
    for (settings, expected) in [
        (change(|s| s.description = "x".repeat(4097)), "description is too long"),
        (change(|s| drop(s.metadata.insert("k".into(), "x".repeat(131_072)))), "metadata exceeds"),
        (change(|s| s.replicas = 0), "replicas can not be 0"),
        (change(|s| s.replicas = 6), "maximum replicas is 5"),
        (change(|s| s.max_msgs = Some(0)), "max_msgs can not be 0"),
        (change(|s| s.max_bytes = Some(0)), "max_bytes can not be 0"),
        (change(|s| s.max_msgs_per_subject = Some(0)), "max_msgs_per_subject can not be 0"),
        (change(|s| s.max_msg_size = Some(0)), "max_msg_size can not be 0"),
        (change(|s| s.max_msg_size = Some(u32::MAX)), "max_msg_size 4294967295 is too large"),
        (change(|s| s.first_sequence = Some(u64::MAX)), "first_seq 18446744073709551615 is too large"),
        (change(|s| s.max_age = Some(millis(99))), "max age needs to be >= 100ms"),
        (change(|s| s.max_age = Some(long)), "max age can not be longer"),
        (change(|s| s.duplicate_window = Some(millis(99))), "duplicates window needs to be >= 100ms"),
        (change(|s| s.subject_delete_marker_ttl = Some(millis(999))), "must be at least 1 second"),
        (change(|s| s.subjects = filters(&[">"])), "capturing all subjects"),
        (change(|s| s.subjects = filters(&["$JS.*.x"])), "overlap with jetstream api"),
        (change(|s| s.subjects = filters(&["$SYS.x"])), "overlap with system api"),
        (change(|s| s.subjects = filters(&["a.b", "a.b"])), "\"a.b\" overlaps with \"a.b\""),
        (change(|s| s.subjects = filters(&["a.b", "a.*"])), "\"a.b\" overlaps with \"a.*\""),
        (change(|s| s.subjects.clear()), "at least one configured subject"),
        (change(|s| s.discard = Discard::NewPerSubject), "requires max msgs per subject > 0"),
    ] {
        let found = refusal(&settings);
        assert!(found.contains(expected), "expected {expected:?}, found {found:?}");
    }
    let both = change(|s| (s.allow_rollup, s.deny_purge) = (true, true));
    assert_eq!(refusal(&both), "roll-ups require the purge permission");
}

#[test]
fn what_one_store_cannot_do_is_refused_by_name() {
    let republish = Republish { source: ">".into(), destination: "r.>".into(), headers_only: false };
    for (settings, expected) in [
        (change(|s| s.replicas = 3), "unsupported replicas > 1"),
        (change(|s| s.placement = Some(Placement::default())), "unsupported placement"),
        (change(|s| s.republish = Some(republish)), "unsupported republish"),
        (change(|s| s.sources.push(Source::new("o"))), "unsupported sources"),
    ] {
        assert_eq!(refusal(&settings), expected);
    }
    let mirror = change(|s| {
        s.mirror = Some(Source::new("o"));
        s.subjects.clear();
    });
    assert_eq!(refusal(&mirror), "unsupported mirror");
}

#[test]
fn updates_cannot_take_back_what_is_irrevocable() {
    let current = change(|s| (s.deny_delete, s.allow_msg_ttl) = (true, true));
    let refused = |wanted: &StreamSettings| wanted.check_update_of(&current).unwrap_err().to_string();
    assert!(current.check_update_of(&current).is_ok());
    type Change = fn(&mut StreamSettings);
    let changes: [(Change, &str); 4] = [
        (|s| s.storage = Storage::Memory, "can not change storage type"),
        (|s| s.deny_delete = false, "can not cancel deny message deletes"),
        (|s| s.allow_msg_ttl = false, "message TTL status can not be disabled"),
        (|s| s.name = StreamName::new("T").unwrap(), "name must match original"),
    ];
    for (change, expected) in changes {
        let mut wanted = current.clone();
        change(&mut wanted);
        assert!(refused(&wanted).contains(expected));
    }
}

#[test]
fn of_several_broken_rules_the_first_of_the_reference_is_told() {
    let all = change(|s| {
        s.description = "x".repeat(4097);
        s.replicas = 6;
        s.max_age = Some(Duration::from_millis(99));
        (s.allow_rollup, s.deny_purge) = (true, true);
        s.discard = Discard::NewPerSubject;
        s.subject_delete_marker_ttl = Some(Duration::from_millis(1));
        s.mirror = Some(Source::new(""));
        s.sources = vec![Source::new("")];
        s.subjects = filters(&[">"]);
        s.republish = Some(Republish { source: "*".into(), destination: "$2".into(), headers_only: false });
    });
    // One after the other is put right, and the next one is told.
    type Repair = fn(&mut StreamSettings);
    let steps: [(Repair, SettingsRule); 9] = [
        (|_| (), SettingsRule::Texts),
        (|s| s.description.clear(), SettingsRule::Replicas),
        (|s| s.replicas = 1, SettingsRule::Age),
        // A marker takes the ban of purges away, and so only its own rule is left.
        (|s| s.max_age = None, SettingsRule::Discard),
        (|s| s.discard = Discard::Old, SettingsRule::Marker),
        (|s| s.subject_delete_marker_ttl = None, SettingsRule::Rollup),
        (|s| s.deny_purge = false, SettingsRule::Mirror),
        (|s| s.mirror = None, SettingsRule::Sources),
        (|s| s.sources.clear(), SettingsRule::Subjects),
    ];
    let mut settings = all;
    for (repair, expected) in steps {
        repair(&mut settings);
        assert_eq!(settings.check_for_server().unwrap_err().0, expected);
    }
    settings.subjects = filters(&["a"]);
    assert_eq!(settings.check_for_server().unwrap_err().0, SettingsRule::Republish);
}

#[test]
fn an_update_shows_the_first_sequence_that_it_asks_for_and_moves_nothing() {
    let current = change(|s| s.first_sequence = Some(5));
    let asked = change(|s| s.first_sequence = Some(9)).after(&current);
    assert_eq!((asked.first_sequence, asked.first_sequence_shown()), (Some(5), Some(9)));
    let unsaid = settings().after(&asked);
    assert_eq!((unsaid.first_sequence, unsaid.first_sequence_shown()), (Some(5), None));
    let again = change(|s| s.first_sequence = Some(5)).after(&unsaid);
    assert_eq!(again.other.len(), 0);
}

#[test]
fn a_retention_is_stored_and_changes_only_between_limits_and_interest() {
    let all = [Retention::Limits, Retention::Interest, Retention::WorkQueue];
    for from in all {
        let current = change(|s| s.retention = from).normalized();
        let stored = current.to_engine_for_server().unwrap();
        assert_eq!(StreamSettings::from_engine(&stored).unwrap(), current);
        assert_eq!(stored.attributes.contains_key("retention"), from != Retention::Limits);
        for to in all {
            let allowed = from == to || (from != Retention::WorkQueue && to != Retention::WorkQueue);
            let outcome = change(|s| s.retention = to).check_update_of(&current);
            assert_eq!(outcome.is_ok(), allowed, "{from:?} to {to:?}");
        }
    }
    assert_eq!(refusal(&change(|s| s.retention = Retention::WorkQueue)), "unsupported retention");
    let mut stored = settings().to_engine().unwrap();
    stored.attributes.insert("retention".into(), "forever".into());
    assert!(StreamSettings::from_engine(&stored).is_err());
}
