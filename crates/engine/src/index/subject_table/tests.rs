use super::id::{Ends, Ref, Target};
use super::order::byte_of;
use super::*;
use jetkv_types::SubjectFilter;
use proptest::prelude::*;
use std::collections::{BTreeMap, HashSet};

/// A key in token order, defined independently of the table: the tokens, compared one after the other.
type Tokens = Vec<Vec<u8>>;

fn tokens(key: &[u8]) -> Tokens {
    key.split(|&byte| byte == b'.').map(<[u8]>::to_vec).collect()
}

fn joined(tokens: &Tokens) -> Vec<u8> {
    tokens.join(&b'.')
}

#[derive(Debug, Clone)]
enum Step {
    Insert(String),
    Remove(String),
    /// Removes the n-th key (modulo the number of keys), so that removals hit.
    RemoveNth(usize),
}

fn token() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => proptest::sample::select(vec!["a", "b", "-", "aa", "ab", "a-", "b-a", "é", "*", ">", "z"]).prop_map(String::from),
        1 => Just("long-shared-prefix-of-a-token".to_owned()),
        1 => Just("long-shared-prefix-of-a-tokem".to_owned()),
        1 => Just("long-shared-prefix".to_owned()),
        2 => (0_u8..80).prop_map(|n| char::from(b'+' + n).to_string()),
    ]
}

fn key() -> impl Strategy<Value = String> {
    proptest::collection::vec(token(), 1..5).prop_map(|tokens| {
        // A dot as a token would make empty tokens, which are legal here but not in filters.
        tokens.iter().map(|token| if token == "." { "x" } else { token }).collect::<Vec<_>>().join(".")
    })
}

