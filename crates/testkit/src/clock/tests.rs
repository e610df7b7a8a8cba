use super::ManualClock;
use jetkv_engine::env::Clock;
use jetkv_types::Timestamp;
use std::time::Duration;

#[test]
fn the_clock_moves_only_by_hand_and_also_backwards() {
    let clock = ManualClock::new(Timestamp::from_nanos(100));
    let shared = clock.clone();
    assert_eq!(clock.now(), clock.now());
    clock.advance(Duration::from_nanos(5));
    assert_eq!(shared.now().as_nanos(), 105);
    shared.set(Timestamp::from_nanos(7));
    assert_eq!(clock.now().as_nanos(), 7);
}
