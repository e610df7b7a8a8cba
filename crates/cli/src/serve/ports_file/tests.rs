use super::*;

fn json(clients: &str, monitoring: Option<(&str, &str)>) -> String {
    let monitoring = monitoring.map(|(scheme, address)| (scheme, address.parse().unwrap()));
    serde_json::to_string(&Ports::new(clients.parse().unwrap(), monitoring)).unwrap()
}

#[test]
fn urls_have_the_form_of_the_reference() {
    assert_eq!(json("127.0.0.1:4222", None), r#"{"nats":["nats://127.0.0.1:4222"]}"#);
    assert_eq!(
        json("0.0.0.0:1", Some(("http", "[::1]:2"))),
        r#"{"nats":["nats://127.0.0.1:1"],"monitoring":["http://[::1]:2"]}"#
    );
    assert_eq!(json("[::]:1", None), r#"{"nats":["nats://127.0.0.1:1","nats://[::1]:1"]}"#);
}

#[test]
fn the_file_is_named_after_program_and_process_unless_it_has_a_name() {
    assert_eq!(
        path(&PortsFile::InDirectory("d".into()), "nats-server", 7),
        Path::new("d/nats-server_7.ports")
    );
    assert_eq!(path(&PortsFile::At("f".into()), "jetkv", 7), Path::new("f"));
}

#[test]
fn the_file_is_there_as_long_as_the_value() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.ports");
    let written = Written::new(path.clone(), b"content", Mode::Public).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"content");
    let again = Written::new(path.clone(), b"more", Mode::Public).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"more");
    drop((written, again));
    assert!(!path.exists() && !dir.path().join("x.ports.tmp").exists());
}