fn pattern() -> impl Strategy<Value = String> {
    let token = prop_oneof![3 => Just("*".to_owned()), 4 => token()];
    (proptest::collection::vec(token, 0..4), any::<bool>()).prop_map(|(tokens, full)| {
        let mut tokens: Vec<_> = tokens
            .into_iter()
            .map(|token| if token == "." || token == ">" { "x".into() } else { token })
            .collect();
        if full || tokens.is_empty() {
            tokens.push(">".into());
        }
        tokens.join(".")
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => key().prop_map(Step::Insert),
        1 => key().prop_map(Step::Remove),
        3 => any::<usize>().prop_map(Step::RemoveNth),
    ]
}

type Model = BTreeMap<Tokens, SubjectId>;

fn apply(table: &mut SubjectTable, model: &mut Model, step: &Step) {
    match step {
        Step::Insert(key) => insert(table, model, key.as_bytes()),
        Step::Remove(key) => remove(table, model, key.as_bytes()),
        Step::RemoveNth(n) => {
            if let Some(key) = n.checked_rem(model.len()).and_then(|n| model.keys().nth(n)).map(joined) {
                remove(table, model, &key);
            }
        }
    }
}

fn insert(table: &mut SubjectTable, model: &mut Model, key: &[u8]) {
    let ids_before = table.names.used_count();
    let (id, inserted) = table.insert(key);
    let known = model.insert(tokens(key), id);
    match known {
        Some(known) => assert_eq!((id, inserted), (known, Inserted::Existing)),
        None => {
            assert_eq!(inserted, Inserted::New);
            assert_eq!(table.names.used_count(), ids_before + 1);
            assert_eq!(model.values().filter(|&&other| other == id).count(), 1, "id in use twice");
        }
    }
    assert_eq!(table.get(key), Some(id));
}

fn remove(table: &mut SubjectTable, model: &mut Model, key: &[u8]) {
    assert_eq!(table.remove(key), model.remove(&tokens(key)));
    assert_eq!(table.get(key), None);
}

/// Checks counts, shape and use of memory of the whole tree.
fn check_shape(table: &SubjectTable) {
    let order = table.tree().order;
    let (mut places, mut nodes, mut leaves) = (vec![(order.root, Vec::new())], 0, 0);
    let (mut long_names, mut long_prefixes) = (0, 0);
    while let Some((at, path)) = places.pop() {
        match at.target() {
            Target::Nothing => assert!(table.is_empty()),
            Target::Leaf(id, ends) => {
                leaves += 1;
                let tail = table.key(id).strip_prefix(path.as_slice()).unwrap();
                assert_eq!(tail.is_empty(), ends == Ends::Here, "{:?}", table.key(id));
                long_names +=
                    if table.key(id).len() > names::NAME_BYTES_INLINE { table.key(id).len() } else { 0 };
            }
            Target::Node(node_ref) => {
                nodes += 1;
                let (header, node) = (order.nodes.header(node_ref), order.nodes.node(node_ref));
                let prefix = order.texts.slice(&header.prefix);
                long_prefixes += if prefix.len() > node::PREFIX_BYTES_INLINE { prefix.len() } else { 0 };
                let path = [path.as_slice(), prefix].concat();
                let mut count = order.weight(header.terminal);
                let mut ways = count;
                if header.terminal != Ref::NOTHING {
                    places.push((header.terminal, path.clone()));
                }
                let mut from = 0;
                while let Some((edge, child)) = node.next_child(from) {
                    assert!(u16::from(edge) >= from);
                    assert_eq!(order.nodes.child(node_ref, edge), child);
                    from = u16::from(edge) + 1;
                    count += order.weight(child);
                    ways += 1;
                    places.push((child, [path.as_slice(), &[byte_of(edge)]].concat()));
                }
                assert!(ways >= 2, "a node without a parting");
                assert_eq!(ways - order.weight(header.terminal), node.child_count());
                assert_eq!(count, usize::try_from(header.count).unwrap());
            }
        }
    }
    assert_eq!(leaves, table.len());
    assert_eq!(leaves, table.names.used_count());
    assert_eq!(nodes, order.nodes.used_count());
    assert_eq!(long_names, table.names.live_bytes());
    assert_eq!(long_prefixes, order.texts.live_bytes());
}

/// Compares every read with the model, with `probe` (in the table or not) as the key.
fn check_reads(table: &SubjectTable, model: &Model, probe: &str) {
    let key = probe.as_bytes();
    let order = tokens(key);
    assert_eq!(table.len(), model.len());
    assert_eq!(table.is_empty(), model.is_empty());
    assert_eq!(table.get(key), model.get(&order).copied());
    assert_eq!(table.rank(key), model.range(..order.clone()).count());
    for (position, (order, &id)) in model.iter().enumerate() {
        assert_eq!(table.key(id), joined(order));
        assert_eq!(table.nth(position), Some(id));
    }
    assert_eq!(table.nth(model.len()), None);

    let ids =
        |range: &mut dyn Iterator<Item = (&Tokens, &SubjectId)>| range.map(|(_, &id)| id).collect::<Vec<_>>();
    assert_eq!(table.iter_from(Bound::Unbounded).collect::<Vec<_>>(), ids(&mut model.iter()));
    for (bound, model_bound) in [
        (Bound::Included(key), Bound::Included(order.clone())),
        (Bound::Excluded(key), Bound::Excluded(order.clone())),
    ] {
        let expected = ids(&mut model.range((model_bound, Bound::Unbounded)));
        assert_eq!(table.iter_from(bound).collect::<Vec<_>>(), expected, "from {probe}");
    }
    for end in 0..=key.len() {
        let expected = ids(&mut model.iter().filter(|(order, _)| joined(order).starts_with(&key[..end])));
        assert_eq!(table.iter_prefix(&key[..end]).collect::<Vec<_>>(), expected);
        assert_eq!(table.count_prefix(&key[..end]), expected.len());
    }
}

fn check_matching(table: &SubjectTable, model: &Model, pattern: &str, after: &str) {
    let filter = SubjectFilter::new(pattern).unwrap();
    let matching =
        model.iter().filter(|(order, _)| filter.matches(std::str::from_utf8(&joined(order)).unwrap()));
    let all: Vec<_> = matching.clone().map(|(_, &id)| id).collect();
    let behind: Vec<_> =
        matching.filter(|(order, _)| **order > tokens(after.as_bytes())).map(|(_, &id)| id).collect();
    assert_eq!(table.matching(pattern, None).collect::<Vec<_>>(), all, "{pattern}");
    assert_eq!(
        table.matching(pattern, Some(after.as_bytes())).collect::<Vec<_>>(),
        behind,
        "{pattern} after {after}"
    );
    assert_eq!(table.count_matching(pattern), all.len(), "{pattern}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_read_agrees_with_a_sorted_map(
        steps in proptest::collection::vec((step(), key()), 1..120),
        patterns in proptest::collection::vec(pattern(), 1..4),
    ) {
        let (mut table, mut model) = (SubjectTable::new(), Model::new());
        for (number, (step, probe)) in steps.iter().enumerate() {
            apply(&mut table, &mut model, step);
            if number % 5 == 0 {
                // From here on the tree is one that was built at once.
                table.order.take();
            }
            check_shape(&table);
            check_reads(&table, &model, probe);
            for pattern in &patterns {
                check_matching(&table, &model, pattern, probe);
            }
        }
    }

    #[test]
    fn any_bytes_are_a_key(keys in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..6), 0..400)) {
        let (mut table, mut model) = (SubjectTable::new(), Model::new());
        for key in &keys {
            insert(&mut table, &mut model, key);
        }
        check_shape(&table);
        let in_order: Vec<_> = table.iter_from(Bound::Unbounded).map(|id| tokens(table.key(id))).collect();
        prop_assert_eq!(&in_order, &model.keys().cloned().collect::<Vec<_>>());
        // A second tree, which has grown subject by subject, is the same.
        let mut grown = SubjectTable::new();
        for key in &keys {
            grown.insert(key);
            grown.tree();
        }
        check_shape(&grown);
        let grown: Vec<_> = grown.iter_from(Bound::Unbounded).map(|id| tokens(grown.key(id))).collect();
        prop_assert_eq!(&in_order, &grown);
        for (position, key) in in_order.iter().map(joined).enumerate() {
            prop_assert_eq!(table.rank(&key), position);
            prop_assert_eq!(table.count_matching(">"), in_order.len());
        }
        for (step, key) in keys.iter().enumerate() {
            remove(&mut table, &mut model, key);
            if step % 16 == 0 {
                check_shape(&table);
            }
        }
        prop_assert!(table.is_empty());
    }

    #[test]
    fn any_text_is_a_pattern(keys in proptest::collection::vec("[ab.*>]{0,6}", 0..20), pattern in "[ab.*>]{0,6}") {
        let mut table = SubjectTable::new();
        for key in &keys {
            table.insert(key.as_bytes());
        }
        let ids: HashSet<_> = table.matching(&pattern, None).collect();
        prop_assert_eq!(table.count_matching(&pattern), ids.len());
        if let Ok(filter) = SubjectFilter::new(pattern) {
            for id in table.iter_from(Bound::Unbounded) {
                let key = std::str::from_utf8(table.key(id)).unwrap();
                prop_assert_eq!(ids.contains(&id), filter.matches(key), "{}", key);
            }
        }
    }
}

