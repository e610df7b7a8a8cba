//! Nkeys: ed25519 public keys as text, and signatures of a nonce (PROTOCOL 1.15).

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use ring::signature::{ED25519, UnparsedPublicKey};

/// The public key of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PublicKey([u8; 32]);

/// What a client has to sign: 15 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Nonce(String);

impl PublicKey {
    /// Reads the text form: 56 characters of base32 that hold a prefix, the key and a checksum. None for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() != TEXT_BYTES {
            return None;
        }
        let raw = decode_base32(text.as_bytes())?;
        let (body, checksum) = raw.split_last_chunk::<2>()?;
        if crc16(body) != u16::from_le_bytes(*checksum) {
            return None;
        }
        let (prefix, key) = body.split_first()?;
        (*prefix == USER_PREFIX).then_some(Self(key.try_into().ok()?))
    }

    /// Says whether `signature`, in either form of base64, signs `nonce` with the private half of this key.
    pub(crate) fn has_signed(&self, nonce: &Nonce, signature: &str) -> bool {
        let text = signature.trim_end_matches('=');
        let raw = URL_SAFE_NO_PAD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text));
        let Ok(raw) = raw else { return false };
        // The length first: a signature of another length must never reach the verification.
        raw.len() == SIGNATURE_BYTES
            && !nonce.0.is_empty()
            && UnparsedPublicKey::new(&ED25519, &self.0).verify(nonce.0.as_bytes(), &raw).is_ok()
    }
}

impl Nonce {
    /// Makes a nonce of random bytes.
    pub(crate) fn new(random: [u8; 11]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(random))
    }

    /// Returns a nonce that no signature is good for.
    pub(crate) fn unusable() -> Self {
        Self(String::new())
    }

    /// Returns the text for INFO.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns the id of a server: `N` and 55 characters in the text form of nkeys, made of random numbers.
pub(crate) fn encode_server_id(random: [u64; 4]) -> String {
    let mut raw = vec![SERVER_PREFIX];
    random.iter().for_each(|number| raw.extend_from_slice(&number.to_be_bytes()));
    let checksum = crc16(&raw);
    raw.extend_from_slice(&checksum.to_le_bytes());
    raw.chunks(5).flat_map(encode_base32).collect()
}

/// Writes five bytes as eight characters of base32 (RFC 4648).
fn encode_base32(group: &[u8]) -> impl Iterator<Item = char> {
    let bits = group.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    (0..8).rev().map(move |place| {
        let value = bits >> (place * 5) & 31;
        u8::try_from(value)
            .map_or('A', |value| char::from(if value < 26 { b'A' + value } else { b'2' + value - 26 }))
    })
}

/// Reads base32 without padding (RFC 4648); the length is a multiple of 8.
fn decode_base32(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 5 / 8);
    for group in text.chunks(8) {
        let mut bits = 0_u64;
        for byte in group {
            let value = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'2'..=b'7' => byte - b'2' + 26,
                _ => return None,
            };
            bits = bits << 5 | u64::from(value);
        }
        out.extend_from_slice(&bits.to_be_bytes()[3..]);
    }
    Some(out)
}

/// The checksum of nkeys: CRC-16 with the polynomial 0x1021, starting at 0.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc: u16, byte| {
        (0..8).fold(
            crc ^ u16::from(*byte) << 8,
            |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 },
        )
    })
}

/// `N` in the first character.
const SERVER_PREFIX: u8 = 13 << 3;
/// `U` in the first character.
const USER_PREFIX: u8 = 20 << 3;
const TEXT_BYTES: usize = 56;
const SIGNATURE_BYTES: usize = 64;

#[cfg(test)]
mod tests;
