//! `check repair bench completions man`

use crate::program::Place;

#[test]
fn a_sound_store_passes_the_check() {
    let place = Place::with_bucket();
    place.put("a", "1");
    let done = place.run(&["check"]);
    assert_eq!(done.code, 0);
    assert!(done.text().starts_with("no damage found, "), "{}", done.text());
    assert_eq!(place.json(&["check"]).len(), 0);
    place.fails(&["repair"], 2);
    assert_eq!(place.ok(&["repair", "-f"]), "nothing to repair\n");
}

#[test]
fn bench_measures_and_leaves_nothing_behind() {
    let place = Place::empty();
    let args = ["bench", "--count", "50", "--durable-count", "10", "--threads", "4", "--size", "1KiB"];
    let figures = place.json(&args);
    let operations: Vec<&str> = figures.iter().map(|line| line["operation"].as_str().unwrap()).collect();
    assert_eq!(operations, ["put", "get", "update", "watch", "durable put"]);
    let counts: Vec<u64> = figures.iter().map(|line| line["count"].as_u64().unwrap()).collect();
    assert_eq!(counts, [50, 50, 50, 50, 10]);
    assert!(figures.iter().all(|line| line["per_second"].as_u64().unwrap() > 0));
    assert!(place.ok(&args).contains("durable put"));
    assert_eq!(
        std::fs::metadata(place.path()).unwrap().is_dir().then(|| place.path().join("jetkv-data").exists()),
        Some(false)
    );
    place.fails(&["bench", "--threads", "0"], 2);
}

#[test]
fn shells_get_completions_and_manuals() {
    let place = Place::empty();
    for shell in ["bash", "zsh", "fish"] {
        assert!(place.ok(&["completions", shell]).contains("jetkv"), "{shell}");
    }
    assert!(place.ok(&["man"]).contains(".TH jetkv 1"));
    std::fs::create_dir(place.file("man")).unwrap();
    place.ok(&["man", "--output", "man"]);
    assert!(place.file("man/jetkv-put.1").exists());
    assert!(!place.file("jetkv-data").exists());
}
