use super::{Pings, Tick};

#[test]
fn a_silent_client_is_pinged_and_then_given_up() {
    let mut pings = Pings::new();
    assert_eq!([pings.tick(2), pings.tick(2), pings.tick(2)], [Tick::Ping, Tick::Ping, Tick::Stale]);
}

#[test]
fn a_pong_makes_it_begin_anew() {
    let mut pings = Pings::new();
    assert_eq!([pings.tick(2), pings.tick(2)], [Tick::Ping, Tick::Ping]);
    assert!(pings.pong());
    assert!(!pings.pong(), "the second one answers nothing");
    assert_eq!([pings.tick(2), pings.tick(2), pings.tick(2)], [Tick::Ping, Tick::Ping, Tick::Stale]);
}

#[test]
fn a_busy_client_is_pinged_once() {
    let mut pings = Pings::new();
    let mut ticks = Vec::new();
    for _ in 0..4 {
        pings.heard();
        ticks.push(pings.tick(2));
    }
    assert_eq!(ticks, [Tick::Ping, Tick::Skip, Tick::Skip, Tick::Skip]);
    // Once it is silent, the ping that it never answered counts.
    assert_eq!([pings.tick(2), pings.tick(2)], [Tick::Ping, Tick::Stale]);
}

#[test]
fn without_pings_allowed_silence_is_the_end() {
    assert_eq!(Pings::new().tick(0), Tick::Stale);
}
