use super::super::chunks::CHUNK_BYTES;
use super::{HeaderSupport, Outbound, Output, Then};
use crate::conn::{CloseReason, PendingTotal};
use crate::router::Msg;
use jetkv_wire::encode;
use std::sync::Arc;

fn outbound(total: &Arc<PendingTotal>) -> Outbound {
    Outbound::new(1, Arc::clone(total))
}

fn send(outbound: &Outbound, payload: &[u8]) -> bool {
    let msg = Msg { subject: b"a", reply: None, headers: b"NATS/1.0\r\n\r\n", payload };
    outbound.locked(|buffer| buffer.append_msg(b"1", &msg)).taken
}

#[test]
fn operations_stay_in_order_whoever_appends_them() {
    let outbound = outbound(&Arc::new(PendingTotal::new(1 << 20, 1 << 20)));
    outbound.append(encode::pong);
    assert!(send(&outbound, b"x"));
    outbound.append(encode::ok);
    let Output::Bytes(bytes, stats) = outbound.take(Then::GoOn) else { panic!("there is output") };
    assert_eq!(bytes, b"PONG\r\nMSG a 1 1\r\nx\r\n+OK\r\n");
    assert_eq!((stats.messages, stats.bytes), (1, 1));
    outbound.locked(|buffer| buffer.set_headers(HeaderSupport::Full));
    assert!(send(&outbound, b"x"));
    let Output::Bytes(bytes, stats) = outbound.take(Then::GoOn) else { panic!("there is output") };
    assert_eq!(bytes, b"HMSG a 1 12 13\r\nNATS/1.0\r\n\r\nx\r\n");
    assert_eq!((stats.messages, stats.bytes), (2, 14));
}

#[test]
fn bytes_that_are_being_written_count_as_waiting() {
    let outbound = outbound(&Arc::new(PendingTotal::new(1 << 30, 1_000)));
    assert!(send(&outbound, &[0; 600]));
    let Output::Bytes(bytes, _) = outbound.take(Then::GoOn) else { panic!("there is output") };
    outbound.set_in_flight(bytes.len());
    assert!(outbound.stats().pending_bytes > 600);
    assert!(!send(&outbound, &[0; 600]), "that would be more than 1,000");
    assert!(matches!(outbound.take(Then::GoOn), Output::Closed(CloseReason::SlowConsumerPending)));
}

#[test]
fn the_total_knows_what_waits_to_within_a_step() {
    let total = Arc::new(PendingTotal::new(1 << 30, 1 << 30));
    let one = outbound(&total);
    assert!(send(&one, &vec![0; 50_000]));
    assert_eq!(total.bytes(), 50_000 / 16_384 * 16_384);
    assert!(matches!(one.take(Then::GoOn), Output::Bytes(..)));
    one.set_in_flight(20_000);
    assert_eq!(total.bytes(), 16_384);
    one.set_in_flight(0);
    assert_eq!(total.bytes(), 0);
    assert!(send(&one, &vec![0; 100_000]));
    drop(one);
    assert_eq!(total.bytes(), 0);
}

#[test]
fn who_is_behind_counts_with_all_of_its_chunks() {
    let total = Arc::new(PendingTotal::new(1 << 30, 1 << 30));
    let one = outbound(&total);
    assert!(send(&one, &vec![0; 100_000]));
    let chunk = u64::try_from(CHUNK_BYTES).unwrap();
    assert_eq!(total.bytes(), 3 * chunk, "a full one, one that is filled, one that may be under way");
    assert!(one.stats().pending_bytes < 100_100, "its own limit is one of bytes");
    let Output::Bytes(first, _) = one.take(Then::GoOn) else { panic!("there is output") };
    assert_eq!((first.len(), first.capacity()), (CHUNK_BYTES, CHUNK_BYTES));
    assert_eq!(total.bytes(), (100_014 + 6) / 16_384 * 16_384);
}

#[test]
fn what_a_slow_consumer_held_is_there_for_others() {
    let total = Arc::new(PendingTotal::new(1_000_000, 1 << 30));
    let (hog, _modest) = (outbound(&total), outbound(&total));
    while send(&hog, &[0; 50_000]) {}
    let free = total.chunks().free_count();
    assert!(free >= 8, "half a megabyte was in {free} chunks");
    let next = outbound(&total);
    assert!(send(&next, &vec![0; 100_000]));
    assert_eq!(total.chunks().free_count(), free - 2);
    drop(next);
    assert_eq!(total.chunks().free_count(), free);
}

#[test]
fn who_holds_more_than_its_share_gives_way_when_the_total_is_reached() {
    let total = Arc::new(PendingTotal::new(1_000_000, 1 << 30));
    let (hog, modest) = (outbound(&total), outbound(&total));
    while send(&hog, &vec![0; 50_000]) {
        assert!(send(&modest, b"x"));
    }
    assert!(matches!(hog.take(Then::GoOn), Output::Closed(CloseReason::SlowConsumerPending)));
    assert!(total.bytes() < 16_384, "its memory is free");
    assert!(send(&modest, b"x"));
}

#[test]
fn the_end_has_what_was_left_and_a_text() {
    let outbound = outbound(&Arc::new(PendingTotal::new(1 << 20, 1 << 20)));
    outbound.append(encode::pong);
    assert_eq!(outbound.finish(CloseReason::Stale).concat(), b"PONG\r\n-ERR 'Stale Connection'\r\n");
    assert!(!send(&outbound, b"x"));
    outbound.append(encode::pong);
    assert_eq!(outbound.finish(CloseReason::Kicked).concat(), b"");
    assert_eq!(outbound.close_reason(), Some(CloseReason::Stale), "the first reason counts");
}
