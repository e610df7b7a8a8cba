use super::{Status, Unserved};
use std::time::Duration;

/// Bytes as they came from the reference.
#[test]
fn blocks_are_those_of_the_reference() {
    let unserved = Unserved { messages: 5, bytes: 0 };
    for (status, expected) in [
        (
            Status::IdleHeartbeat { last_consumer: 3, last_stream: 5, stalled: None },
            "NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: 3\r\nNats-Last-Stream: 5\r\n\r\n",
        ),
        (
            Status::IdleHeartbeat { last_consumer: 21, last_stream: 21, stalled: Some("$JS.FC.F.f.E7F2") },
            "NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: 21\r\nNats-Last-Stream: 21\r\nNats-Consumer-Stalled: $JS.FC.F.f.E7F2\r\n\r\n",
        ),
        (Status::FlowControl { reply: "x" }, "NATS/1.0 100 FlowControl Request\r\n\r\n"),
        (Status::NoMessages, "NATS/1.0 404 No Messages\r\n\r\n"),
        (Status::RequestsPending, "NATS/1.0 408 Requests Pending\r\n\r\n"),
        (
            Status::RequestTimeout(unserved),
            "NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: 5\r\nNats-Pending-Bytes: 0\r\n\r\n",
        ),
        (
            Status::BatchCompleted(Unserved { messages: 0, bytes: 53 }),
            "NATS/1.0 409 Batch Completed\r\nNats-Pending-Messages: 0\r\nNats-Pending-Bytes: 53\r\n\r\n",
        ),
        (Status::ExceededMaxWaiting, "NATS/1.0 409 Exceeded MaxWaiting\r\n\r\n"),
        (Status::ExceededMaxRequestBatch(3), "NATS/1.0 409 Exceeded MaxRequestBatch of 3\r\n\r\n"),
        (
            Status::ExceededMaxRequestExpires(Duration::from_secs(1)),
            "NATS/1.0 409 Exceeded MaxRequestExpires of 1s\r\n\r\n",
        ),
        (Status::ExceededMaxRequestMaxBytes(100), "NATS/1.0 409 Exceeded MaxRequestMaxBytes of 100\r\n\r\n"),
        (Status::ConsumerDeleted, "NATS/1.0 409 Consumer Deleted\r\n\r\n"),
        (Status::PushBased, "NATS/1.0 409 Consumer is push based\r\n\r\n"),
        (
            Status::BadRequest("heartbeat value too large"),
            "NATS/1.0 400 Bad Request - heartbeat value too large\r\n\r\n",
        ),
    ] {
        let mut block = Vec::new();
        status.write_block(&mut block);
        assert_eq!(String::from_utf8(block).unwrap(), expected);
    }
}
