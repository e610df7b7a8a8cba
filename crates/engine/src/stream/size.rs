//! How large a message is, as the limits of streams count.

use crate::append::Append;
use crate::config::Storage;
use crate::convert::to_u32;

/// Returns the size of a message that is to be stored.
pub(super) fn message_size(append: &Append<'_>, storage: Storage) -> u32 {
    let [subject, headers, payload] =
        [append.subject.as_bytes(), append.headers.as_block(), append.payload].map(|part| to_u32(part.len()));
    counted_size(storage, subject, headers, payload)
}

/// Size of a message of so many bytes as limits count it, the same as the reference's (PROTOCOL 4.1). What a damaged file
/// claims may be more than fits.
pub(super) fn counted_size(storage: Storage, subject: u32, headers: u32, payload: u32) -> u32 {
    let overhead = match storage {
        Storage::Memory => 16,
        Storage::File if headers == 0 => 30,
        Storage::File => 34,
    };
    [headers, payload, overhead].into_iter().fold(subject, u32::saturating_add)
}

impl Storage {
    /// Returns the size of a message as the limits of a stream count it; its subject, header block and payload have so many
    /// bytes.
    #[must_use]
    pub fn counted_bytes(self, parts: [usize; 3]) -> u64 {
        let [subject, headers, payload] = parts.map(to_u32);
        u64::from(counted_size(self, subject, headers, payload))
    }
}
