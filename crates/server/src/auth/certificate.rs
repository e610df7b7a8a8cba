//! The names in a client certificate, for `verify_and_map` (PROTOCOL 1.16).
//!
//! The certificate was verified before. Names are compared as a whole and as what they are; a part of a name is not it.
//! Subjects are compared part by part, in any order, as the reference does.

mod der;

use der::{Reader, Tag, skip_ids};

/// The names in a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CertificateNames {
    alternatives: Vec<String>,
    subject: Option<SubjectName>,
}

/// The subject of a certificate: parts like `CN=derek`, in an order of their own, with escapes as in RFC 2253.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct SubjectName(Vec<String>);

impl CertificateNames {
    /// Reads a certificate in DER. None if it is no certificate, or holds names that are no text.
    pub(crate) fn read(certificate: &[u8]) -> Option<Self> {
        let mut outer = Reader::new(certificate).sequence()?;
        let mut body = outer.sequence()?;
        body.skip_if(Tag::VERSION)?;
        let [_serial, _algorithm, _issuer, _validity] =
            [body.skip()?, body.skip()?, body.skip()?, body.skip()?];
        let subject = distinguished_name(body.sequence()?)?;
        body.skip()?;
        skip_ids(&mut body)?;
        let (mut mails, mut hosts, mut uris) = (Vec::new(), Vec::new(), Vec::new());
        if let Some(extensions) = body.optional(Tag::EXTENSIONS)? {
            for name in alternative_names(extensions)? {
                match name {
                    (Tag::MAIL, text) => mails.push(text),
                    (Tag::HOST, text) => hosts.push(text),
                    (Tag::URI, text) => uris.push(text),
                    _ => {}
                }
            }
        }
        let alternatives = mails.into_iter().chain(hosts).chain(uris).collect();
        Some(Self { alternatives, subject: (!subject.0.is_empty()).then_some(subject) })
    }

    /// Returns the alternative names in the order in which they are tried: e-mail addresses, host names, URIs.
    pub(crate) fn alternatives(&self) -> impl Iterator<Item = &str> {
        self.alternatives.iter().map(String::as_str)
    }

    /// Returns the subject, which is tried last.
    pub(crate) fn subject(&self) -> Option<&SubjectName> {
        self.subject.as_ref()
    }
}

impl SubjectName {
    /// Reads a user's name that is written like a subject: `CN=derek, OU=dev`. None for any other name.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let parts = split(text, ',').map(|part| {
            let values = split(part, '+').map(|value| {
                let (kind, value) = value.trim_start().split_once('=')?;
                Some(format!("{}={}", kind.trim_end().to_ascii_uppercase(), trim_end(value.trim_start())))
            });
            Some(join(values.collect::<Option<_>>()?))
        });
        Some(Self::new(parts.collect::<Option<_>>()?))
    }

    fn new(mut parts: Vec<String>) -> Self {
        parts.sort_unstable();
        Self(parts)
    }
}

/// Splits at a character where no backslash is in front of it.
fn split(text: &str, at: char) -> impl Iterator<Item = &str> {
    let mut is_escaped = false;
    text.split(move |each| {
        let was_escaped = std::mem::take(&mut is_escaped);
        is_escaped = each == '\\' && !was_escaped;
        each == at && !was_escaped
    })
}

/// Trims spaces, but for one that is escaped.
fn trim_end(value: &str) -> &str {
    let trimmed = value.trim_end_matches(' ');
    if trimmed.ends_with('\\') { value.get(..=trimmed.len()).unwrap_or(value) } else { trimmed }
}

/// Joins the values of one part, whose order has no meaning.
fn join(mut values: Vec<String>) -> String {
    values.sort_unstable();
    values.join("+")
}

/// Reads the names of the extension 2.5.29.17, those that are text.
fn alternative_names(extensions: Reader<'_>) -> Option<Vec<(Tag, String)>> {
    let mut list = { extensions }.sequence()?;
    let mut found = Vec::new();
    while !list.is_empty() {
        let mut extension = list.sequence()?;
        let is_names = extension.value(Tag::OBJECT_ID)? == [0x55, 0x1d, 0x11];
        extension.skip_if(Tag::BOOLEAN)?;
        if !is_names {
            continue;
        }
        let mut names = Reader::new(extension.value(Tag::OCTETS)?).sequence()?;
        while !names.is_empty() {
            let (tag, value) = names.next()?;
            if matches!(tag, Tag::MAIL | Tag::HOST | Tag::URI) {
                found.push((tag, text(value)?));
            }
        }
    }
    Some(found)
}

/// Reads a subject.
fn distinguished_name(mut name: Reader<'_>) -> Option<SubjectName> {
    let mut parts = Vec::new();
    while !name.is_empty() {
        let mut set = Reader::new(name.value(Tag::SET)?);
        let mut values = Vec::new();
        while !set.is_empty() {
            let mut attribute = set.sequence()?;
            let kind = attribute.value(Tag::OBJECT_ID)?;
            let (tag, value) = attribute.next()?;
            // Texts of old kinds, with characters of two or four bytes, are not used by anybody; they must not be misread.
            if !matches!(tag, Tag::UTF8 | Tag::PRINTABLE | Tag::IA5) {
                return None;
            }
            values.push(format!("{}={}", attribute_name(kind)?, escaped(&text(value)?)));
        }
        parts.push(join(values));
    }
    Some(SubjectName::new(parts))
}

/// Returns the short name of an attribute; a subject with any other has no text here, and matches no user.
fn attribute_name(kind: &[u8]) -> Option<&'static str> {
    match kind {
        [0x55, 0x04, 3] => Some("CN"),
        [0x55, 0x04, 5] => Some("SERIALNUMBER"),
        [0x55, 0x04, 6] => Some("C"),
        [0x55, 0x04, 7] => Some("L"),
        [0x55, 0x04, 8] => Some("ST"),
        [0x55, 0x04, 9] => Some("STREET"),
        [0x55, 0x04, 10] => Some("O"),
        [0x55, 0x04, 11] => Some("OU"),
        [0x55, 0x04, 17] => Some("POSTALCODE"),
        // 0.9.2342.19200300.100.1.25
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 25] => Some("DC"),
        _ => None,
    }
}

fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut out = String::new();
    for (at, each) in value.chars().enumerate() {
        let at_edge = at == 0 && matches!(each, ' ' | '#') || at == last && each == ' ';
        if at_edge || matches!(each, ',' | '+' | '"' | '\\' | '<' | '>' | ';') {
            out.push('\\');
        }
        out.push(each);
    }
    out
}

/// A text without control characters, so that no name ends early somewhere.
fn text(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    (!text.is_empty() && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests;
