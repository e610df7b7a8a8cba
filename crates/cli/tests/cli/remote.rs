//! Commands on servers: the one that holds the directory, and others.

use crate::program::{Done, Place};
use crate::serve::running::Running;
use rustix::process::Signal;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;

const FILE: &str = "jetkv-data/server.json";

fn serve(place: &Place) -> Running {
    Running::start(place, &["serve", "--port", "0"])
}

fn run_with_words(place: &Place, args: &[&str], words: &[(&str, &str)]) -> Done {
    Done::of(place.command(args).envs(words.iter().copied()).output().unwrap())
}

#[test]
fn commands_go_to_the_server_that_holds_the_directory() {
    let place = Place::with_bucket();
    place.put("a", "before");
    let mut server = serve(&place);
    let mode = std::fs::metadata(place.file(FILE)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(place.ok(&["get", "app", "a", "--raw"]), "before");
    assert_eq!(place.put("a", "while"), 2);
    place.ok(&["create", "app", "b", "x"]);
    place.fails(&["create", "app", "b", "y"], 4);
    place.ok(&["del", "app", "b"]);
    place.ok(&["revert", "app", "a", "1"]);
    place.ok(&["add", "second", "--history", "3"]);
    assert_eq!(place.json(&["ls"]).len(), 2);
    assert_eq!(place.json(&["history", "app", "a"]).len(), 3);
    assert_eq!(place.json(&["info", "app"])[0]["durability"], "as the server decides");
    assert_eq!(place.json(&["info"])[0]["buckets"], serde_json::json!(["app", "second"]));
    assert!(place.ok(&["compact", "app"]).starts_with("removed"));
    place.ok(&["export", "app", "--history", "--output", "out"]);
    place.ok(&["import", "second", "out"]);

    let mut watch = place.spawn(&["watch", "app", "--json"]);
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("\"a\"")));
    place.put("c", "seen");
    assert!(lines.any(|line| line.unwrap().contains("\"c\"")));
    watch.kill().unwrap();
    watch.wait().unwrap();

    server.signal(Signal::TERM);
    assert_eq!(server.end(), Some(0));
    assert!(!place.file(FILE).exists());
    assert_eq!(place.ok(&["get", "app", "c", "--raw"]), "seen");
    assert!(place.ok(&["check"]).starts_with("no damage"));
}

#[test]
fn commands_need_no_secret_for_the_server_of_their_directory() {
    let place = Place::with_bucket();
    for (name, auth, login) in [
        ("users", "authorization { users: [{ user: anna, password: secret }] }", true),
        ("token", "authorization { token: secret }", false),
        ("accounts", "accounts { A { users: [{ user: anna, password: secret }] } }", true),
    ] {
        let config = place.write("conf", auth);
        let mut server = Running::start(&place, &["serve", "--port", "0", "--config", &config]);
        place.ok(&["put", "app", "who", name]);
        assert_eq!(place.ok(&["get", "app", "who", "--raw"]), name);
        let url = format!("nats://{}", server.address());
        let err = place.fails(&["ls", "--server", &url], 6);
        assert!(err.contains("NATS_CREDS"), "{err}");
        // A reload keeps the way in.
        server.signal(Signal::HUP);
        server.wait_for("Reloaded server configuration");
        place.ok(&["get", "app", "who"]);
        let text = std::fs::read_to_string(place.file(FILE)).unwrap();
        assert_eq!(text.contains("jetkv-local"), login, "{text}");
        server.signal(Signal::TERM);
        server.end();
    }
}