fn table_of(keys: &[&str]) -> SubjectTable {
    let mut table = SubjectTable::new();
    for key in keys {
        table.insert(key.as_bytes());
    }
    table
}

fn texts(table: &SubjectTable, ids: Matching<'_>) -> Vec<String> {
    ids.map(|id| String::from_utf8(table.key(id).to_vec()).unwrap()).collect()
}

#[test]
fn order_is_by_token_and_the_shorter_subject_comes_first() {
    let table = table_of(&["a-b", "a.b", "a", "a.b.c", "a!", "ab", "a.-", "b"]);
    let found = texts(&table, table.iter_from(Bound::Unbounded));
    assert_eq!(found, ["a", "a.-", "a.b", "a.b.c", "a!", "a-b", "ab", "b"]);
}

#[test]
fn wildcards_match_whole_tokens_only() {
    let table = table_of(&["a", "a.b", "a.b.c", "a.x.c", "a.x.d", "ab", "a*", "a.*", "a*.b"]);
    let check = |pattern: &str, expected: &[&str]| {
        assert_eq!(texts(&table, table.matching(pattern, None)), expected, "{pattern}");
        assert_eq!(table.count_matching(pattern), expected.len(), "{pattern}");
    };
    check("a", &["a"]);
    check("a.>", &["a.*", "a.b", "a.b.c", "a.x.c", "a.x.d"]);
    check("a.*", &["a.*", "a.b"]);
    check("a.*.c", &["a.b.c", "a.x.c"]);
    check("a.*.>", &["a.b.c", "a.x.c", "a.x.d"]);
    check("*", &["a", "a*", "ab"]);
    check("a*", &["a*"]);
    check("*.b", &["a.b", "a*.b"]);
    check("a.*.*.*", &[]);
    check("b.>", &[]);
    check("", &[]);
}

#[test]
fn a_page_goes_on_behind_a_key_that_is_gone() {
    let mut table = table_of(&["k.1", "k.2", "k.3"]);
    table.remove(b"k.2");
    assert_eq!(texts(&table, table.matching("k.*", Some(b"k.2"))), ["k.3"]);
    assert_eq!(texts(&table, table.matching("k.3", Some(b"k.2"))), ["k.3"]);
    assert_eq!(texts(&table, table.matching("k.3", Some(b"k.3"))), [""; 0]);
}

#[test]
fn an_empty_table_answers_nothing() {
    let mut table = SubjectTable::default();
    check_reads(&table, &Model::new(), "a.b");
    check_matching(&table, &Model::new(), "a.*", "");
    assert_eq!(table.remove(b""), None);
    assert_eq!(table.key(SubjectId::new(7)), b"");
    assert!(!table.is_full());
}

#[test]
fn ids_of_removed_subjects_are_used_again() {
    let mut table = table_of(&["a", "b", "c"]);
    let id = table.remove(b"b").unwrap();
    assert_eq!(table.insert(b"d"), (id, Inserted::New));
    assert_eq!(table.key(id), b"d");
    assert_eq!(table.insert(b"e").0.number(), 3);
}

