//! The tokens of a destination, and what they write.

use std::sync::atomic::{AtomicU64, Ordering};

/// A token of the destination. Tokens of the subject go by the number of their `*` in the source, from 1; 0 is the
/// first token of the subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Literal(Box<str>),
    Wildcard(usize),
    /// A number below `buckets` made of these tokens, or of the whole subject; a negative one counts as the reference's
    /// unsigned number of 32 bits.
    Partition {
        buckets: i32,
        tokens: Vec<usize>,
    },
    /// Any number below this.
    Random {
        below: i32,
    },
    /// A token, cut at each of these characters.
    Split {
        token: usize,
        delimiter: Box<str>,
    },
    /// A token, cut in two.
    SplitAt {
        token: usize,
        position: usize,
        from_right: bool,
    },
    /// A token, cut into pieces of one size.
    Slice {
        token: usize,
        size: usize,
        from_right: bool,
    },
    /// The first or last bytes of a token.
    Side {
        token: usize,
        length: usize,
        right: bool,
    },
    /// Everything that `>` stood for.
    Rest,
}

impl Part {
    /// Returns the tokens of the subject that it uses.
    pub(super) fn tokens(&self) -> Vec<usize> {
        match self {
            Self::Literal(_) | Self::Rest | Self::Random { .. } => Vec::new(),
            Self::Partition { tokens, .. } => tokens.clone(),
            Self::Wildcard(token)
            | Self::Split { token, .. }
            | Self::SplitAt { token, .. }
            | Self::Slice { token, .. }
            | Self::Side { token, .. } => vec![*token],
        }
    }

    pub(super) fn write(&self, subject: &str, tokens: &[&str], rest: &str, out: &mut Vec<u8>) {
        let text = |token: usize| tokens.get(token).copied().unwrap_or_default();
        match self {
            Self::Literal(literal) => out.extend_from_slice(literal.as_bytes()),
            Self::Rest => out.extend_from_slice(rest.as_bytes()),
            Self::Wildcard(token) => out.extend_from_slice(text(*token).as_bytes()),
            Self::Partition { buckets, tokens } => {
                let hash = if tokens.is_empty() {
                    fnv(FNV_OFFSET, subject.as_bytes())
                } else {
                    tokens.iter().fold(FNV_OFFSET, |hash, token| fnv(hash, text(*token).as_bytes()))
                };
                let place = hash.checked_rem(buckets.cast_unsigned()).unwrap_or(0);
                out.extend_from_slice(place.to_string().as_bytes());
            }
            Self::Random { below } => {
                let number = u64::try_from(*below).ok().and_then(|below| any().checked_rem(below));
                out.extend_from_slice(number.unwrap_or(0).to_string().as_bytes());
            }
            Self::Split { token, delimiter } => {
                let pieces: Vec<_> =
                    text(*token).split(&**delimiter).filter(|piece| !piece.is_empty()).collect();
                out.extend_from_slice(pieces.join(".").as_bytes());
            }
            Self::SplitAt { token, position, from_right } => {
                let bytes = text(*token).as_bytes();
                let is_inside = *position > 0 && *position < bytes.len();
                let at = if *from_right { bytes.len().saturating_sub(*position) } else { *position };
                push_pieces(out, bytes, |index| is_inside && index == at);
            }
            Self::Slice { token, size, from_right } => {
                let bytes = text(*token).as_bytes();
                let first = if *from_right { bytes.len().checked_rem(*size).unwrap_or(0) } else { 0 };
                push_pieces(out, bytes, |index| {
                    index >= first && (index - first).checked_rem(*size) == Some(0)
                });
            }
            Self::Side { token, length, right } => {
                let bytes = text(*token).as_bytes();
                let length = if *length == 0 { bytes.len() } else { (*length).min(bytes.len()) };
                out.extend_from_slice(if *right { &bytes[bytes.len() - length..] } else { &bytes[..length] });
            }
        }
    }
}

/// Writes bytes with a dot before each index that is a cut.
fn push_pieces(out: &mut Vec<u8>, bytes: &[u8], is_cut: impl Fn(usize) -> bool) {
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 && is_cut(index) {
            out.push(b'.');
        }
        out.push(*byte);
    }
}

/// FNV-1a, as the reference spreads subjects over partitions.
fn fnv(hash: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(FNV_PRIME))
}

/// Returns the next of a sequence of numbers that are spread evenly (SplitMix64). They spread load and need not be
/// secret, so they may repeat from one start of the program to the next.
fn any() -> u64 {
    static STATE: AtomicU64 = AtomicU64::new(0);
    let state = STATE.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

const FNV_OFFSET: u32 = 2_166_136_261;
const FNV_PRIME: u32 = 16_777_619;
