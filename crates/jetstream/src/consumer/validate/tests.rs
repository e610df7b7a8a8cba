//! The faults that the reference found in the same requests, alone and two at a time.

use crate::consumer::{AckPolicy, ConsumerConfig, DeliverPolicy, Lifetime, PriorityPolicy, StreamRules};
use jetkv_engine::StreamConfig;
use jetkv_types::{StreamName, SubjectFilter, ZonedTimestamp};
use std::collections::BTreeMap;

type Change = fn(&mut ConsumerConfig);

fn push(config: &mut ConsumerConfig) {
    config.deliver_subject = "dv".into();
}

fn fault(changes: &[Change]) -> Option<(u16, String)> {
    let mut config = ConsumerConfig::default();
    for change in changes {
        change(&mut config);
    }
    let stream =
        StreamConfig::new(StreamName::new("V").unwrap(), vec![SubjectFilter::new("$KV.V.>").unwrap()]);
    let error = config.normalized(Lifetime::Ephemeral, &stream, &StreamRules::default()).err()?;
    Some((error.err_code(), error.to_string()))
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).into()).collect()
}

/// Faults that go with both kinds, in the order in which they are found; those of one kind in between.
const ORDER: &[(u16, Change)] = &[
    (10052, |c| c.name = "x y".into()),
    (10133, |c| c.num_replicas = -1),
    (10184, |c| c.backoff = vec![-1]),
    (10183, |c| c.ack_wait = -5),
    (10107, |c| c.description = "x".repeat(5000)),
    (10136, |c| {
        c.filter_subject = "$KV.V.a".into();
        c.filter_subjects = texts(&["$KV.V.b"]);
    }),
    (10094, |c| c.deliver_policy = DeliverPolicy::ByStartSequence),
    (10095, |c| c.sample_freq = "abc".into()),
    (10135, |c| c.metadata = BTreeMap::from([("a".into(), "x".repeat(140_000))])),
    (10196, |c| c.priority_groups = texts(&["A"])),
];

#[test]
fn the_first_fault_is_the_reference_s() {
    for (place, (code, first)) in ORDER.iter().enumerate() {
        for (_, second) in &ORDER[place..] {
            let kinds: [Change; 2] = [push, |_| {}];
            for kind in kinds {
                assert_eq!(fault(&[kind, *second, *first]).unwrap().0, *code);
            }
        }
    }
    let pull: &[(u16, Change)] = &[
        (10107, |c| c.description = "x".repeat(5000)),
        (10086, |c| c.rate_limit_bps = 1000),
        (10088, |c| c.idle_heartbeat = 1_000_000_000),
        (10089, |c| c.flow_control = true),
        (10115, |c| c.max_expires = 1000),
        (10138, |c| c.filter_subjects = texts(&["$KV.V.>", "$KV.V.b"])),
    ];
    for (place, (code, first)) in pull.iter().enumerate() {
        for (_, second) in &pull[place..] {
            assert_eq!(fault(&[*second, *first]).unwrap().0, *code);
        }
    }
    let push_only: &[(u16, Change)] = &[
        (10107, |c| c.description = "x".repeat(5000)),
        (10080, |c| c.max_waiting = 5),
        (10082, |c| c.max_ack_pending = 5),
        (10083, |c| c.idle_heartbeat = 1_000_000),
        (10139, |c| c.filter_subjects = texts(&[""])),
        (10095, |c| c.sample_freq = "-1".into()),
    ];
    for (place, (code, first)) in push_only.iter().enumerate() {
        for (_, second) in &push_only[place..] {
            assert_eq!(fault(&[push, *second, *first]).unwrap().0, *code);
        }
    }
    let late: &[(u16, Change)] = &[
        (10095, |c| c.sample_freq = "x".into()),
        (10108, |c| c.flow_control = true),
        (10135, |c| c.metadata = BTreeMap::from([("a".into(), "x".repeat(140_000))])),
        (10178, |c| c.priority_policy = PriorityPolicy::Overflow),
    ];
    for (place, (code, first)) in late.iter().enumerate() {
        for (_, second) in &late[place..] {
            assert_eq!(fault(&[push, *second, *first]).unwrap().0, *code);
        }
    }
}

