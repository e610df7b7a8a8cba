use super::*;

fn respelled(args: &str, role: Role) -> Result<String, String> {
    let args = args.split(' ').filter(|arg| !arg.is_empty()).map(OsString::from);
    let words = respell(args, role).map_err(|error| error.to_string())?;
    Ok(words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" "))
}

#[track_caller]
fn check(args: &str, expected: &str) {
    for role in [Role::Reference, Role::Jetkv] {
        assert_eq!(respelled(args, role).as_deref(), Ok(expected), "{args}");
    }
}

#[track_caller]
fn check_error(args: &str, expected: &str) {
    assert_eq!(respelled(args, Role::Reference).unwrap_err(), expected, "{args}");
}

#[test]
fn one_dash_two_dashes_and_equals_signs_are_the_same() {
    for args in ["-p 4222", "--p 4222", "-p=4222", "--port 4222", "--port=4222", "-port=4222"] {
        check(args, "--port=4222");
    }
    check(
        "-p -1 -js -sd=DIR --addr 127.0.0.1",
        "--port=-1 --jetstream=true --store-dir=DIR --addr=127.0.0.1",
    );
}

#[test]
fn switches_take_a_value_only_behind_an_equals_sign() {
    check("-DV", "--debug --trace");
    check("-js=false -D=T -V=0 -T=false", "--jetstream=false --debug --logtime=false");
    check_error("-js=maybe", "invalid boolean value \"maybe\" for -js: parse error");
    check_error("-js maybe", "unrecognized command: \"maybe\"");
}

#[test]
fn monitoring_on_port_0_is_none_under_the_name_of_the_reference() {
    assert_eq!(respelled("-m 0", Role::Reference).as_deref(), Ok("--http-port=off"));
    assert_eq!(respelled("-m 0", Role::Jetkv).as_deref(), Ok("--http-port=0"));
    check("-m 8222", "--http-port=8222");
}

#[test]
fn faults_are_told_as_by_the_reference() {
    check_error("-foo", "flag provided but not defined: -foo");
    check_error("-p", "flag needs an argument: -p");
    check_error("extra", "unrecognized command: \"extra\"");
    check_error(
        "--routes nats://x",
        "flag -routes is not supported: this server is never part of a NATS cluster",
    );
}

#[test]
fn versions_and_help_are_asked_for_in_many_ways() {
    for args in ["-v", "--version", "--v"] {
        check(args, "--version");
    }
    assert_eq!(respelled("version", Role::Reference).as_deref(), Ok("--version"));
    check("-h", "--help");
}

#[test]
fn flags_of_our_own_stay_as_they_are() {
    let args = "--sync every=1s --store DIR --http-port 0 --json";
    assert_eq!(respelled(args, Role::Jetkv).as_deref(), Ok(args));
}

#[test]
fn a_program_called_nats_server_is_one() {
    for name in ["nats-server", "/usr/bin/nats-server", "./nats-server.exe"] {
        assert_eq!(Role::of_program(Some(OsStr::new(name))), Role::Reference);
    }
    for name in ["jetkv", "nats-server/jetkv", "nats-server2", ""] {
        assert_eq!(Role::of_program(Some(OsStr::new(name))), Role::Jetkv);
    }
}
