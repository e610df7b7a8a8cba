//! What packages and the manual for operators name exists.

use crate::program::Place;
use crate::serve::running::Running;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// Runs `serve` with the arguments of a package and the configuration that it brings; nothing may be said but that it is good.
#[track_caller]
fn check_serve(args: &[&str], config: &str) {
    let place = Place::empty();
    let config = root().join("packaging").join(config).display().to_string();
    let mut args: Vec<&str> =
        args.iter().map(|arg| if arg.starts_with("/etc/") { config.as_str() } else { arg }).collect();
    assert!(args.contains(&config.as_str()), "{args:?}");
    args.push("--check-config");
    let done = place.run(&args);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.err.contains("is valid") && !done.err.contains("warning"), "{}", done.err);
}

#[test]
fn the_service_starts_what_the_package_installs() {
    let unit = read("packaging/systemd/jetkv.service");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/jetkv ")).unwrap();
    let words: Vec<&str> = start.split(' ').collect();
    check_serve(&words, "jetkv.conf");
    for needed in ["Type=notify", "User=jetkv", "StateDirectory=jetkv", "ExecReload=/bin/kill -HUP $MAINPID"]
    {
        assert!(unit.lines().any(|line| line == needed), "{needed}");
    }
    assert_eq!(words.last(), Some(&"/var/lib/jetkv"));
}

#[test]
fn the_image_starts_and_asks_what_there_is() {
    let dockerfile = read("packaging/docker/Dockerfile");
    let list = |start: &str| -> Vec<String> {
        let line = dockerfile.lines().find(|line| line.contains(start)).unwrap();
        serde_json::from_str(&line[line.find('[').unwrap()..]).unwrap()
    };
    assert_eq!(list("ENTRYPOINT"), ["/usr/bin/jetkv"]);
    let command = dockerfile.lines().find(|line| line.starts_with("CMD ")).unwrap();
    let command: Vec<String> = serde_json::from_str(&command["CMD ".len()..]).unwrap();
    check_serve(&command.iter().map(String::as_str).collect::<Vec<_>>(), "docker/jetkv.conf");
    let probe = list("HEALTHCHECK");
    let (program, args) = probe.split_first().unwrap();
    assert_eq!(program, "/usr/bin/jetkv");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    // Without a server the probe fails, and leaves the files alone.
    let place = Place::empty();
    place.fails(&args, 5);
    assert!(!place.file("jetkv-data").exists());
    place.write("c.conf", "port: -1, authorization { users: [{ user: anna, password: secret }] }");
    let server = Running::start(&place, &["serve", "--config", "c.conf"]);
    let said = place.json(&args).remove(0);
    assert!(server.info().contains(said["server"].as_str().unwrap()), "{said}");
    drop(server);
    place.fails(&args, 5);
    for line in dockerfile.lines().filter(|line| line.starts_with("COPY packaging/")) {
        let file = line.split(' ').nth(1).unwrap();
        assert!(root().join(file).is_file(), "{file}");
    }
}

#[test]
fn the_debian_package_is_made_of_files_that_exist() {
    let manifest = read("crates/cli/Cargo.toml");
    let section = manifest.split("[package.metadata.deb]").nth(1).unwrap();
    let assets: Vec<&str> =
        section.lines().filter_map(|line| line.trim().strip_prefix("[\"")?.split('"').next()).collect();
    assert!(assets.len() >= 10, "{assets:?}");
    let guide = read("packaging/README.md");
    for asset in assets {
        match asset.split_once("target/dist/") {
            // Made by commands that the guide lists.
            Some((_, made)) => {
                let made = made.strip_suffix("/*.1").unwrap_or(made);
                assert!(guide.contains(&format!("target/dist/{made}")), "{asset}");
            }
            None => {
                let path = root().join("crates/cli").join(asset.strip_suffix("/*.md").unwrap_or(asset));
                assert!(path.exists(), "{asset}");
            }
        }
    }
    for script in ["postinst", "postrm"] {
        assert!(read(&format!("packaging/debian/{script}")).starts_with("#!/bin/sh\nset -e\n"));
    }
    assert!(section.contains("conf-files = [\"/etc/jetkv/jetkv.conf\"]"));
    assert!(read("Cargo.toml").contains("\n[profile.dist]\n"));
}

#[test]
fn pages_and_completions_know_every_command() {
    let place = Place::empty();
    std::fs::create_dir(place.file("man")).unwrap();
    place.ok(&["man", "--output", "man"]);
    let help = place.ok(&["--help"]);
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let commands: Vec<&str> = commands
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.len() > 25 && commands.contains(&"doctor"), "{commands:?}");
    for shell in ["bash", "zsh", "fish"] {
        let script = place.ok(&["completions", shell]);
        for command in &commands {
            assert!(script.contains(command), "{command} in {shell}");
        }
    }
    for command in commands.iter().filter(|command| **command != "help") {
        assert!(place.file(&format!("man/jetkv-{command}.1")).is_file(), "{command}");
    }
    let page = std::fs::read_to_string(place.file("man/jetkv-serve.1")).unwrap();
    assert!(page.contains("log\\-format"), "{page}");
}

/// The commands of a document: each line of its shell blocks that begins with the program.
fn commands(document: &str) -> Vec<String> {
    let mut block = None;
    let mut found = Vec::new();
    for line in document.lines() {
        let line = line.trim();
        if line.starts_with("```") {
            block = if block.is_some() { None } else { Some(matches!(line, "```sh" | "```text")) };
            continue;
        }
        let line = line.strip_prefix("$ ").unwrap_or(line);
        let line = line.split(" # ").next().unwrap_or(line);
        let line = line.strip_prefix("sudo -u jetkv ").or(line.strip_prefix("sudo ")).unwrap_or(line);
        if block == Some(true) && line.starts_with("jetkv ") {
            found.push(line.to_owned());
        }
    }
    found
}

#[test]
fn flags_that_the_manuals_name_exist() {
    let place = Place::empty();
    let mut helps: BTreeMap<String, String> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let all = place.ok(&["--help"]);
    for name in ["docs/operating.md", "docs/migrating-from-nats.md", "docs/server.md", "packaging/README.md"]
    {
        for line in commands(&read(name)) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let mut at = 1;
            while words.get(at).is_some_and(|word| word.starts_with('-')) {
                at += if matches!(words[at], "--store" | "--server" | "--context" | "--wait" | "--sync") {
                    2
                } else {
                    1
                };
            }
            let command = words.get(at).unwrap_or_else(|| panic!("{name}: {line}")).to_string();
            assert!(all.contains(&format!("\n  {command} ")), "{name}: {line}");
            let help = helps.entry(command.clone()).or_insert_with(|| place.ok(&[&command, "--help"]));
            for flag in words.iter().filter(|word| word.starts_with("--") && word.len() > 2) {
                let flag = flag.split('=').next().unwrap();
                assert!(help.contains(flag), "{name}: {flag} in {line}");
            }
            seen.insert(command);
        }
    }
    assert!(seen.len() > 8, "{seen:?}");
}
