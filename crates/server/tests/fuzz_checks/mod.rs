//! What must hold for any configuration; shared by the test `fuzz` and by the fuzz target `config`.
//!
//! An input is one file after the other, with bytes 0xff between them, which are in no text. The first is the configuration;
//! the others are there under the names `1`, `2` and so on.

use jetkv_server::config::{Defaults, Overrides, Settings, Sources, assemble};
use std::io;
use std::path::Path;

/// A configuration is taken or refused, the same each time, and what is said about it can stand in a log.
pub(crate) fn config(input: &[u8]) {
    let first = settings(input);
    let again = settings(input);
    assert_eq!(first, again);
    let lines = match first {
        Ok(settings) => settings.warnings,
        // All faults of a file are told, each in a line of its own.
        Err(error) => error.lines().map(str::to_owned).collect(),
    };
    for line in lines {
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
}

/// Configurations to begin from.
pub(crate) fn corpus() -> Vec<Vec<u8>> {
    let known = KNOWN.iter().map(|text| text.as_bytes().to_vec());
    known.chain([b"include 1\nport: $A\nx: $B\xffA: 5\ninclude './2'\xffB: [1, 2]".to_vec()]).collect()
}

fn settings(input: &[u8]) -> Result<Settings, String> {
    let files: Vec<&[u8]> = input.split(|byte| *byte == 0xff).collect();
    let read = |path: &Path| {
        let name = path.to_str().unwrap_or_default();
        let number = name.rsplit('/').next().and_then(|name| name.parse().ok()).unwrap_or(usize::MAX);
        let number = if name == FILE { 0 } else { number.max(1) };
        files.get(number).map(|file| file.to_vec()).ok_or_else(|| io::ErrorKind::NotFound.into())
    };
    let variables = |name: &str| {
        let found = VARIABLES.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let defaults = Defaults {
        host: "127.0.0.1".into(),
        http_host: None,
        http_port: None,
        jetstream: true,
        data_dir: "data".into(),
    };
    let sources = Sources { read: &read, variables: &variables };
    assemble(&defaults, Some(Path::new(FILE)), &Overrides::default(), sources)
        .map_err(|error| error.to_string())
}

const FILE: &str = "c";

const VARIABLES: &[(&str, &str)] =
    &[("N", "5"), ("T", "a text"), ("M", "{ a: [1, 2] }"), ("R", "$Q"), ("Q", "$R"), ("E", ""), ("X", "]")];

const KNOWN: &[&str] = &[
    "port: 4222\nhost: 127.0.0.1\nserver_name = n1\nhttp 8222\nmax_payload: 64KB\nping_interval: \"2m\"\nwrite_deadline 10s\n",
    "listen: \"[::1]:-1\", client_advertise: a:1, server_tags: [\"a:b\", c]\n// comment\n# another\n",
    "jetstream { enabled: true, store_dir: \"d\", max_mem: 64MiB\nmax_file: 10GiB, sync_interval: always\n\
     domain: hub, strict: true, limits { default_max_consumers: 5, max_ha_assets: 1 } }",
    "jetstream: disabled\nmax_connections: 10 max_subscriptions: 5\nmax_pending: 1G\nlame_duck_duration: '30s'",
    "authorization { user: a, password: $T, timeout: 1.5\n permissions { publish: { allow: [\"a.>\", b], deny: c.* }\n\
     subscribe: \"_INBOX.>\", allow_responses: { max: 5, expires: \"1m\" } } }",
    "accounts { A { jetstream: enabled, users: [ { user: a, password: \"$2a$04$abc\" }, {nkey: UABC} ]\n\
     exports: [ { stream: x.>} ] } , SYS: { users = [{user: s, pass: s}] } }\nsystem_account: SYS\nno_auth_user: a",
    "tls { cert_file: c.pem, key_file: k.pem, ca_file: \"ca.pem\", verify: true\nmin_version: \"1.3\", timeout: 2, \
     handshake_first: \"300ms\", cipher_suites: [TLS_AES_128_GCM_SHA256] }",
    "websocket { port: 8080, no_tls: true }\nleafnodes { port: 7422 }\ncluster {}\nmqtt { port: 1883 }\ngateway { name: x }",
    "A: $N\nB: { c: $A, d: $M }\nport: $N\nwhere: $B\ntext: (\nseveral\nlines\n)\nesc: \"\\x41\\t\\n\\\"\"",
    "logfile: /var/log/x, log_size_limit: 1MB\npid_file 'p'\nports_file_dir /tmp\ndebug: yes, trace: off logtime: false",
    "a: 2026-11-28T10:00:00Z\nb: -12kb\nc: 1.25\nd: 10.0.0.1:4222\ne: [ $R, $Q, $E, $X ]\nf: 'it''s'\n",
];
