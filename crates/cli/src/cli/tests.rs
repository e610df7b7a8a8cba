use super::*;
use clap::CommandFactory;

fn parse(args: &[&str]) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("jetkv").chain(args.iter().copied()))
}

#[test]
fn the_definitions_are_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn global_options_stand_before_or_behind_the_command() {
    for args in [["--json", "--wait", "5s", "ls"], ["ls", "--wait", "5s", "--json"]] {
        let cli = parse(&args).unwrap();
        assert!(cli.json);
        assert_eq!(cli.place.wait, Duration::from_secs(5));
    }
}

#[test]
fn sync_takes_its_three_forms() {
    let sync = |text| parse_sync(text);
    assert_eq!(sync("always"), Ok(jetkv::Sync::Always));
    assert_eq!(sync("os"), Ok(jetkv::Sync::Os));
    assert_eq!(sync("every=100ms"), Ok(jetkv::Sync::Every(Duration::from_millis(100))));
    for text in ["", "never", "every", "every=", "always=1s"] {
        assert!(sync(text).is_err(), "{text}");
    }
}

#[test]
fn the_revision_of_an_update_is_given_once() {
    assert!(parse(&["update", "b", "k", "v", "3"]).is_ok());
    assert!(parse(&["update", "b", "k", "v", "--revision", "3"]).is_ok());
    assert!(parse(&["update", "b", "k", "v"]).is_err());
    assert!(parse(&["update", "b", "k", "v", "3", "--revision", "3"]).is_err());
}

#[test]
fn values_may_look_like_numbers_below_zero() {
    let Command::Put(args) = parse(&["put", "b", "k", "-5"]).unwrap().command else { panic!("no put") };
    assert_eq!(args.value, Some("-5".into()));
    assert!(parse(&["put", "b", "k", "--tll", "5s"]).is_err());
}

#[test]
fn names_and_values_are_split_at_the_first_sign() {
    assert_eq!(parse_header("trace: a:b"), Ok(("trace".into(), "a:b".into())));
    assert_eq!(parse_metadata("team=a=b"), Ok(("team".into(), "a=b".into())));
    assert!(parse_header("trace").is_err());
    assert!(parse_metadata("=x").is_err());
}
