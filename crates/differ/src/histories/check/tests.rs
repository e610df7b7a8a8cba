use super::*;

fn read(from: u64, to: u64, seq: u64) -> Call {
    Call { from, to, key: "k".into(), write: None, expected: None, effect: Effect::Read(seq) }
}

fn write(from: u64, to: u64, mark: &str, expected: Option<u64>, effect: Effect) -> Call {
    Call { from, to, key: "k".into(), write: Some(mark.into()), expected, effect }
}

fn log(marks: &[(u64, &str)]) -> BTreeMap<u64, Stored> {
    let entry =
        |mark: &str| ("$KV.b.k".to_owned(), format!("NATS/1.0\r\nX-Id: {mark}\r\n\r\n"), String::new());
    marks.iter().map(|(seq, mark)| (*seq, entry(mark))).collect()
}

#[test]
fn histories_with_an_order_pass() {
    let calls = [
        write(0, 3, "a", Some(0), Effect::Wrote(1)),
        write(1, 4, "b", Some(0), Effect::Refused(1)),
        read(2, 9, 0),
        read(2, 9, 1),
        read(5, 9, 1),
        write(6, 7, "c", Some(1), Effect::Unknown),
        read(8, 10, 2),
        write(11, 12, "d", None, Effect::Wrote(3)),
        write(13, 14, "e", None, Effect::Unknown),
    ];
    assert_eq!(check(&calls, &log(&[(1, "a"), (2, "c"), (3, "d")])), Ok(()));
}

#[test]
fn every_contradiction_is_noticed() {
    let first = write(0, 1, "a", Some(0), Effect::Wrote(1));
    let second = write(2, 3, "b", None, Effect::Wrote(2));
    let whole = [(1, "a"), (2, "b")];
    for (what, calls, marks) in [
        ("an acknowledged write is lost", vec![first.clone()], &[][..]),
        ("a write is elsewhere than acknowledged", vec![first.clone()], &[(2, "a")]),
        ("a write is there twice", vec![first.clone()], &[(1, "a"), (2, "a")]),
        ("a write from nowhere", vec![first.clone()], &whole),
        (
            "a refused write is done",
            vec![first.clone(), write(2, 3, "b", Some(7), Effect::Refused(1))],
            &whole,
        ),
        (
            "a condition did not hold",
            vec![first.clone(), write(2, 3, "b", Some(0), Effect::Wrote(2))],
            &whole,
        ),
        ("a stale read", vec![first.clone(), second.clone(), read(4, 5, 1)], &whole),
        ("a read of nothing after a write", vec![first.clone(), read(2, 3, 0)], &whole[..1]),
        ("a read of the future", vec![read(0, 1, 1), write(2, 3, "a", None, Effect::Wrote(1))], &whole[..1]),
        ("a read of what is not there", vec![first.clone(), read(2, 3, 9)], &whole[..1]),
        (
            "reads that go back",
            vec![first.clone(), write(2, 9, "b", None, Effect::Wrote(2)), read(3, 4, 2), read(5, 6, 1)],
            &whole,
        ),
        ("a stale refusal", vec![first, second, write(4, 5, "c", Some(7), Effect::Refused(1))], &whole),
        (
            "a late write before an early one",
            vec![write(0, 1, "a", None, Effect::Wrote(2)), write(2, 3, "b", None, Effect::Wrote(1))],
            &[(2, "a"), (1, "b")],
        ),
    ] {
        assert!(check(&calls, &log(marks)).is_err(), "{what}");
    }
}