#[test]
fn hashes_stay_good_when_the_table_is_emptied() {
    let mut table = table_of(&["a"]);
    let hash = table.hasher().hash(b"b");
    table.remove(b"a").unwrap();
    let (id, _) = table.insert_hashed(hash, b"b", 0);
    assert_eq!(table.get(b"b"), Some(id));
}

#[test]
fn nodes_grow_and_shrink_through_all_sizes() {
    let (mut table, mut model) = (SubjectTable::new(), Model::new());
    let keys: Vec<_> = (0..=255_u8).map(|byte| vec![b'k', byte, b'x']).collect();
    for key in &keys {
        insert(&mut table, &mut model, key);
        check_shape(&table);
    }
    for key in keys.iter().rev() {
        remove(&mut table, &mut model, key);
        check_shape(&table);
    }
    assert!(table.is_empty());
}

#[test]
fn the_longest_subjects_part_and_join() {
    let (mut table, mut model) = (SubjectTable::new(), Model::new());
    let longest = "t.".repeat(32_767) + "t";
    assert_eq!(longest.len(), jetkv_types::limits::SUBJECT_BYTES_MAX);
    // Partings from end to start make a path of nodes that is 1,024 deep.
    let keys: Vec<_> = (0..1024).map(|n| longest.as_bytes()[..longest.len() - 60 * n].to_vec()).collect();
    for key in &keys {
        insert(&mut table, &mut model, key);
    }
    check_shape(&table);
    assert_eq!(table.rank(longest.as_bytes()), 1023);
    assert_eq!(table.count_matching("t.*.>"), 1024);
    assert_eq!(table.iter_from(Bound::Excluded(&keys[3])).count(), 3);
    for key in keys.iter().step_by(2).chain(keys.iter().skip(1).step_by(2)) {
        remove(&mut table, &mut model, key);
    }
    assert!(table.is_empty());
}

#[test]
fn keys_longer_than_any_subject_are_kept_too() {
    let (mut table, mut model) = (SubjectTable::new(), Model::new());
    let keys: Vec<_> = (1..6).map(|n| [vec![b'x'; n << 19], vec![b'y'; 1 << 19]].concat()).collect();
    for key in &keys {
        insert(&mut table, &mut model, key);
        check_shape(&table);
    }
    for key in &keys {
        assert_eq!(table.get(key).map(|id| table.key(id)), Some(key.as_slice()));
        remove(&mut table, &mut model, key);
        check_shape(&table);
    }
}

#[test]
fn dead_text_is_given_back() {
    let mut table = table_of(&["stays", "this-one-stays-too-although-it-is-long"]);
    for n in 0..10_000 {
        let key = format!("a-key-that-is-too-long-to-be-stored-in-place.{n}");
        table.insert(key.as_bytes());
        table.remove(key.as_bytes());
    }
    check_shape(&table);
    assert!(table.memory_bytes() < 32 * 1024, "{}", table.memory_bytes());
    assert_eq!(texts(&table, table.iter_prefix(b"this")), ["this-one-stays-too-although-it-is-long"]);
}

#[test]
fn memory_per_key_is_bounded() {
    let check = |name: &str, key: &dyn Fn(u64) -> String| {
        let (mut table, mut key_bytes) = (SubjectTable::new(), 0);
        for n in 0..100_000 {
            let key = key(n);
            key_bytes += key.len();
            table.insert(key.as_bytes());
        }
        assert_eq!(table.iter_from(Bound::Unbounded).count(), 100_000);
        // What is known of a subject is part of it, 16 bytes, and so is the end of its last sequence, with room for more.
        let overhead = (table.memory_bytes() - key_bytes) / table.len();
        assert!(overhead <= 104, "{name}: {overhead} bytes per key");
    };
    // An odd multiplier makes a one-to-one scramble of 64 bits.
    let scramble = |n: u64| {
        (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    };
    check("dense", &|n| format!("key.{n:08}"));
    check("hex", &|n| format!("{:016x}", scramble(n)));
    check("three tokens", &|n| format!("user.{}.profile-{}", scramble(n) % 5000, n));
    check("long", &|n| format!("a-long-first-token-that-all-have.{:016x}.and-a-long-last-one", scramble(n)));
}

#[test]
fn the_lower_half_tells_the_highest_sequence_below_the_next_one() {
    let seen = |last| Seen { id: SubjectId::new(0), last };
    assert_eq!(seen(7).last_below(8), Some(7));
    assert_eq!(seen(7).last_below(7), None, "7 itself is not below 7");
    let high = 3 << 32;
    assert_eq!(seen(7).last_below(high | 8), Some(high | 7));
    assert_eq!(seen(7).last_below(high | 7), Some((2 << 32) | 7));
    assert_eq!(seen(u32::MAX).last_below(high), Some(high - 1));
}
