use super::world::{MS, World, watch};
use crate::consumer::{ConsumerConfig, DeliverPolicy, Interest};

/// Bytes of each payload: 21 of them fill the first window.
const PAYLOAD: usize = 100_000;

fn world() -> World {
    let mut world = World::new(None);
    for _ in 0..200 {
        world.put_bytes("k", PAYLOAD);
    }
    world.listen("to.f");
    let config =
        ConsumerConfig { deliver_policy: DeliverPolicy::All, idle_heartbeat: 300 * MS, ..watch("f", "s.>") };
    world.create(config).unwrap();
    world
}

/// Returns the number of deliveries, and the subject at which an answer is awaited.
fn split(lines: &[String]) -> (usize, Option<String>) {
    let asked = lines.iter().find_map(|line| line.split_once("FlowControl Request -> "));
    let count = lines.iter().filter(|line| line.starts_with("to.f k ")).count();
    (count, asked.map(|(_, subject)| subject.into()))
}

#[test]
fn a_client_is_asked_at_half_of_the_window_and_stalled_at_its_end() {
    let mut world = world();
    let lines = world.run();
    let (count, asked) = split(&lines);
    assert_eq!(count, 21);
    let asked = asked.unwrap();
    assert!(lines[11].contains("100 FlowControl Request"), "after eleven messages: {lines:?}");
    assert!(asked.starts_with("$JS.FC.S.f.") && asked.len() == "$JS.FC.S.f.".len() + 4, "{asked}");
    let stalled = format!(
        "to.f 100 Idle Heartbeat, Nats-Last-Consumer: 21, Nats-Last-Stream: 21, Nats-Consumer-Stalled: {asked}"
    );
    assert_eq!(world.wait_ms(600), [format!("300: {stalled}"), format!("600: {stalled}")]);
    assert_eq!(world.info("f").num_pending, 179);
    // Neither another answer nor a new client opens the window.
    let key = world.key("f");
    world.set.flow_answer(key, "$JS.FC.S.f.xxxx");
    world.interest("f", Interest::Absent);
    world.interest("f", Interest::Present);
    assert!(world.run().is_empty());
    world.set.flow_answer(key, &asked);
    // What was sent before the request is off; what came after it counts in a window of twice the size.
    let (count, again) = split(&world.run());
    assert_eq!(count, 53 - 21);
    assert!(again.is_some_and(|again| again != asked));
}

#[test]
fn answers_open_the_window_until_everything_is_delivered() {
    let mut world = world();
    let (mut total, mut asked) = split(&world.run());
    while let Some(subject) = asked {
        let key = world.key("f");
        world.set.flow_answer(key, &subject);
        let (count, next) = split(&world.run());
        (total, asked) = (total + count, next);
    }
    assert_eq!(total, 200);
    // Nothing is awaited any more, so heartbeats do not speak of it.
    let beat = "300: to.f 100 Idle Heartbeat, Nats-Last-Consumer: 200, Nats-Last-Stream: 200";
    assert_eq!(world.wait_ms(300), [beat]);
}

#[test]
fn new_messages_wait_behind_a_stall_in_order() {
    let mut world = world();
    let (_, asked) = split(&world.run());
    world.put("new");
    assert!(world.run().is_empty());
    let key = world.key("f");
    let mut asked = asked;
    let mut last = String::new();
    while let Some(subject) = asked {
        world.set.flow_answer(key, &subject);
        let lines = world.run();
        last = lines.iter().rfind(|line| !line.contains("100 ")).cloned().unwrap_or(last);
        asked = split(&lines).1;
    }
    assert_eq!(last, "to.f new 1.201.201 +0");
}
