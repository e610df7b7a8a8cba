use super::{Reader, S2Error, Writer, block};

fn read(stream: &[u8], piece: usize) -> Result<Vec<u8>, S2Error> {
    let (mut reader, mut out) = (Reader::default(), Vec::new());
    for bytes in stream.chunks(piece) {
        reader.push(bytes);
        while reader.next_chunk(&mut out)? {}
    }
    reader.finish()?;
    Ok(out)
}

fn write(data: &[u8], piece: usize) -> Vec<u8> {
    let (mut writer, mut out) = (Writer::default(), Vec::new());
    for bytes in data.chunks(piece) {
        writer.write(bytes, &mut out);
    }
    writer.finish(&mut out);
    out
}

#[test]
fn what_is_written_is_read_again() {
    let text: Vec<u8> = (0..300_000_u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
    let noise: Vec<u8> = (0..100_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    for data in [&b""[..], b"a", &text, &noise] {
        for piece in [1_000, 70_000, 1 << 20] {
            let stream = write(data, piece);
            assert_eq!(read(&stream, 17), Ok(data.to_vec()));
            assert_eq!(read(&stream, 1 << 20), Ok(data.to_vec()));
        }
    }
}

#[test]
fn copies_repeat_what_came_before() {
    let rows: [(&[u8], &[u8]); 6] = [
        (b"\x05\x10hello", b"hello"),
        // A copy of four bytes, two back, overlapping itself.
        (b"\x06\x04ab\x01\x02", b"ababab"),
        // The same again by a repeated offset of eight bytes (short 4).
        (b"\x0e\x04ab\x01\x02\x11\x00", b"ababababababab"),
        // A repeat with a length of one byte: 4 + 4 + 1.
        (b"\x0f\x04ab\x01\x02\x15\x00\x01", b"abababababababa"),
        // A copy with an offset of two bytes.
        (b"\x04\x04ab\x06\x02\x00", b"abab"),
        // And one of four.
        (b"\x04\x04ab\x07\x02\x00\x00\x00", b"abab"),
    ];
    for (input, expected) in rows {
        let mut out = b"before".to_vec();
        assert_eq!(block::decode(input, 100, &mut out), Ok(()), "{input:x?}");
        assert_eq!(&out[6..], expected);
    }
}

#[test]
fn broken_streams_are_refused() {
    let data: Vec<u8> = (0..500_u16).flat_map(|n| (n / 3).to_be_bytes()).collect();
    let stream = write(&data, 1_000);
    assert_eq!(read(&stream[..stream.len() - 1], 100), Err(S2Error::CutOff));
    assert_eq!(read(b"", 1), Err(S2Error::CutOff));
    assert_eq!(read(b"\x00\x01\x00\x00x", 5), Err(S2Error::NoStream));
    for at in 14..stream.len() {
        let mut broken = stream.clone();
        broken[at] ^= 0x10;
        assert!(read(&broken, 100).is_err(), "byte {at}");
    }
    // Offsets before the beginning, lengths beyond the end, sizes beyond all measure.
    for input in [
        &b"\x06\x04ab\x01\x03"[..],
        b"\x03\x04ab\x01\x02",
        b"\xff\xff\xff\xff\x0f",
        b"\x05\x10hel",
        b"\x01\x00ab",
    ] {
        assert!(block::decode(input, 100, &mut Vec::new()).is_err(), "{input:x?}");
    }
}

#[test]
fn few_bytes_that_stand_for_many_come_out_piece_by_piece() {
    let data = vec![0; 40 << 20];
    let stream = write(&data, 1 << 20);
    assert!(stream.len() < data.len() / 15);
    let (mut reader, mut total) = (Reader::default(), 0);
    reader.push(&stream);
    loop {
        let mut out = Vec::new();
        if !reader.next_chunk(&mut out).unwrap_or(false) {
            break;
        }
        assert!(out.len() <= 4 << 20);
        total += out.len();
    }
    assert_eq!((total, reader.finish()), (data.len(), Ok(())));
}
