//! Subject mappings: a filter, and what subjects that match it become (PROTOCOL 4.11).

use jetkv_types::{Subject, SubjectFilter};

/// A rule that turns subjects that match a filter into others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectMapping {
    source: SubjectFilter,
    destination: Vec<Part>,
}

/// Why a mapping cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum MappingError {
    /// The source is no subject filter.
    #[error("invalid subject")]
    InvalidSource,
    /// The destination is no subject, or has a `>` where the source has none.
    #[error("invalid mapping destination")]
    InvalidDestination,
    /// A wildcard of the destination has no partner in the source.
    #[error("invalid mapping destination: wildcard index out of range")]
    IndexOutOfRange,
    /// A wildcard of the source is not used.
    #[error("invalid mapping destination: not all wildcards of the source are used")]
    NotAllUsed,
    /// A function is not known.
    #[error("invalid mapping destination: unknown function")]
    UnknownFunction,
    /// The arguments of a function are wrong.
    #[error("invalid mapping destination: function arguments")]
    InvalidArguments,
}

/// A token of the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(Box<str>),
    /// The token of the so-manieth `*` of the source, counted from 0.
    Wildcard(usize),
    /// A number below `buckets` made of these tokens.
    Partition {
        buckets: u32,
        tokens: Vec<usize>,
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
    /// The first or last characters of a token.
    Side {
        token: usize,
        length: usize,
        right: bool,
    },
    /// Everything that `>` stood for.
    Rest,
}

impl SubjectMapping {
    /// Makes a mapping in which the destination may leave wildcards of the source out.
    ///
    /// # Errors
    /// [`MappingError`] says which side is wrong, and why.
    pub fn new(source: &str, destination: &str) -> Result<Self, MappingError> {
        let source = SubjectFilter::new(if source.is_empty() { ">" } else { source })
            .map_err(|_| MappingError::InvalidSource)?;
        let wildcards = source.as_str().split('.').filter(|token| *token == "*").count();
        let open_ended = source.as_str().split('.').next_back() == Some(">");
        Subject::new(destination).map_err(|_| MappingError::InvalidDestination)?;
        let mut parts = Vec::new();
        let mut stars = 0;
        let tokens: Vec<_> = destination.split('.').collect();
        for (index, token) in tokens.iter().enumerate() {
            let part = match *token {
                ">" if open_ended && index + 1 == tokens.len() => Part::Rest,
                ">" => return Err(MappingError::InvalidDestination),
                "*" => {
                    stars += 1;
                    Part::Wildcard(stars - 1)
                }
                token => parse_part(token)?,
            };
            if part.tokens().iter().any(|token| *token >= wildcards) {
                return Err(MappingError::IndexOutOfRange);
            }
            parts.push(part);
        }
        if open_ended && parts.last() != Some(&Part::Rest) {
            return Err(MappingError::InvalidDestination);
        }
        Ok(Self { source, destination: parts })
    }

    /// Makes a mapping in which each wildcard of the source is used, as a stream's own transform asks for.
    ///
    /// # Errors
    /// As [`Self::new`], and [`MappingError::NotAllUsed`].
    pub fn strict(source: &str, destination: &str) -> Result<Self, MappingError> {
        let mapping = Self::new(source, destination)?;
        let wildcards = mapping.source.as_str().split('.').filter(|token| *token == "*").count();
        let is_used = |wildcard| mapping.destination.iter().any(|part| part.tokens().contains(&wildcard));
        if (0..wildcards).all(is_used) { Ok(mapping) } else { Err(MappingError::NotAllUsed) }
    }

    /// Returns the filter that subjects must match.
    #[must_use]
    pub fn source(&self) -> &SubjectFilter {
        &self.source
    }

    /// Returns what `subject` becomes; `None` if it does not match, or becomes no subject.
    #[must_use]
    pub fn apply(&self, subject: &str) -> Option<Subject> {
        if !self.source.matches(subject) {
            return None;
        }
        let mut wildcards = Vec::new();
        let mut rest = "";
        let mut behind = subject;
        for pattern in self.source.as_str().split('.') {
            if pattern == ">" {
                rest = behind;
                break;
            }
            let (token, after) = behind.split_once('.').unwrap_or((behind, ""));
            if pattern == "*" {
                wildcards.push(token);
            }
            behind = after;
        }
        let mut out = String::with_capacity(subject.len() + 16);
        for part in &self.destination {
            if !out.is_empty() {
                out.push('.');
            }
            part.write(&wildcards, rest, &mut out);
        }
        Subject::new(out).ok()
    }
}

impl Part {
    /// Returns the wildcards that it uses.
    fn tokens(&self) -> Vec<usize> {
        match self {
            Self::Literal(_) | Self::Rest => Vec::new(),
            Self::Partition { tokens, .. } => tokens.clone(),
            Self::Wildcard(token)
            | Self::Split { token, .. }
            | Self::SplitAt { token, .. }
            | Self::Slice { token, .. }
            | Self::Side { token, .. } => vec![*token],
        }
    }

