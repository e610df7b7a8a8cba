use super::*;
use testkit::Rng;

fn matches_of(slots: &[u32]) -> Vec<Match> {
    let key = |slot| ConsumerKey { slot, generation: 0 };
    slots.iter().enumerate().map(|(place, slot)| (place / 2, key(*slot))).collect()
}

#[test]
fn batches_are_sorted_like_a_stable_sort_and_what_came_before_stays() {
    let mut rng = Rng::new(1);
    let mut sorter = ByConsumer::default();
    for _ in 0..2_000 {
        let slots: Vec<u32> = (0..rng.below(40)).map(|_| u32::try_from(rng.below(20)).unwrap()).collect();
        let from = rng.index(10);
        let mut sorted = matches_of(&slots);
        let mut expected = sorted.clone();
        sorter.sort(&mut sorted, from);
        if let Some(new) = expected.get_mut(from..) {
            new.sort_by_key(|(_, key)| key.slot);
        }
        assert_eq!(sorted, expected);
    }
}