#[test]
fn single_faults_are_told_in_the_reference_s_words() {
    use DeliverPolicy::{ByStartSequence, ByStartTime, Last, LastPerSubject, New};
    let cases: &[(Change, u16, &str)] = &[
        (|c| c.deliver_subject = "dv.*".into(), 10079, "consumer deliver subject has wildcards"),
        (|c| c.deliver_subject = "$KV.V.x".into(), 10081, "consumer deliver subject forms a cycle"),
        (|c| c.deliver_subject = "$KV.V.*".into(), 10079, "consumer deliver subject has wildcards"),
        (|c| c.deliver_subject = "a..b".into(), 10112, "invalid push consumer deliver subject"),
        (|c| c.filter_subject = "a..b".into(), 10052, "invalid subject"),
        (|c| c.filter_subject = "a.>.b".into(), 10052, "invalid subject"),
        (|c| c.num_replicas = 3, 10074, "replicas > 1 not supported in non-clustered mode"),
        (
            |c| c.description = "x".repeat(5000),
            10107,
            "consumer description is too long, maximum allowed is 4096",
        ),
        (|c| c.name = "n".repeat(256), 10012, "error creating store for consumer"),
        (
            |c| {
                c.backoff = vec![1, 2, 3];
                c.max_deliver = 2;
            },
            10116,
            "max deliver is required to be > length of backoff values",
        ),
        (
            |c| c.sample_freq = "abc".into(),
            10095,
            r#"failed to parse consumer sampling configuration: strconv.Atoi: parsing "abc": invalid syntax"#,
        ),
        (|c| c.sample_freq = "-1".into(), 10095, "failed to parse consumer sampling configuration: <nil>"),
        (
            |c| c.opt_start_seq = 3,
            10094,
            "consumer delivery policy is deliver all, but optional start sequence is also set",
        ),
        (
            |c| {
                c.deliver_policy = Last;
                c.opt_start_time = Some(ZonedTimestamp::default());
            },
            10094,
            "consumer delivery policy is deliver last, but optional start time is also set",
        ),
        (
            |c| {
                c.deliver_policy = New;
                c.opt_start_seq = 3;
            },
            10094,
            "consumer delivery policy is deliver new, but optional start sequence is also set",
        ),
        (
            |c| {
                c.deliver_policy = ByStartSequence;
                c.opt_start_time = Some(ZonedTimestamp::default());
            },
            10094,
            "consumer delivery policy is deliver by start sequence, but optional start sequence is not set",
        ),
        (
            |c| {
                c.deliver_policy = ByStartTime;
                c.opt_start_seq = 3;
            },
            10094,
            "consumer delivery policy is deliver by start time, but optional start time is not set",
        ),
        (
            |c| {
                c.deliver_policy = ByStartTime;
                c.opt_start_time = Some(ZonedTimestamp::default());
                c.opt_start_seq = 3;
            },
            10094,
            "consumer delivery policy is deliver by start time, but optional start start sequence is also set",
        ),
        (
            |c| c.deliver_policy = LastPerSubject,
            10094,
            "consumer delivery policy is deliver last per subject, but optional filter subject is not set",
        ),
        (
            |c| c.priority_policy = PriorityPolicy::Overflow,
            10159,
            "Setting PriorityPolicy requires at least one PriorityGroup to be set",
        ),
        (|c| c.priority_timeout = 5, 10197, "PinnedTTL cannot be set when PriorityPolicy is none"),
        (
            |c| {
                c.priority_policy = PriorityPolicy::PinnedClient;
                c.priority_groups = texts(&[""]);
            },
            10161,
            "Group name cannot be an empty string",
        ),
        (
            |c| {
                c.priority_policy = PriorityPolicy::Prioritized;
                c.priority_groups = texts(&["a b"]);
            },
            10162,
            "Valid priority group name must match A-Z, a-z, 0-9, -_/=)+ and may not exceed 16 characters",
        ),
        (
            |c| c.ack_policy = AckPolicy::FlowControl,
            10218,
            "flow control ack policy requires a push based consumer",
        ),
    ];
    for (change, code, text) in cases {
        assert_eq!(fault(&[*change]), Some((*code, (*text).to_owned())));
    }
}

