use super::{limit_marker_headers, operation_of};
use bytes::Bytes;
use jetkv_types::{Headers, MarkerReason, Operation};
use std::time::Duration;

#[test]
fn the_limit_marker_has_the_bytes_of_the_reference() {
    let headers = limit_marker_headers(Duration::from_secs(2)).unwrap();
    assert_eq!(
        &headers.as_block()[..],
        b"NATS/1.0\r\nNats-Marker-Reason: MaxAge\r\nNats-TTL: 2s\r\nNats-Rollup: sub\r\n\r\n"
    );
    assert_eq!(operation_of(&headers), Operation::Marker(MarkerReason::MaxAge));
}

#[test]
fn headers_tell_the_operation() {
    for (lines, expected) in [
        ("", Operation::Put),
        ("KV-Operation: PUT\r\n", Operation::Put),
        ("KV-Operation: DEL\r\n", Operation::Delete),
        ("KV-Operation:DEL\r\n", Operation::Delete),
        ("KV-Operation: PURGE\r\nNats-Rollup: sub\r\n", Operation::Purge),
        ("KV-Operation: DEL\r\nNats-Marker-Reason: MaxAge\r\n", Operation::Delete),
        ("Nats-Marker-Reason: Purge\r\n", Operation::Marker(MarkerReason::Purge)),
        ("Nats-Marker-Reason: Remove\r\n", Operation::Marker(MarkerReason::Remove)),
        ("Nats-Marker-Reason: Whim\r\n", Operation::Put),
        ("kv-operation: DEL\r\n", Operation::Put),
    ] {
        let headers = Headers::from_block(Bytes::from(format!("NATS/1.0\r\n{lines}\r\n"))).unwrap();
        assert_eq!(operation_of(&headers), expected, "{lines:?}");
    }
}
