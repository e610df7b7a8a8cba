use super::*;

#[test]
fn what_was_made_stays_until_its_recipe_changes() {
    let place = tempfile::tempdir().unwrap();
    let peers = Peers::in_directory(place.path());
    let made = std::cell::Cell::new(0);
    let make = |recipe: &str| {
        let home = peers.make("peer", recipe, |directory| {
            made.set(made.get() + 1);
            std::fs::write(directory.join("content"), recipe).map_err(CompatError::file(directory))
        });
        std::fs::read_to_string(home.unwrap().join("content")).unwrap()
    };
    assert_eq!((make("one").as_str(), made.get()), ("one", 1));
    assert_eq!((make("one").as_str(), made.get()), ("one", 1));
    assert_eq!((make("two").as_str(), made.get()), ("two", 2));
    assert_eq!((make("one").as_str(), made.get()), ("one", 3));
}

#[test]
fn an_interrupted_fetch_is_not_taken_for_a_good_one() {
    let place = tempfile::tempdir().unwrap();
    let peers = Peers::in_directory(place.path());
    let interrupted = peers.make("peer", "recipe", |directory| {
        std::fs::write(directory.join("half"), "").map_err(CompatError::file(directory))?;
        run(&mut Command::new("false"))
    });
    assert!(interrupted.is_err());
    let home = peers.make("peer", "recipe", |directory| {
        assert!(!directory.join("half").exists());
        std::fs::write(directory.join("whole"), "").map_err(CompatError::file(directory))
    });
    assert!(home.unwrap().join("whole").exists());
}

#[test]
fn what_cannot_be_had_is_told_from_what_does_not_build() {
    let missing = fetch(|| Command::new("no-such-program-anywhere")).unwrap_err();
    assert!(matches!(missing, CompatError::Unavailable { .. }), "{missing}");
    let broken = run(Command::new("sh").args(["-c", "echo why; exit 3"])).unwrap_err();
    assert!(matches!(&broken, CompatError::Command { output, .. } if output == "why\n"), "{broken}");
}
