use super::*;

/// Appends messages with payloads of these sizes, taking what is there after each one that `takes` names, and checks the result.
fn check(sizes: &[usize], takes: impl Fn(usize) -> bool) {
    let (chunks, mut waiting) = (Chunks::default(), Waiting::default());
    let (mut expected, mut found) = (Vec::new(), Vec::new());
    for (number, size) in sizes.iter().enumerate() {
        let payload: Vec<u8> = (0_u8..=255).cycle().skip(number).take(*size).collect();
        let headers: &[u8] = if number % 2 == 0 { b"" } else { b"NATS/1.0\r\na: b\r\n\r\n" };
        let reply = (number % 3 == 0).then_some(&b"reply"[..]);
        let msg = Msg { subject: b"some.subject", reply, headers, payload: &payload };
        waiting.push_msg(&chunks, b"12", &msg, headers);
        encode::msg(&mut expected, msg.subject, b"12", reply, headers, &payload);
        waiting.push(&chunks, encode::pong);
        encode::pong(&mut expected);
        assert_eq!(waiting.bytes(), expected.len() - found.len());
        assert!(waiting.last.capacity() <= CHUNK_BYTES);
        assert!(waiting.full.iter().all(|chunk| chunk.capacity() == CHUNK_BYTES));
        // Only an operation that is no message leaves a rest, as it is not divided.
        assert!(waiting.full.iter().all(|chunk| chunk.len() + SMALL_BYTES > CHUNK_BYTES));
        if takes(number) {
            found.extend(waiting.take());
        }
    }
    found.extend(waiting.take_all().concat());
    assert!(found == expected, "{} bytes of {}", found.len(), expected.len());
    assert_eq!((waiting.bytes(), waiting.full_chunks()), (0, 0));
}

#[test]
fn all_bytes_come_out_in_order() {
    let mixed: Vec<usize> = (0..400).map(|number| number * 7_919 % 3_000).collect();
    for sizes in [&mixed[..], &[0], &[1_000_000, 0, 70_000, 65_536, 65_535, 65_400], &[CHUNK_BYTES; 20]] {
        check(sizes, |_| false);
        check(sizes, |number| number % 3 == 2);
        check(sizes, |_| true);
    }
}

#[test]
fn every_size_around_that_of_a_chunk_is_kept() {
    for size in CHUNK_BYTES - 120..CHUNK_BYTES + 10 {
        check(&[10, size, 10], |_| false);
    }
}

#[test]
fn little_takes_little_room() {
    let (chunks, mut waiting) = (Chunks::default(), Waiting::default());
    waiting.push(&chunks, encode::ping);
    assert!(waiting.last.capacity() <= SMALL_BYTES);
    assert_eq!(waiting.take(), b"PING\r\n");
    assert_eq!(waiting.take().capacity(), 0);
}