    fn write(&self, wildcards: &[&str], rest: &str, out: &mut String) {
        let text = |token: usize| wildcards.get(token).copied().unwrap_or_default();
        match self {
            Self::Literal(literal) => out.push_str(literal),
            Self::Rest => out.push_str(rest),
            Self::Wildcard(token) => out.push_str(text(*token)),
            Self::Partition { buckets, tokens } => {
                let hash = tokens.iter().fold(FNV_OFFSET, |hash, token| fnv(hash, text(*token).as_bytes()));
                out.push_str(&(hash % (*buckets).max(1)).to_string());
            }
            Self::Split { token, delimiter } => {
                let pieces: Vec<_> =
                    text(*token).split(&**delimiter).filter(|piece| !piece.is_empty()).collect();
                out.push_str(&pieces.join("."));
            }
            Self::SplitAt { token, position, from_right } => {
                let chars: Vec<char> = text(*token).chars().collect();
                let at = if *from_right { chars.len().saturating_sub(*position) } else { *position };
                push_pieces(
                    out,
                    &chars,
                    if at == 0 || at >= chars.len() { &[] } else { std::slice::from_ref(&at) },
                );
            }
            Self::Slice { token, size, from_right } => {
                let chars: Vec<char> = text(*token).chars().collect();
                let first = if *from_right { chars.len() % size } else { 0 };
                let cuts: Vec<_> = (first..chars.len()).step_by(*size).filter(|cut| *cut > 0).collect();
                push_pieces(out, &chars, &cuts);
            }
            Self::Side { token, length, right } => {
                let chars: Vec<char> = text(*token).chars().collect();
                let length = (*length).min(chars.len());
                let range = if *right { chars.len() - length..chars.len() } else { 0..length };
                out.extend(&chars[range]);
            }
        }
    }
}

fn push_pieces(out: &mut String, chars: &[char], cuts: &[usize]) {
    for (index, char) in chars.iter().enumerate() {
        if cuts.contains(&index) {
            out.push('.');
        }
        out.push(*char);
    }
}

fn parse_part(token: &str) -> Result<Part, MappingError> {
    if let Some(index) = token.strip_prefix('$').and_then(|digits| digits.parse::<usize>().ok()) {
        return index.checked_sub(1).map(Part::Wildcard).ok_or(MappingError::IndexOutOfRange);
    }
    let Some(call) = token.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) else {
        return Ok(Part::Literal(token.into()));
    };
    let (name, arguments) = call
        .trim()
        .strip_suffix(')')
        .and_then(|call| call.split_once('('))
        .ok_or(MappingError::UnknownFunction)?;
    let arguments: Vec<_> = arguments.split(',').map(str::trim).collect();
    let number = |index: usize| {
        let text: &&str = arguments.get(index).ok_or(MappingError::InvalidArguments)?;
        text.parse::<usize>().map_err(|_| MappingError::InvalidArguments)
    };
    let token_at = |index| number(index)?.checked_sub(1).ok_or(MappingError::IndexOutOfRange);
    let only =
        |count: usize| if arguments.len() == count { Ok(()) } else { Err(MappingError::InvalidArguments) };
    let positive =
        |index| number(index).and_then(|n| if n == 0 { Err(MappingError::InvalidArguments) } else { Ok(n) });
    match name.trim().to_ascii_lowercase().as_str() {
        "wildcard" => only(1).and_then(|()| token_at(0)).map(Part::Wildcard),
        "partition" => {
            let buckets = u32::try_from(positive(0)?).map_err(|_| MappingError::InvalidArguments)?;
            let tokens = (1..arguments.len()).map(token_at).collect::<Result<_, _>>()?;
            Ok(Part::Partition { buckets, tokens })
        }
        "split" => {
            only(2)?;
            let delimiter = arguments[1];
            if delimiter.is_empty() || delimiter.contains(['.', ' ']) {
                return Err(MappingError::InvalidArguments);
            }
            Ok(Part::Split { token: token_at(0)?, delimiter: delimiter.into() })
        }
        name @ ("splitfromleft" | "splitfromright") => {
            only(2)?;
            let from_right = name.ends_with("right");
            Ok(Part::SplitAt { token: token_at(0)?, position: positive(1)?, from_right })
        }
        name @ ("slicefromleft" | "slicefromright") => {
            only(2)?;
            Ok(Part::Slice { token: token_at(0)?, size: positive(1)?, from_right: name.ends_with("right") })
        }
        name @ ("left" | "right") => {
            only(2)?;
            Ok(Part::Side { token: token_at(0)?, length: positive(1)?, right: name == "right" })
        }
        _ => Err(MappingError::UnknownFunction),
    }
}

/// FNV-1a, as the reference spreads subjects over partitions.
fn fnv(hash: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(FNV_PRIME))
}

const FNV_OFFSET: u32 = 2_166_136_261;
const FNV_PRIME: u32 = 16_777_619;

#[cfg(test)]
mod tests;
