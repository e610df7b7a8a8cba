//! The numbers of an acknowledgement subject as text, with what is the same for all consumers of a message written once.

/// A number in decimal digits, ready to be copied.
#[derive(Debug, Clone, Copy)]
pub(super) struct Digits {
    bytes: [u8; DIGITS_BYTES],
    len: usize,
}

impl Digits {
    pub(super) const NONE: Self = Self { bytes: [0; DIGITS_BYTES], len: 0 };

    pub(super) fn of(number: u64) -> Self {
        let mut buffer = itoa::Buffer::new();
        let text = buffer.format(number).as_bytes();
        let mut bytes = [0; DIGITS_BYTES];
        bytes[..text.len()].copy_from_slice(text);
        Self { bytes, len: text.len() }
    }
}

/// A text of at most five numbers with a point between them, put together in place and copied once.
#[derive(Debug)]
pub(super) struct Numbers {
    bytes: [u8; NUMBERS_BYTES],
    len: usize,
}

impl Numbers {
    pub(super) fn new() -> Self {
        Self { bytes: [0; NUMBERS_BYTES], len: 0 }
    }

    /// Appends a number that is written already. All of its room is copied, as a length that is known costs less.
    #[inline]
    pub(super) fn put_digits(&mut self, digits: &Digits) {
        self.bytes[self.len..self.len + DIGITS_BYTES].copy_from_slice(&digits.bytes);
        self.len += digits.len;
    }

    #[inline]
    pub(super) fn put(&mut self, number: u64) {
        match u8::try_from(number) {
            Ok(digit @ 0..=9) => self.put_byte(b'0' + digit),
            _ if number < GROUP => self.put_group(number),
            _ => self.put_digits(&Digits::of(number)),
        }
    }

    #[inline]
    pub(super) fn put_point(&mut self) {
        self.put_byte(b'.');
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Appends a number of up to eight digits.
    #[inline]
    fn put_group(&mut self, number: u64) {
        let digits = digits_of(number);
        let zeros = (digits.trailing_zeros() / u8::BITS).min(GROUP_DIGITS - 1);
        let text = (digits | ASCII_ZEROS) >> (zeros * u8::BITS);
        self.bytes[self.len..self.len + size_of::<u64>()].copy_from_slice(&text.to_le_bytes());
        self.len += usize::try_from(GROUP_DIGITS - zeros).unwrap_or_default();
    }

    #[inline]
    fn put_byte(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }
}

/// Returns the eight decimal digits of a number below [`GROUP`] as the bytes of another, the first one lowest.
///
/// Halves, quarters and single digits are parted side by side; a division by a hundred or ten is a product and a shift, exact for
/// numbers of so few digits.
#[inline]
fn digits_of(number: u64) -> u64 {
    let halves = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((halves * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let quarters = hundreds | ((halves - 100 * hundreds) << 16);
    let tens = ((quarters * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((quarters - 10 * tens) << 8)
}

const GROUP: u64 = 100_000_000;
const GROUP_DIGITS: u32 = 8;
const ASCII_ZEROS: u64 = 0x3030_3030_3030_3030;
/// The longest number has twenty digits; three words are copied without a loop.
const DIGITS_BYTES: usize = 24;
/// Five of the longest numbers, four points, and what is copied behind the last one.
const NUMBERS_BYTES: usize = 5 * 20 + 4 + DIGITS_BYTES;

#[cfg(test)]
mod tests;