#[test]
fn a_server_that_was_killed_confuses_nobody() {
    let place = Place::with_bucket();
    place.put("a", "x");
    let mut server = serve(&place);
    let port = server.address().port().to_string();
    server.signal(Signal::KILL);
    server.end();
    assert!(place.file(FILE).exists());
    assert_eq!(place.ok(&["get", "app", "a", "--raw"]), "x");
    // Another server at the same port, and another command that holds the directory.
    let elsewhere = Place::with_bucket();
    let other = Running::start(&elsewhere, &["serve", "--port", &port]);
    let mut holder = place.spawn(&["watch", "app", "--json"]);
    let mut line = String::new();
    BufReader::new(holder.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let err = place.fails(&["put", "app", "a", "lost?", "--wait", "100ms"], 5);
    assert!(err.contains("in use by another process"), "{err}");
    assert!(elsewhere.ok(&["ls", "app"]).is_empty());
    holder.kill().unwrap();
    holder.wait().unwrap();
    drop(other);
    // A new start replaces the file.
    let mut server = serve(&place);
    place.put("a", "y");
    server.signal(Signal::TERM);
    server.end();
    assert!(!place.file(FILE).exists());
}

#[test]
fn servers_are_named_by_flags_contexts_and_the_environment() {
    let there = Place::with_bucket();
    let server = serve(&there);
    let url = format!("nats://{}", server.address());
    let here = Place::empty();
    here.ok(&["put", "app", "a", "x", "--server", &url]);
    assert_eq!(here.ok(&["--server", &url, "get", "app", "a", "--raw"]), "x");
    assert_eq!(there.ok(&["get", "app", "a", "--raw"]), "x");
    let err = here.fails(&["create", "app", "a", "y", "--server", &url], 4);
    assert!(err.contains(&format!("`jetkv --server {url} update app a VALUE --revision 1`")), "{err}");
    assert!(!here.file("jetkv-data").exists());

    let get = ["get", "app", "a", "--raw"];
    assert_eq!(run_with_words(&here, &get, &[("NATS_URL", &url)]).text(), "x");
    let contexts = here.file("config/nats/context");
    std::fs::create_dir_all(&contexts).unwrap();
    std::fs::write(contexts.join("there.json"), serde_json::json!({ "url": url }).to_string()).unwrap();
    let config = here.file("config").display().to_string();
    let words = [("XDG_CONFIG_HOME", config.as_str())];
    let mut by_flag = get.to_vec();
    by_flag.extend(["--context", "there"]);
    assert_eq!(run_with_words(&here, &by_flag, &words).text(), "x");
    let by_word = [words[0], ("NATS_CONTEXT", "there")];
    assert_eq!(run_with_words(&here, &get, &by_word).text(), "x");
    let mut unknown = get.to_vec();
    unknown.extend(["--context", "their"]);
    let done = run_with_words(&here, &unknown, &words);
    assert!(done.code == 3 && done.err.contains("did you mean \"there\"?"), "{}", done.err);

    // A directory that is named wins over the environment.
    let mut named = get.to_vec();
    named.extend(["--store", "none"]);
    let done = run_with_words(&here, &named, &[("NATS_URL", &url)]);
    assert!(done.code == 3 && done.err.contains("no store in none"), "{}", done.err);
    let done = run_with_words(&here, &get, &[("NATS_URL", &url), ("JETKV_STORE", "none")]);
    assert!(done.code == 3 && done.err.contains("no store in none"), "{}", done.err);
}

#[test]
fn without_a_server_a_command_says_so() {
    let place = Place::empty();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let err = place.fails(&["ls", "--server", &format!("nats://anna:secret@{free}")], 5);
    assert!(err.contains(&format!("nats://{free}")) && !err.contains("secret"), "{err}");
    let err = place.fails(&["ls", "--server", "http://host"], 2);
    assert!(err.contains("http"), "{err}");
}

#[test]
fn copies_keep_revisions_in_directories_and_go_on_where_they_stopped() {
    let here = Place::with_bucket();
    for number in 0..700 {
        // Enough for several steps, with history and markers.
        if number % 100 == 0 {
            here.put(&format!("k.{}", number / 100), "first");
        }
    }
    here.put("k.0", "second");
    here.ok(&["del", "app", "k.1"]);
    here.ok(&["purge", "app", "k.2", "--force"]);
    let there = Place::empty();
    let server = serve(&there);
    let url = format!("nats://{}", server.address());
    let out = here.ok(&["copy", "jetkv-data", &url]);
    assert_eq!(out, "copied bucket app: 9 entries, revisions and times kept\n");
    assert_eq!(there.ok(&["get", "app", "k.0", "--raw"]), "second");
    assert_eq!(there.json(&["history", "app", "k.0"]).len(), 2);
    assert_eq!(there.ok(&["ls", "app"]).lines().count(), 5);
    // Only what is new, and nothing twice.
    here.put("k.3", "third");
    assert!(here.ok(&["copy", "jetkv-data", &url]).contains(": 1 entry,"));
    assert!(here.ok(&["copy", "jetkv-data", &url]).contains(": 0 entries,"));
    assert_eq!(there.json(&["history", "app", "k.3"]).len(), 2);

    let out = here.ok(&["copy", "jetkv-data", "other"]);
    assert!(out.contains("revisions and times kept"), "{out}");
    let history = |store| here.ok(&["--store", store, "--json", "history", "app", "k.0"]);
    assert_eq!(history("jetkv-data"), history("other"));
    let (left, right) = (here.json(&["info", "app"]), here.json(&["--store", "other", "info", "app"]));
    assert_eq!(left[0]["last_revision"], right[0]["last_revision"]);
    // And back, from the server.
    here.ok(&["copy", &url, "back", "--buckets", "app"]);
    assert_eq!(here.ok(&["--store", "back", "get", "app", "k.3", "--raw"]), "third");
    // What is no copy is left alone.
    let stranger = Place::with_bucket();
    let err = stranger.fails(&["copy", "jetkv-data", &url], 4);
    assert!(err.contains("is no copy of this one"), "{err}");
}

#[test]
fn a_copy_of_a_place_to_itself_is_refused_and_nothing_is_to_be_deleted() {
    let here = Place::with_bucket();
    here.put("a", "1");
    let err = here.fails(&["copy", "jetkv-data", "./jetkv-data"], 2);
    assert!(err.contains("are the same directory"), "{err}");
    let server = serve(&here);
    let port = server.address().port();
    let err = here.fails(&["copy", "jetkv-data", &format!("nats://localhost:{port}")], 2);
    assert!(err.contains("\"app\" in nats://localhost") && err.contains("is the one to copy"), "{err}");
    assert!(!err.contains("del "), "{err}");
    let err = here.fails(&["ls", "--server", ""], 2);
    assert!(err.contains("no server is named"), "{err}");
}

#[test]
fn a_copy_says_what_is_wrong_with_its_places_and_makes_nothing() {
    let here = Place::with_bucket();
    here.put("a", "1");
    // What a place that is no directory has made here, or a store that never was: a lock lies in the directory itself.
    let made = || {
        let names = ["memory:", "localhost:4222", "nats:", "nowhere", "to", "lock"];
        names.into_iter().find(|name| here.file(name).exists())
    };
    for (args, code, message, hint) in [
        (&["jetkv-data", "memory:"][..], 2, "would be gone when this command ends", "./memory:"),
        (&["jetkv-data", ""], 2, "\"\" names no directory", "nats://HOST:PORT"),
        (&["jetkv-data", "localhost:4222"], 2, "looks like the address of a server", "nats://localhost:4222"),
        (&["nowhere", "to"], 3, "no store in nowhere", "jetkv --store nowhere add"),
        (&["jetkv-data", "to", "--buckets", "nope"], 3, "\"nope\" not found", "jetkv --store jetkv-data ls"),
        (
            &["jetkv-data", "to", "--server", "nats://localhost:1"],
            2,
            "neither --server",
            "jetkv copy FROM TO",
        ),
    ] {
        let err = here.fails(&[&["copy"], args].concat(), code);
        assert!(err.contains(message) && err.contains(hint), "{args:?}: {err}");
        assert_eq!(made(), None, "{args:?}");
    }
    for (store, hint) in [("memory:", "./memory:"), ("nats://localhost:1", "--server nats://localhost:1")] {
        let err = here.fails(&["--store", store, "add", "x"], 2);
        assert!(err.contains(hint), "{store}: {err}");
        assert_eq!(made(), None, "{store}");
    }
    let out = here.ok(&["copy", "jetkv-data", "to", "--buckets", "app,app"]);
    assert_eq!(out.lines().count(), 1, "{out}");
    here.ok(&["copy", "jetkv-data", "./memory:"]);
}

#[test]
fn a_value_that_the_server_refuses_is_not_blamed_on_the_bucket() {
    let place = Place::with_bucket();
    place.write("c.conf", "max_payload: 1KB\n");
    let server = Running::start(&place, &["serve", "--port", "0", "--config", "c.conf"]);
    let address = format!("nats://{}", server.address());
    let value = "x".repeat(3_000);
    for flags in [&[][..], &["--server", &address]] {
        let err = place.fails(&[&["put", "app", "a", &value], flags].concat(), 2);
        assert!(
            err.contains("3000 bytes") && err.contains("the server takes at most 1024 (max_payload)"),
            "{err}"
        );
        assert!(err.contains("hint: raise max_payload") && !err.contains("edit"), "{err}");
    }
    // The limit of a bucket is its own.
    place.ok(&["edit", "app", "--max-value-size", "100"]);
    let err = place.fails(&["put", "app", "a", &value[..200]], 2);
    assert!(
        err.contains("bucket \"app\" takes at most 100") && err.contains("edit app --max-value-size"),
        "{err}"
    );
}

#[test]
fn a_copy_follows_until_it_is_stopped() {
    let here = Place::with_bucket();
    here.put("a", "1");
    let server = serve(&here);
    let url = format!("nats://{}", server.address());
    let there = Place::empty();
    let other = serve(&there);
    let to = format!("nats://{}", other.address());
    let mut copy = here.spawn(&["copy", &url, &to, "--follow"]);
    let mut line = String::new();
    BufReader::new(copy.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let mut watch = there.spawn(&["watch", "app", "--json"]);
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    here.put("b", "followed");
    assert!(lines.any(|line| line.unwrap().contains("\"b\"")));
    for child in [&mut copy, &mut watch] {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn bench_measures_a_server_and_leaves_no_bucket_behind() {
    let place = Place::with_bucket();
    let server = serve(&place);
    let url = format!("nats://{}", server.address());
    let figures = place.json(&["--server", &url, "bench", "--count", "40", "--threads", "2"]);
    let told: Vec<_> = figures
        .iter()
        .map(|line| (line["operation"].as_str().unwrap(), line["count"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, [("put", 40), ("get", 40), ("update", 40), ("watch", 40)]);
    assert_eq!(place.ok(&["ls", "--names"]), "app\n");
}

#[test]
fn ping_asks_servers_and_never_opens_files() {
    let place = Place::with_bucket();
    let err = place.fails(&["ping"], 5);
    assert!(err.contains("no server has the store ./jetkv-data"), "{err}");
    let server = serve(&place);
    let said = place.json(&["ping"]).remove(0);
    assert_eq!(said["buckets"], 1);
    let url = format!("nats://{}", server.address());
    assert!(place.ok(&["--server", &url, "ping"]).starts_with("server N"));
    drop(server);
    // The file that it left names a server that is gone.
    place.fails(&["ping"], 5);
    place.fails(&["--server", &url, "ping"], 5);
}
