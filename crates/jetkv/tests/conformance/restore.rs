//! Putting entries back with their revisions.

use super::World;
use jetkv::KvError;

pub(crate) fn a_restored_bucket_has_the_same_entries_and_goes_on_counting(world: &World) {
    let config = |name: &str| world.config(name).history(5);
    let from = world.js.create_key_value(config("from")).unwrap();
    for number in 0..4 {
        from.put("a.x", number.to_string()).unwrap();
        from.put("b", number.to_string()).unwrap();
    }
    from.delete("b").unwrap();
    from.purge("a.x").unwrap();
    from.put("gone", "").unwrap();
    let entries = {
        let mut entries = from.history("b").unwrap();
        entries.extend(from.history("a.x").unwrap());
        entries
    };
    let to = world.js.create_key_value(config("to")).unwrap();
    if world.refuses(|| to.restore(&entries)) && world.refuses(|| to.skip_revisions(12)) {
        return;
    }
    assert_eq!(to.restore(&entries).unwrap(), 10);
    to.skip_revisions(12).unwrap();
    for key in ["a.x", "b"] {
        let (left, right) = (from.history(key).unwrap(), to.history(key).unwrap());
        let what = |entry: &jetkv::Entry| {
            (entry.revision, entry.created, entry.operation, entry.value.clone(), entry.headers.clone())
        };
        assert_eq!(left.iter().map(what).collect::<Vec<_>>(), right.iter().map(what).collect::<Vec<_>>());
    }
    assert_eq!(to.put("new", "").unwrap(), 12);
}

pub(crate) fn a_restore_of_nothing_or_too_much_is_refused(world: &World) {
    let kv = world.bucket();
    assert!(matches!(kv.restore(&[]), Err(KvError::InvalidOption { .. })));
    kv.put("k", "v").unwrap();
    let entry = kv.get("k").unwrap().unwrap();
    assert!(matches!(kv.restore(&vec![entry; 1001]), Err(KvError::InvalidOption { .. })));
}
