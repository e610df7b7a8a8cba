use super::{ArchiveError, Entry, Reader, write_end, write_entry, write_start};
use bytes::Bytes;

fn entry(name: &str, time: i64, sequence: u64, payload: &'static [u8]) -> Entry {
    let headers = if sequence == 2 { Bytes::from_static(b"NATS/1.0\r\nA: b\r\n\r\n") } else { Bytes::new() };
    Entry { name: name.into(), time, sequence, headers, payload: Bytes::from_static(payload) }
}

fn archive(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::new();
    write_start(&mut out);
    entries.iter().for_each(|entry| write_entry(entry, &mut out));
    write_end(&mut out);
    out
}

fn read(bytes: &[u8], piece: usize) -> Result<Vec<Entry>, ArchiveError> {
    let (mut reader, mut entries) = (Reader::default(), Vec::new());
    for bytes in bytes.chunks(piece) {
        reader.push(bytes);
        while let Some(entry) = reader.next_entry()? {
            entries.push(entry);
        }
    }
    reader.finish()?;
    Ok(entries)
}

#[test]
fn entries_are_read_as_they_were_written() {
    let entries = [
        entry("state.json", 0, 0, b"{}"),
        entry("$KV.a.b", 1_795_416_597_804_197_489, 1, b"value"),
        entry("$KV.a.c", -1, 2, b""),
        entry("$KV.a.d", i64::MAX, u64::MAX, b"x"),
    ];
    let bytes = archive(&entries);
    for piece in [1, 7, 1_000] {
        assert_eq!(read(&bytes, piece).as_deref(), Ok(&entries[..]));
    }
}

#[test]
fn broken_archives_are_refused() {
    let bytes = archive(&[entry("a", 1, 1, b"x")]);
    assert_eq!(read(&bytes[..bytes.len() - 1], 3), Err(ArchiveError::CutOff));
    assert_eq!(read(b"NATSARC2", 3), Err(ArchiveError::NoArchive));
    let mut long = b"NATSARC1".to_vec();
    long.extend_from_slice(&[0xff; 40]);
    assert_eq!(read(&long, 50), Err(ArchiveError::Corrupt));
    let mut large = b"NATSARC1\x01\x00\x01\x00".to_vec();
    large.extend_from_slice(&[0xff, 0xff, 0xff, 0xff, 0x7f, b'a']);
    assert_eq!(read(&large, 50), Err(ArchiveError::TooLarge));
}
