use super::FilterIndex;
use jetkv_types::SubjectFilter;
use testkit::Rng;

fn random_filter(rng: &mut Rng) -> SubjectFilter {
    let count = 1 + rng.index(4);
    let mut tokens: Vec<&str> = (0..count).map(|_| *rng.pick(&["a", "b", "c", "*"])).collect();
    if rng.chance(1, 3) {
        tokens.push(">");
    }
    SubjectFilter::new(tokens.join(".")).unwrap()
}

fn random_subject(rng: &mut Rng) -> String {
    let count = 1 + rng.index(5);
    (0..count).map(|_| *rng.pick(&["a", "b", "c", "*"])).collect::<Vec<_>>().join(".")
}

/// The index says what a walk over all filters says, whatever came and went before.
#[test]
fn matches_and_overlaps_are_those_of_a_plain_walk() {
    for seed in 0..200 {
        let mut rng = Rng::new(seed);
        let mut index = FilterIndex::default();
        let mut known: Vec<(SubjectFilter, u32)> = Vec::new();
        for owner in 0..60 {
            if rng.chance(1, 3) && !known.is_empty() {
                let (filter, owner) = known.swap_remove(rng.index(known.len()));
                index.remove(&filter, owner);
            } else {
                let filter = random_filter(&mut rng);
                index.insert(&filter, owner);
                known.push((filter, owner));
            }
            let subject = random_subject(&mut rng);
            let mut found = Vec::new();
            index.matching(&subject, &mut found);
            found.sort_unstable();
            let matching = known.iter().filter(|(filter, _)| filter.matches(&subject));
            let mut expected: Vec<_> = matching.map(|(_, owner)| *owner).collect();
            expected.sort_unstable();
            assert_eq!(found, expected, "seed {seed}, {subject}");
            let other = random_filter(&mut rng);
            let overlaps = known.iter().any(|(filter, _)| filter.overlaps(&other));
            assert_eq!(index.overlaps(&other), overlaps, "seed {seed}, {other} among {known:?}");
        }
        for (filter, owner) in known.drain(..) {
            index.remove(&filter, owner);
        }
        assert_eq!(index.nodes.len() - 1, index.free.len(), "seed {seed}: nothing is left behind");
    }
}
