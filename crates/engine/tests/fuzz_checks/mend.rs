//! Checksums that fit, as docs/on-disk-format.md tells where they stand: behind them lies what random changes do not reach.

/// Puts the right checksums into the content of a file of any kind, as far as its lengths make sense.
pub(crate) fn checksums(bytes: &mut [u8]) {
    let Some(end) = envelope(bytes) else { return };
    match bytes.get(..8) {
        Some(b"JETKVSEG") => {
            let (salt, from) = (u32_at(bytes, BODY + 40), u32_at(bytes, BODY + 44));
            if let (Some(salt), Some(from)) = (salt, from) {
                entries(bytes, salt, usize::try_from(from).unwrap());
            }
        }
        Some(b"JETKVIDX") => {
            if let Some(salt) = u32_at(bytes, BODY + 16) {
                hints(bytes, salt, end);
            }
        }
        _ => {}
    }
}

/// Returns where the envelope ends.
fn envelope(bytes: &mut [u8]) -> Option<usize> {
    let length = usize::try_from(u32_at(bytes, BODY - 4)?).unwrap();
    let end = BODY.checked_add(length)?;
    let checksum = crc32c::crc32c(bytes.get(..end)?);
    put(bytes, end, checksum)?;
    Some(end + 4)
}

fn entries(bytes: &mut [u8], salt: u32, mut at: usize) -> Option<()> {
    loop {
        let entry = bytes.get(at..)?;
        let data = usize::try_from(u32_at(entry, 8)?).unwrap();
        let subject = usize::from(u16::from_le_bytes([*entry.get(12)?, *entry.get(13)?]));
        let flags = *entry.get(15)?;
        let more = [(0x04, 8), (0x08, 8), (0x02, 4)];
        let more: usize = more.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, bytes)| bytes).sum();
        let head = 32 + more + subject;
        let length = head.checked_add(data)?;
        if entry.len() < length || entry[..32].iter().all(|byte| *byte == 0) {
            return None;
        }
        let seed = salt ^ u32::try_from(at).ok()?.rotate_left(16);
        let whole = crc32c::crc32c_append(seed, &bytes[at + 8..at + length]);
        put(bytes, at + 4, whole)?;
        let head = crc32c::crc32c_append(seed, &bytes[at + 4..at + head]);
        put(bytes, at, head)?;
        at += length;
    }
}

fn hints(bytes: &mut [u8], salt: u32, mut at: usize) -> Option<()> {
    loop {
        let length = usize::try_from(u32_at(bytes, at + 4)?).unwrap();
        let end = (at + 16).checked_add(length)?;
        let seed = !salt ^ u32::try_from(at).ok()?.rotate_left(16);
        let checksum = crc32c::crc32c_append(seed, bytes.get(at + 4..end)?);
        put(bytes, at, checksum)?;
        at = end;
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_le_bytes(*four))
}

fn put(bytes: &mut [u8], at: usize, number: u32) -> Option<()> {
    *bytes.get_mut(at..)?.first_chunk_mut()? = number.to_le_bytes();
    Some(())
}

/// Where the body of an envelope begins.
const BODY: usize = 16;
