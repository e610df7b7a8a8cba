//! `tour`

use crate::program::Place;

#[test]
fn a_tour_shows_commands_that_say_the_same_in_a_shell() {
    let place = Place::empty();
    let tour = place.run(&["tour"]);
    assert_eq!((tour.code, tour.err.as_str()), (0, ""));
    let text = tour.text();
    for expected in [
        "$ jetkv import world examples/data/timezones.jsonl --create --history 8\nimported 2602 lines",
        "$ jetkv ls world 'country.*'\ncountry.AD\n",
        "… and 244 more, 249 in all\n",
        "\"Nepal\"",
        "error: wrong last revision for key \"tour.meeting\" in bucket \"world\": expected 2603, found 2604",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let history = place.ok(&["history", "world", "offset.Asia.Pyongyang"]);
    assert!(history.lines().count() == 6 && text.contains(&history), "{text}");
    let events: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix('[')?.split_once("] "))
        .map(|(_, event)| event)
        .collect();
    assert_eq!(
        events,
        [
            "PUT world > tour.clock.Kathmandu: 09:45",
            "PUT world > tour.clock.Tokyo: 13:00",
            "PUT world > tour.clock.Kathmandu: 09:46",
            "DELETE world > tour.clock.Tokyo",
            "PURGE world > tour.clock.Kathmandu",
        ]
    );
    assert_eq!(place.ok(&["get", "world", "tour.meeting", "--raw"]), "Monday 11:00");
}

#[test]
fn a_second_tour_imports_nothing() {
    let place = Place::empty();
    place.ok(&["--store", "a store", "tour"]);
    let text = place.ok(&["--store", "a store", "tour"]);
    assert!(text.contains("nothing is imported this time"), "{text}");
    assert!(text.contains("$ jetkv --store 'a store' ls world"), "{text}");
    let history = place.json(&["--store", "a store", "history", "world", "offset.Asia.Pyongyang"]);
    assert_eq!(history.len(), 5);
}

#[test]
fn a_tour_leaves_a_bucket_of_that_name_alone() {
    let place = Place::empty();
    place.ok(&["add", "world"]);
    let err = place.fails(&["tour"], 4);
    assert!(err.contains("does not hold the data of the tour") && err.contains("jetkv del world"), "{err}");
    assert_eq!(place.ok(&["ls", "world"]), "");
    place.fails(&["--json", "tour"], 2);
}
