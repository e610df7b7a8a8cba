//! As much of DER as certificates need: values one after the other, each with its tag and length.

/// The values that are left of a list of values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag(u8);

impl Tag {
    pub(super) const BOOLEAN: Self = Self(0x01);
    pub(super) const OCTETS: Self = Self(0x04);
    pub(super) const OBJECT_ID: Self = Self(0x06);
    pub(super) const UTF8: Self = Self(0x0c);
    pub(super) const PRINTABLE: Self = Self(0x13);
    pub(super) const IA5: Self = Self(0x16);
    pub(super) const SEQUENCE: Self = Self(0x30);
    pub(super) const SET: Self = Self(0x31);
    /// In a certificate's body.
    pub(super) const VERSION: Self = Self(0xa0);
    /// In a certificate's body: the ids of issuer and subject.
    pub(super) const ISSUER_ID: Self = Self(0x81);
    /// See [`Self::ISSUER_ID`].
    pub(super) const SUBJECT_ID: Self = Self(0x82);
    /// In a certificate's body.
    pub(super) const EXTENSIONS: Self = Self(0xa3);
    /// Among alternative names.
    pub(super) const MAIL: Self = Self(0x81);
    /// Among alternative names.
    pub(super) const HOST: Self = Self(0x82);
    /// Among alternative names.
    pub(super) const URI: Self = Self(0x86);
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Reads the next value.
    pub(super) fn next(&mut self) -> Option<(Tag, &'a [u8])> {
        let (&tag, rest) = self.rest.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            // A length of one to three bytes: no certificate is larger.
            0x81..=0x83 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        Some((Tag(tag), value))
    }

    /// Reads the next value, which must have this tag.
    pub(super) fn value(&mut self, tag: Tag) -> Option<&'a [u8]> {
        self.next().and_then(|(found, value)| (found == tag).then_some(value))
    }

    /// Reads the next value, which must be a sequence, as a list of values.
    pub(super) fn sequence(&mut self) -> Option<Self> {
        self.value(Tag::SEQUENCE).map(Self::new)
    }

    /// Passes over the next value.
    pub(super) fn skip(&mut self) -> Option<()> {
        self.next().map(drop)
    }

    /// Reads the next value as a list if it has this tag; `Some(None)` if it has another, or there is none.
    pub(super) fn optional(&mut self, tag: Tag) -> Option<Option<Self>> {
        if self.rest.first() == Some(&tag.0) {
            return self.value(tag).map(|value| Some(Self::new(value)));
        }
        Some(None)
    }

    /// Passes over the next value if it has this tag.
    pub(super) fn skip_if(&mut self, tag: Tag) -> Option<()> {
        self.optional(tag).map(drop)
    }
}

/// Passes over the ids of issuer and subject, which are bits that nobody uses.
pub(super) fn skip_ids(body: &mut Reader<'_>) -> Option<()> {
    body.skip_if(Tag::ISSUER_ID)?;
    body.skip_if(Tag::SUBJECT_ID)
}
