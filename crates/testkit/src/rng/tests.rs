use super::{Rng, SeededEntropy};
use jetkv_engine::env::Entropy;

#[test]
fn the_numbers_of_a_seed_never_change() {
    let mut rng = Rng::new(1_234_567);
    // The published test vector of splitmix64.
    assert_eq!(rng.next_u64(), 6_457_827_717_110_365_317);
    assert_eq!(rng.next_u64(), 3_203_168_211_198_807_973);
    let entropy = SeededEntropy::new(1_234_567);
    assert_eq!(entropy.next_u64(), 6_457_827_717_110_365_317);
}

#[test]
fn below_reaches_every_number_and_no_other() {
    let mut rng = Rng::new(1);
    let mut seen = [0_u32; 5];
    for _ in 0..500 {
        seen[rng.index(5)] += 1;
    }
    assert!(seen.iter().all(|&count| count > 50), "{seen:?}");
    assert_eq!(rng.below(0), 0);
    assert_eq!(rng.below(1), 0);
}

#[test]
fn chance_keeps_its_odds() {
    let mut rng = Rng::new(2);
    let hits = (0..4000).filter(|_| rng.chance(1, 4)).count();
    assert!((800..1200).contains(&hits), "{hits}");
    assert!(rng.chance(1, 1));
    assert!(!rng.chance(0, 1));
}

#[test]
fn bytes_have_the_length_asked_for() {
    let mut rng = Rng::new(3);
    for count in [0, 1, 7, 8, 9, 100] {
        assert_eq!(rng.bytes(count).len(), count);
    }
}

#[test]
fn a_fork_does_not_shift_its_parent() {
    let (mut one, mut two) = (Rng::new(4), Rng::new(4));
    let mut fork = one.fork();
    let _ = two.fork();
    fork.bytes(100);
    assert_eq!(one.next_u64(), two.next_u64());
    assert!([1, 2, 3].contains(one.pick(&[1, 2, 3])));
}
