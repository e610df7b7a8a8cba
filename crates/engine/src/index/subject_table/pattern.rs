//! A subject filter as a machine that reads a subject byte by byte.

/// The text of a subject filter. A state of the machine is a place in it: that of the byte expected next, or of the
/// wildcard that the present token has met.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pattern<'p> {
    bytes: &'p [u8],
    /// Place of the `>` that is the last token; behind the end if there is none.
    full_wildcard: usize,
}

/// What a state accepts next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// Every byte, and whatever follows it.
    Everything,
    /// Every byte of one token.
    Token,
    /// One byte.
    Byte(u8),
    /// The end of the subject.
    End,
}

impl<'p> Pattern<'p> {
    pub(super) fn new(bytes: &'p [u8]) -> Self {
        let full_wildcard = match bytes {
            [b'>'] | [.., b'.', b'>'] => bytes.len() - 1,
            _ => usize::MAX,
        };
        Self { bytes, full_wildcard }
    }

    /// Says whether there is no wildcard.
    pub(super) fn is_literal(&self) -> bool {
        self.full_wildcard == usize::MAX && (0..self.bytes.len()).all(|state| !self.is_star(state))
    }

    /// Returns the text.
    pub(super) fn bytes(&self) -> &'p [u8] {
        self.bytes
    }

    /// Returns the state in which everything matches, if the pattern has one.
    pub(super) fn full_wildcard(&self) -> usize {
        self.full_wildcard
    }

    pub(super) fn expected(&self, state: usize) -> Expected {
        match self.bytes.get(state) {
            _ if state == self.full_wildcard => Expected::Everything,
            _ if self.is_star(state) => Expected::Token,
            Some(&byte) => Expected::Byte(byte),
            None => Expected::End,
        }
    }

    /// Returns the state after `byte`, or `None` if no subject that goes on like this matches.
    pub(super) fn step(&self, state: usize, byte: u8) -> Option<usize> {
        match self.expected(state) {
            Expected::Everything => Some(state),
            // A dot ends the token; the star must then be followed by a dot, too.
            Expected::Token if byte == b'.' => (state + 1 < self.bytes.len()).then_some(state + 2),
            Expected::Token => Some(state),
            Expected::Byte(expected) => (byte == expected).then_some(state + 1),
            Expected::End => None,
        }
    }

    /// Returns the state after all of `text`.
    pub(super) fn run(&self, state: usize, text: &[u8]) -> Option<usize> {
        text.iter().try_fold(state, |state, &byte| self.step(state, byte))
    }

    /// Says whether a subject that ends in this state matches.
    pub(super) fn accepts_end(&self, state: usize) -> bool {
        match self.expected(state) {
            Expected::Everything | Expected::End => true,
            Expected::Token => state + 1 == self.bytes.len(),
            Expected::Byte(_) => false,
        }
    }

    fn is_star(&self, state: usize) -> bool {
        self.bytes.get(state) == Some(&b'*')
            && (state == 0 || self.bytes[state - 1] == b'.')
            && self.bytes.get(state + 1).is_none_or(|&next| next == b'.')
    }
}
