use super::*;

fn log(keys: &[&str]) -> BTreeMap<u64, Stored> {
    let entry = |key: &&str| (format!("$KV.b.{key}"), String::new(), "v".to_owned());
    (1..).zip(keys.iter().map(entry)).collect()
}

fn seen(seq: u64, key: &str, pending: u64) -> Seen {
    Seen { seq, subject: format!("$KV.b.{key}"), size: 1, pending }
}

fn account(events: &[Seen], initial: u64) -> Account {
    Account {
        events: events.to_vec(),
        initial: Some(initial),
        before_resuming: events.len(),
        ..Account::default()
    }
}

#[test]
fn a_whole_watch_passes() {
    let log = log(&["a", "b", "a", "c.d", "b"]);
    let all = [seen(1, "a", 2), seen(2, "b", 1), seen(3, "a", 0), seen(4, "c.d", 1), seen(5, "b", 0)];
    assert_eq!(judge(&account(&all, 3), &Habits::simple("all", ">"), 3, &log), Ok(()));
    assert_eq!(judge(&account(&all[1..], 2), &Habits::simple("last_per_subject", ">"), 3, &log), Ok(()));
    assert_eq!(judge(&account(&all[3..4], 0), &Habits::simple("all", "c.*"), 3, &log), Ok(()));
    let mut resumed = account(&all, 2);
    resumed.before_resuming = 0;
    resumed.resumed = 1;
    assert_eq!(judge(&resumed, &Habits::simple("last_per_subject", ">"), 3, &log), Ok(()));
}

#[test]
fn every_fault_of_a_watch_is_noticed() {
    let log = log(&["a", "b", "a", "c.d", "b"]);
    let all = [seen(1, "a", 2), seen(2, "b", 1), seen(3, "a", 0), seen(4, "c.d", 1), seen(5, "b", 0)];
    let [one, two, three, four, five] = all.clone();
    for (what, events, initial, policy, filter) in [
        ("a gap", vec![one.clone(), three.clone(), four.clone(), five.clone()], 3, "all", ">"),
        ("a gap at the end", all[..4].to_vec(), 3, "all", ">"),
        (
            "a gap in the initial set",
            vec![three.clone(), four.clone(), five.clone()],
            2,
            "last_per_subject",
            ">",
        ),
        (
            "one twice",
            vec![one.clone(), one.clone(), two.clone(), three.clone(), four.clone(), five.clone()],
            3,
            "all",
            ">",
        ),
        (
            "out of order",
            vec![two.clone(), one.clone(), three.clone(), four.clone(), five.clone()],
            3,
            "all",
            ">",
        ),
        ("a replaced one", all.to_vec(), 2, "last_per_subject", ">"),
        ("a wrong announcement", all.to_vec(), 2, "all", ">"),
        ("one of another filter", vec![one.clone(), four.clone()], 0, "all", "c.*"),
        ("another subject", vec![seen(4, "c.e", 0)], 0, "all", "c.*"),
        ("one that is not there", vec![four.clone(), seen(9, "c.d", 0)], 0, "all", "c.*"),
        ("a count that skips", vec![seen(1, "a", 4), two, three, four, five], 3, "all", ">"),
    ] {
        assert!(
            judge(&account(&events, initial), &Habits::simple(policy, filter), 3, &log).is_err(),
            "{what}"
        );
    }
}
