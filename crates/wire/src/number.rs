//! Decimal numbers as they stand in control lines and subjects.

/// Reads a run of decimal digits and nothing else; `None` for an empty text, another byte, or more than `u64` holds.
pub(crate) fn parse_u64(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let mut value: u64 = 0;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(value)
}

/// Reads a size of a control line: at most nine digits, as the reference has it (PROTOCOL 1.3).
pub(crate) fn parse_size(text: &[u8]) -> Option<usize> {
    if text.len() > SIZE_DIGITS_MAX {
        return None;
    }
    parse_u64(text).and_then(|value| usize::try_from(value).ok())
}

/// Appends `value` in decimal digits.
pub(crate) fn push_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends `value` in decimal digits.
pub(crate) fn push_usize(out: &mut Vec<u8>, value: usize) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Sizes with more digits are malformed, even if they are zeros.
const SIZE_DIGITS_MAX: usize = 9;
