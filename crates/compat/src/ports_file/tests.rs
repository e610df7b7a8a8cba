//! Tests of reading ports files.

use super::*;

#[test]
fn the_file_of_the_right_process_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let text =
        r#"{"nats":["nats://127.0.0.1:41455","nats://[::1]:41455"],"monitoring":["http://127.0.0.1:8222"]}"#;
    std::fs::write(directory.path().join("nats-server_41.ports"), text).unwrap();
    assert_eq!(client_address(directory.path(), 41), Some("127.0.0.1:41455".parse().unwrap()));
    assert_eq!(monitor_address(directory.path(), 41), Some("127.0.0.1:8222".parse().unwrap()));
    assert_eq!(client_address(directory.path(), 1), None);
}

#[test]
fn a_file_that_is_half_there_is_no_answer() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("jetkv_7.ports"), r#"{"nats":["na"#).unwrap();
    assert_eq!(client_address(directory.path(), 7), None);
}