#[test]
fn defaults_are_filled_in_as_the_reference_does() {
    let stream =
        StreamConfig::new(StreamName::new("V").unwrap(), vec![SubjectFilter::new("$KV.V.>").unwrap()]);
    let normalized = |config: ConsumerConfig| {
        config.clone().normalized(config.lifetime(), &stream, &StreamRules::default()).unwrap()
    };
    let pull = normalized(ConsumerConfig::default());
    let defaults =
        (pull.max_deliver, pull.max_waiting, pull.inactive_threshold, pull.ack_wait, pull.max_ack_pending);
    assert_eq!(defaults, (-1, 512, 5_000_000_000, 0, 0));
    let explicit = normalized(ConsumerConfig {
        ack_policy: AckPolicy::Explicit,
        durable_name: "d".into(),
        name: "d".into(),
        ..ConsumerConfig::default()
    });
    let defaults = (explicit.inactive_threshold, explicit.ack_wait, explicit.max_ack_pending);
    assert_eq!(defaults, (0, 30_000_000_000, 1000));
    let negative = normalized(ConsumerConfig {
        max_waiting: -1,
        max_batch: -1,
        max_bytes: -1,
        max_expires: -1,
        max_deliver: -5,
        max_ack_pending: -5,
        inactive_threshold: -5,
        idle_heartbeat: -1,
        ..ConsumerConfig::default()
    });
    assert_eq!(negative, ConsumerConfig { max_ack_pending: -1, ..pull });
    // As many deliveries as steps are enough.
    let backoff = ConsumerConfig { backoff: vec![1, 2], max_deliver: 2, ..ConsumerConfig::default() };
    assert_eq!(normalized(backoff).ack_wait, 1);
    let beyond = ConsumerConfig {
        filter_subject: "elsewhere.>".into(),
        sample_freq: "200%".into(),
        ..ConsumerConfig::default()
    };
    normalized(beyond);
}

/// The order in which the reference refuses, when it is asked to adjust nothing.
#[test]
fn a_pedantic_request_is_refused_what_would_be_adjusted() {
    let faults: &[(Change, &str)] = &[
        (|c| c.max_deliver = -2, "max_deliver must be set to -1"),
        (|c| c.max_waiting = -1, "max_waiting must not be negative"),
        (|c| c.max_ack_pending = -2, "max_ack_pending must be set to -1"),
        (|c| c.max_batch = -1, "max_batch must not be negative"),
        (|c| c.max_expires = -1, "max_expires must not be negative"),
        (|c| c.max_bytes = -1, "max_bytes must not be negative"),
        (|c| c.idle_heartbeat = -1, "idle_heartbeat must not be negative"),
        (|c| c.inactive_threshold = -1, "inactive_threshold must not be negative"),
        (|c| c.priority_timeout = -1, "priority_timeout must not be negative"),
        (|c| c.backoff = vec![5], "first backoff value has to equal batch AckWait"),
        (|c| c.max_ack_pending = 0, "max_ack_pending must be set if it's configured in stream limits"),
        (|c| c.inactive_threshold = 0, "inactive_threshold must be set if it's configured in stream limits"),
    ];
    let limits = StreamRules {
        max_ack_pending: Some(5),
        inactive_threshold: Some(std::time::Duration::from_secs(9)),
        ..StreamRules::default()
    };
    for (place, (first, text)) in faults.iter().enumerate() {
        for (second, _) in &faults[place..] {
            let mut config =
                ConsumerConfig { max_ack_pending: 5, inactive_threshold: 1, ..ConsumerConfig::default() };
            second(&mut config);
            first(&mut config);
            let error = config.check_exact(&limits).unwrap_err();
            assert_eq!((error.err_code(), error.to_string()), (10157, format!("pedantic mode: {text}")));
        }
    }
    let exact =
        ConsumerConfig { max_deliver: -1, backoff: vec![5], ack_wait: 5, ..ConsumerConfig::default() };
    assert_eq!(exact.check_exact(&StreamRules::default()).map_err(|error| error.to_string()), Ok(()));
}

#[test]
fn the_stream_s_limit_is_filled_in_also_without_acks() {
    let stream = StreamConfig::new(StreamName::new("V").unwrap(), vec![SubjectFilter::new("v").unwrap()]);
    let rules = StreamRules { max_ack_pending: Some(5), ..StreamRules::default() };
    let config = ConsumerConfig { ack_policy: AckPolicy::None, ..ConsumerConfig::default() };
    assert_eq!(config.normalized(Lifetime::Ephemeral, &stream, &rules).unwrap().max_ack_pending, 5);
}
