use super::*;
use crate::options::*;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn defaults() -> Defaults {
    Defaults {
        host: "127.0.0.1".into(),
        http_host: Some("127.0.0.1".into()),
        http_port: None,
        jetstream: true,
        data_dir: "jetkv-data".into(),
    }
}

fn assembled(text: &str, overrides: &Overrides) -> Result<Settings, ConfigError> {
    let read = |path: &Path| match path.to_str() {
        Some("c") => Ok(text.as_bytes().to_vec()),
        _ => Err(io::ErrorKind::NotFound.into()),
    };
    let sources = Sources { read: &read, variables: &|_| None };
    assemble(&defaults(), Some(Path::new("c")), overrides, sources)
}

#[track_caller]
fn settings(text: &str) -> Settings {
    assembled(text, &Overrides::default()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

#[track_caller]
fn check_error(text: &str, expected: &str) {
    let error = assembled(text, &Overrides::default()).expect_err(text);
    assert_eq!(error.to_string(), expected, "{text:?}");
}

#[track_caller]
fn check_warning(text: &str, expected: &str) {
    assert_eq!(settings(text).warnings, [expected], "{text:?}");
}

#[test]
fn without_a_file_the_defaults_hold() {
    let sources = Sources { read: &|_| Err(io::ErrorKind::NotFound.into()), variables: &|_| None };
    let settings = assemble(&defaults(), None, &Overrides::default(), sources).unwrap();
    assert_eq!(settings.options.listen, Address { host: "127.0.0.1".into(), port: 4222 });
    assert_eq!(settings.options.jetstream, Some(JetStreamOptions::new("jetkv-data")));
    assert_eq!((settings.options.http, settings.options.tls), (None, None));
    assert_eq!(settings.process, ProcessOptions::default());
}

#[test]
fn a_missing_file_is_an_error_of_its_own() {
    let sources = Sources { read: &|_| Err(io::ErrorKind::NotFound.into()), variables: &|_| None };
    let error = assemble(&defaults(), Some(Path::new("x")), &Overrides::default(), sources).unwrap_err();
    assert_eq!(error, ConfigError::Unreadable("open x: no such file or directory".into()));
}

#[test]
fn names_that_are_quoted_stay_in_one_line() {
    check_error(
        "include 'a\u{1b}[31m'",
        "error parsing include file 'a\\u{1b}[31m', open a\\u{1b}[31m: no such file or directory",
    );
}

#[test]
fn addresses_are_read_in_all_forms() {
    for (text, host, port) in [
        ("port: 5", "127.0.0.1", 5),
        ("port: -1", "127.0.0.1", 0),
        ("host: a\nport: 5", "a", 5),
        ("listen: 5", "127.0.0.1", 5),
        ("listen: b:5", "b", 5),
        ("listen: \":5\"", "0.0.0.0", 5),
        ("listen: \"[::1]:5\"", "::1", 5),
        ("listen: 10.0.0.1:-1", "10.0.0.1", 0),
        ("net: c", "c", 4222),
    ] {
        assert_eq!(settings(text).options.listen, Address { host: host.into(), port }, "{text:?}");
    }
    check_error("listen: a", "c:1:0: could not parse address string \"a\"");
    check_error("listen: \"::1:5\"", "c:1:0: could not parse address string \"::1:5\"");
    check_error("listen: a:b", "c:1:0: could not parse port \"b\"");
    check_error("port: 70000", "c:1:0: \"port\" must be between -1 and 65535, found 70000");
    check_error("port: x", "c:1:0: expected a whole number for \"port\", found a text");
}

#[test]
fn the_monitoring_port_is_on_loopback_unless_told_otherwise() {
    let http =
        |text| settings(text).options.http.map(|http| (http.listen.host, http.listen.port, http.scheme));
    assert_eq!(http("port: 1"), None);
    assert_eq!(http("host: 0.0.0.0\nhttp_port: 8222"), Some(("127.0.0.1".into(), 8222, HttpScheme::Plain)));
    assert_eq!(http("http: 8222"), Some(("127.0.0.1".into(), 8222, HttpScheme::Plain)));
    assert_eq!(http("http: \"0.0.0.0:8222\""), Some(("0.0.0.0".into(), 8222, HttpScheme::Plain)));
    assert_eq!(http("https_port: -1"), Some(("127.0.0.1".into(), 0, HttpScheme::Tls)));
    let base = settings("http: 1\nhttp_base_path: nats/").options.http.unwrap().base_path;
    assert_eq!(base, "/nats");
}

#[test]
fn a_monitoring_port_by_default_gives_way_and_can_be_switched_off() {
    let http = |text: &str, overrides: &Overrides| {
        let defaults = Defaults { http_port: Some(8222), ..defaults() };
        let sources = Sources { read: &|_| Ok(text.as_bytes().to_vec()), variables: &|_| None };
        let settings = assemble(&defaults, Some(Path::new("c")), overrides, sources).unwrap();
        settings.options.http.map(|http| (http.listen.host, http.listen.port, http.if_taken))
    };
    let nothing = Overrides::default();
    let given = |port| Overrides { http_port: Some(port), ..Overrides::default() };
    let at = |port| HttpPort::At(port, HttpScheme::Plain);
    let here = || "127.0.0.1".to_owned();
    assert_eq!(http("port: 1", &nothing), Some((here(), 8222, IfTaken::Elsewhere)));
    assert_eq!(http("host: 0.0.0.0", &nothing), Some((here(), 8222, IfTaken::Elsewhere)));
    assert_eq!(http("http: 8222", &nothing), Some((here(), 8222, IfTaken::Fail)));
    assert_eq!(http("port: 1", &given(at(8222))), Some((here(), 8222, IfTaken::Fail)));
    for off in ["http: off", "http_port: false", "https: no", "monitor_port: off"] {
        assert_eq!(http(off, &nothing), None, "{off}");
        assert_eq!(http(off, &given(at(5))), Some((here(), 5, IfTaken::Fail)));
    }
    assert_eq!(http("http: 8222", &given(HttpPort::Off)), None);
}

#[test]
fn limits_and_times_are_read() {
    let options = settings(
        "max_payload: 64KiB, max_connections: -1, max_subs: 7, max_control_line: 2k, max_pending: 1MB\n\
         max_sub_tokens: 8, ping_interval: \"30s\", ping_max: 5, write_deadline: 3s\n\
         lame_duck_duration: 31s, lame_duck_grace_period: 1s",
    )
    .options;
    assert_eq!(
        options.limits,
        LimitOptions {
            max_connections: u32::MAX,
            max_subscriptions: 7,
            max_subscription_tokens: Some(8),
            max_control_line: 2_000,
            max_payload: 65_536,
            max_pending: 1 << 20,
            ..LimitOptions::default()
        }
    );
    let seconds = Duration::from_secs;
    assert_eq!(
        options.keep_alive,
        KeepAlive {
            ping_interval: seconds(30),
            ping_max: 5,
            write_deadline: seconds(3),
            ..KeepAlive::default()
        }
    );
    assert_eq!(options.lame_duck, LameDuck { duration: seconds(31), grace_period: seconds(1) });
    check_error("lame_duck_duration: 10s", "c:1:0: invalid lame_duck_duration of 10s, minimum is 30 seconds");
    check_error(
        "max_payload: 3G",
        "c:1:0: \"max_payload\" must be between 0 and 2147483647, found 3000000000",
    );
    check_warning(
        "ping_interval: 20",
        "c:1:0: ping_interval should be converted to a duration, like \"20s\"",
    );
    check_warning(
        "ping_interval: 2m",
        "c:1:0: ping_interval is read as 2m; the reference takes it for 2000000 seconds",
    );
    check_warning(
        "max_subs: -1",
        "c:1:0: this server always has a limit for \"max_subs\", it stays at 100000",
    );
}

#[test]
fn jetstream_is_a_switch_or_a_map() {
    let jetstream = |text| settings(text).options.jetstream;
    for text in ["jetstream: true", "jetstream: enabled", "jetstream {}", "jetstream { enabled: true }"] {
        assert_eq!(jetstream(text), Some(JetStreamOptions::new("jetkv-data")), "{text:?}");
    }
    for text in ["jetstream: false", "jetstream: disabled", "jetstream { enabled: false, store_dir: x }"] {
        assert_eq!(jetstream(text), None, "{text:?}");
    }
    assert_eq!(jetstream("store_dir: x\njetstream: on").unwrap().store_dir, PathBuf::from("x/jetstream"));
    let text = "jetstream { store_dir: '/d', max_mem: 1G, max_file_store: \"10GB\", domain: hub, strict: false, cache_size: 16MiB\n\
                sync_interval: 10s, limits { default_max_consumers: 1000, max_ack_pending: -1, duplicate_window: 1m30s\n\
                batch { max_msgs: 5, timeout: 2s } } }";
    let limits = JetStreamLimits {
        default_max_consumers: Some(1_000),
        duplicate_window: Some(Duration::from_secs(90)),
        batch_max_messages: Some(5),
        batch_timeout: Some(Duration::from_secs(2)),
        ..JetStreamLimits::default()
    };
    let expected = JetStreamOptions {
        max_memory: Some(1_000_000_000),
        max_file: Some(10 << 30),
        domain: Some("hub".into()),
        strict: false,
        sync: jetkv_engine::Sync::Every(Duration::from_secs(10)),
        cache_bytes: 16 << 20,
        limits,
        ..JetStreamOptions::new("/d/jetstream")
    };
    assert_eq!(jetstream(text), Some(expected));
    assert_eq!(jetstream("jetstream {sync: always}").unwrap().sync, jetkv_engine::Sync::Always);
    assert_eq!(jetstream("jetstream {cache_size: 0}").unwrap().cache_bytes, 0);
    check_error("jetstream: foo", "c:1:0: Expected 'enabled' or 'disabled' for string value, got 'foo'");
    check_error("jetstream {x: 1}", "c:1:11: unknown field \"x\"");
    check_error("jetstream {key: x}", "c:1:11: \"key\" is not supported by this server");
    check_error(
        "jetstream {domain: a.b}",
        "c:1:11: invalid domain name \"a.b\": it must be one token of a subject",
    );
    check_error("store_dir: x\njetstream {store_dir: y}", "c:2:12: Duplicate 'store_dir' configuration");
}

fn password(user: &str, password: &str) -> Credential {
    Credential::Password { user: user.into(), password: Secret::new(password) }
}

#[test]
fn users_tokens_and_permissions_are_read() {
    let auth = |text| settings(text).options.auth;
    assert_eq!(auth("authorization {user: a, pass: b}").users, [UserOptions::new(password("a", "b"))]);
    assert_eq!(auth("authorization {token: t, timeout: 1.5}").token, Some(Secret::new("t")));
    assert_eq!(auth("authorization {timeout: 1.5}").timeout, Duration::from_millis(1_500));
    let text = "authorization {\n users = [\n\
                {user: a, password: $2a$11$x, permissions: {publish: {allow: [\"x.>\", y], deny: z}, subscribe: \"q grp\"\n\
                 allow_responses: {max: 5, expires: \"1m\"}}}\n\
                {nkey: UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4, allowed_connection_types: [standard]}\n]\n\
                default_permissions {publish: p}\n}\nno_auth_user: a";
    let found = auth(text);
    let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let permissions = PermissionOptions {
        publish: Some(SubjectPermission { allow: Some(list(&["x.>", "y"])), deny: list(&["z"]) }),
        subscribe: Some(SubjectPermission { allow: Some(list(&["q grp"])), deny: vec![] }),
        allow_responses: Some(ResponsePermission { max: Some(5), expires: Some(Duration::from_secs(60)) }),
    };
    assert_eq!(found.users[0].credential, password("a", "$2a$11$x"));
    assert_eq!(found.users[0].permissions, Some(permissions));
    assert_eq!(found.users[1].allowed_connection_types, ["STANDARD"]);
    assert!(
        matches!(&found.users[1].credential, Credential::Nkey { public_key } if public_key.starts_with("UDXU"))
    );
    assert!(found.default_permissions.is_some());
    assert_eq!(found.no_auth_user.as_deref(), Some("a"));
    check_warning(
        "authorization {users: [{user: a, permissions: {publish: []}}]}",
        "c:1:47: \"publish\" is empty, which allows everything",
    );
}

#[test]
fn faults_in_users_are_told_in_the_words_of_the_reference() {
    let user = |text: &str| format!("authorization {{users: [{{{text}}}]}}");
    for (text, expected) in [
        (user("pass: a"), "c:1:23: User entry requires a user"),
        (user("nkey: xx"), "c:1:23: Not a valid public nkey for a user"),
        (user("user: a, x: 1"), "c:1:33: unknown field \"x\""),
        (
            user("user: a, permissions: 5"),
            "c:1:33: Expected permissions to be a map/struct, got a whole number",
        ),
        (user("user: a, permissions {x: 1}"), "c:1:46: Unknown field \"x\" parsing permissions"),
        (user("user: a, permissions {publish: a..b}"), "c:1:55: subject \"a..b\" is not a valid subject"),
        (user("user: a, permissions {publish: 'a b'}"), "c:1:55: subject \"a b\" is not a valid subject"),
        (user("user: a, connection_types: [FOO]"), "c:1:33: invalid connection types [\"FOO\"]"),
        ("authorization {user: a, pass: b, token: c}".into(), "c:1:0: Cannot have a user/pass and token"),
        (
            "authorization {token: c, users: [{user: a}]}".into(),
            "c:1:0: Can not have a token and a users array",
        ),
        ("authorization {users: [{user: a}, {user: a}]}".into(), "Duplicate user \"a\" detected"),
        ("authorization {password: secret7}".into(), "c:1:0: a password needs a user"),
        (
            "authorization {user: a, password: 7}".into(),
            "c:1:24: expected a text (in quotes if it looks like a number) for \"password\", found a whole number",
        ),
        (
            "authorization {auth_callout {issuer: x}}".into(),
            "c:1:15: \"auth_callout\" is not supported by this server",
        ),
    ] {
        check_error(&text, expected);
    }
}

#[test]
fn accounts_are_read() {
    let text = "accounts {\n A {jetstream: {max_mem: 1k, max_file: -1, max_streams: 5}, users: [{user: a, password: b}]\n\
                exports: [], limits {max_conn: 3, max_payload: 1k}}\n B {}\n}\nsystem_account: B";
    let auth = settings(text).options.auth;
    let limits =
        AccountJetStream { max_memory: Some(1_000), max_streams: Some(5), ..AccountJetStream::default() };
    let expected = AccountOptions {
        users: vec![UserOptions::new(password("a", "b"))],
        jetstream: Some(limits),
        max_connections: Some(3),
        max_payload: Some(1_000),
        ..AccountOptions::new("A")
    };
    assert_eq!(auth.accounts, [expected, AccountOptions::new("B")]);
    assert_eq!(auth.system_account, "B");
    assert_eq!(settings("accounts [A, B]").options.auth.accounts.len(), 2);
    check_error("accounts {\"$G\": {}}", "c:1:11: \"$G\" is a Reserved Account");
    check_error("accounts {A: 5}", "c:1:10: Expected map entries for accounts");
    check_error("accounts {A: {x: 1}}", "c:1:14: unknown field \"x\"");
    check_error(
        "accounts {A: {exports: [{stream: a}]}}",
        "c:1:14: \"exports\" is not supported by this server",
    );
}

#[test]
fn tls_is_read() {
    let text = "tls {cert_file: c.pem, key_file: k.pem, ca_file: a.pem, verify: true, timeout: 3, handshake_first: auto\n\
                min_version: \"1.3\"}\nallow_non_tls: true";
    let expected = TlsOptions {
        ca_file: Some("a.pem".into()),
        verify: true,
        timeout: Duration::from_secs(3),
        handshake_first: HandshakeFirst::Within(Duration::from_millis(50)),
        min_version: TlsVersion::Tls13,
        allow_non_tls: true,
        ..TlsOptions::new("c.pem", "k.pem")
    };
    assert_eq!(settings(text).options.tls, Some(expected));
    check_error("tls {cert_file: x}", "c:1:0: missing 'key_file' in TLS configuration");
    check_error(
        "tls {cert_file: x, key_file: y, min_version: \"1.0\"}",
        "c:1:32: error parsing tls config: unsupported TLS version: 1.0",
    );
    check_error(
        "tls {cert_file: x, key_file: y, z: 1}",
        "c:1:32: error parsing tls config, unknown field \"z\"",
    );
}

#[test]
fn what_is_not_offered_is_refused_by_name() {
    for (text, expected) in [
        ("cluster {port: 1}", "c:1:9: \"cluster\" with \"port\": clusters are not supported by this server"),
        ("gateway {port: 1}", "c:1:9: \"gateway\" with \"port\": gateways are not supported by this server"),
        ("mqtt {port: 1}", "c:1:6: \"mqtt\" with \"port\": MQTT is not supported by this server"),
        (
            "leafnodes {remotes: [{url: x}]}",
            "c:1:11: \"leafnodes\" with \"remotes\": leaf nodes are not supported by this server",
        ),
        (
            "websocket {port: 1, tls {cert_file: x}}",
            "c:1:20: \"websocket\" with \"tls\": WebSocket is not supported by this server",
        ),
        ("operator: x", "c:1:0: \"operator\": operator mode with JWTs is not supported by this server"),
        ("resolver: MEMORY", "c:1:0: \"resolver\": operator mode with JWTs is not supported by this server"),
        ("mappings {a: b}", "c:1:0: \"mappings\" is not supported by this server"),
        ("syslog: true", "c:1:0: \"syslog\" is not supported by this server"),
        ("foo: 1", "c:1:0: unknown field \"foo\""),
        ("foo: 1\nbar: 2", "c:1:0: unknown field \"foo\"\nc:2:1: unknown field \"bar\""),
    ] {
        check_error(text, expected);
    }
    check_warning("leafnodes {port: 7422}", "c:1:0: \"leafnodes\": leaf nodes are not served by this server");
    check_warning(
        "websocket {port: 1, no_tls: true}",
        "c:1:0: \"websocket\": WebSocket is not served by this server",
    );
    check_warning("prof_port: 1", "c:1:0: \"prof_port\" has no effect in this server");
    assert!(settings("FOO: 1\nport: $FOO").warnings.is_empty());
}

#[test]
fn the_command_line_wins() {
    let overrides = Overrides {
        host: Some("h".into()),
        port: Some(0),
        http_port: Some(HttpPort::At(1, HttpScheme::Plain)),
        store_dir: Some("s".into()),
        sync: Some(jetkv_engine::Sync::Os),
        debug: true,
        user: Some("u".into()),
        password: Some(Secret::new("p")),
        ports_file: Some(PortsFile::At("ports".into())),
        ..Overrides::default()
    };
    let text = "listen: a:5, http: b:6, jetstream {store_dir: x}, authorization {token: t}, pid_file: pid, ports_file_dir: d";
    let settings = assembled(text, &overrides).unwrap();
    assert_eq!(settings.options.listen, Address { host: "h".into(), port: 0 });
    assert_eq!(settings.options.http.unwrap().listen, Address { host: "b".into(), port: 1 });
    let jetstream = settings.options.jetstream.unwrap();
    assert_eq!((jetstream.store_dir, jetstream.sync), ("s/jetstream".into(), jetkv_engine::Sync::Os));
    assert!(settings.options.log.debug);
    assert_eq!(settings.options.auth.users, [UserOptions::new(password("u", "p"))]);
    assert_eq!(settings.options.auth.token, None);
    assert_eq!(settings.process.pid_file, Some("pid".into()));
    assert_eq!(settings.process.ports_file, Some(PortsFile::At("ports".into())));
    assert!(settings.warnings[0].starts_with("credentials on the command line"), "{:?}", settings.warnings);
}

mod any_value {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Any known key with any value is taken or refused, and no fault shows a text that could be a secret.
        #[test]
        fn of_any_key_is_taken_or_refused(keys in proptest::collection::vec(key(), 1..4), value in value()) {
            let text = keys.iter().rev().fold(value.to_owned(), |inner, key| format!("{{ {key}: {inner} }}"));
            let result = assembled(&text, &Overrides::default());
            if let Err(error) = result {
                prop_assert!(!error.to_string().is_empty());
                // Below `accounts` stands the name of an account, whatever word it is.
                let names_an_account = |at: usize| at > 0 && keys[at - 1] == "accounts";
                let is_secret = (0..keys.len()).any(|at| SECRETS.contains(&keys[at]) && !names_an_account(at));
                prop_assert!(!error.to_string().contains("hunter2") || !is_secret);
            }
        }
    }

    const SECRETS: [&str; 4] = ["password", "pass", "token", "key"];

    fn key() -> impl Strategy<Value = &'static str> {
        proptest::sample::select(vec![
            "listen",
            "port",
            "http",
            "server_tags",
            "server_metadata",
            "max_payload",
            "ping_interval",
            "jetstream",
            "limits",
            "sync_interval",
            "authorization",
            "users",
            "user",
            "password",
            "pass",
            "token",
            "timeout",
            "permissions",
            "publish",
            "allow",
            "allow_responses",
            "accounts",
            "A",
            "tls",
            "handshake_first",
            "cluster",
            "leafnodes",
            "websocket",
            "mappings",
            "logfile",
            "debug",
            "store_dir",
            "batch",
            "key",
            "foo",
        ])
    }

    fn value() -> impl Strategy<Value = &'static str> {
        proptest::sample::select(vec![
            "hunter2",
            "1",
            "-1",
            "5k",
            "9223372036854775807",
            "1.5",
            "-1e9",
            "1h",
            "2m",
            "true",
            "off",
            "[]",
            "{}",
            "[hunter2, 1]",
            "[{user: hunter2}]",
            "[[]]",
            "{hunter2: {}}",
            "2020-01-02T03:04:05Z",
            "\"\"",
            "'a b'",
            "999999999999999999.5",
        ])
    }
}

#[test]
fn the_form_of_the_log_is_chosen_by_the_file_and_the_command_line() {
    assert_eq!(settings("port: 1").options.log.format, LogFormat::Text);
    assert_eq!(settings("log_format: json").options.log.format, LogFormat::Json);
    check_error("log_format: xml", "c:1:0: log_format is text or json, not \"xml\"");
    let overrides = Overrides { log_format: Some(LogFormat::Text), ..Overrides::default() };
    assert_eq!(assembled("log_format: json", &overrides).unwrap().options.log.format, LogFormat::Text);
}
