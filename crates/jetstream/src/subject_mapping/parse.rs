//! Reading the destination of a mapping.

use super::MappingError;
use super::part::Part;
use jetkv_types::SubjectFilter;

/// Reads a destination for `source`, with the first error that the reference finds.
pub(super) fn destination(source: &SubjectFilter, text: &str) -> Result<Vec<Part>, MappingError> {
    check_form(text)?;
    let tokens = || source.as_str().split('.');
    let wildcards = tokens().filter(|token| *token == "*").count();
    let open_ended = tokens().next_back() == Some(">");
    let ends_open = text.split('.').next_back() == Some(">");
    if open_ended != ends_open || text.split('.').any(|token| token == "*") {
        return Err(MappingError::InvalidSubject);
    }
    let is_literal = wildcards == 0 && !open_ended;
    text.split('.')
        .map(|token| {
            let part = if token == ">" { Part::Rest } else { part(token)? };
            match part.tokens().into_iter().find(|index| *index > wildcards) {
                Some(_) if is_literal => {
                    Err(MappingError::IndexOutOfRange { token: token.into(), index: None })
                }
                Some(index) => Err(MappingError::IndexOutOfRange { token: token.into(), index: Some(index) }),
                None => Ok(part),
            }
        })
        .collect()
}

/// Checks what can be said of a destination alone.
fn check_form(text: &str) -> Result<(), MappingError> {
    let mut has_ended = false;
    for token in text.split('.') {
        if token.is_empty() {
            return Err(MappingError::InvalidDestination { token: None });
        }
        if has_ended {
            return Err(MappingError::InvalidDestination { token: Some(token.into()) });
        }
        if let Some(call) = call(token) {
            Call::of(call).ok_or_else(|| MappingError::UnknownFunction(token.into()))?;
            continue;
        }
        if token.contains(|char: char| char.is_ascii_whitespace() || char.is_control()) {
            return Err(MappingError::InvalidDestination { token: None });
        }
        has_ended = token == ">";
    }
    Ok(())
}

fn part(token: &str) -> Result<Part, MappingError> {
    if let Some(digits) = token.strip_prefix('$') {
        // What is no number is an ordinary token.
        return Ok(digits.parse().map_or_else(|_| Part::Literal(token.into()), Part::Wildcard));
    }
    let Some(call) = call(token) else { return Ok(Part::Literal(token.into())) };
    let call = Call::of(call).ok_or_else(|| MappingError::UnknownFunction(token.into()))?;
    call.part(token)
}

/// Returns what stands between the braces of a function.
fn call(token: &str) -> Option<&str> {
    let inner = token.strip_prefix("{{")?.strip_suffix("}}")?;
    (!inner.is_empty()).then_some(inner)
}

/// A call of a function that is known.
struct Call<'a> {
    function: Function,
    arguments: Vec<&'a str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    Wildcard,
    Partition,
    Split,
    SplitFromLeft,
    SplitFromRight,
    SliceFromLeft,
    SliceFromRight,
    Left,
    Right,
    Random,
}

impl<'a> Call<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let (name, arguments) = text.trim().strip_suffix(')')?.split_once('(')?;
        let name = name.trim();
        let &(_, function) = FUNCTIONS.iter().find(|(words, _)| is_named(name, words))?;
        Some(Self { function, arguments: arguments.split(',').map(str::trim).collect() })
    }

    fn part(&self, token: &str) -> Result<Part, MappingError> {
        match self.function {
            Function::Wildcard => {
                if self.arguments == [""] {
                    return Err(MappingError::TooFewArguments(token.into()));
                }
                self.counted(token, 1)?;
                Ok(Part::Wildcard(self.index(token, 0)?))
            }
            Function::Partition => {
                let buckets = self.number(token, 0)?;
                let tokens = (1..self.arguments.len())
                    .map(|index| self.index(token, index))
                    .collect::<Result<_, _>>()?;
                Ok(Part::Partition { buckets, tokens })
            }
            Function::Random => {
                if self.arguments.len() != 1 {
                    return Err(MappingError::TooFewArguments(token.into()));
                }
                Ok(Part::Random { below: self.number(token, 0)? })
            }
            Function::Split => {
                self.counted(token, 2)?;
                let delimiter = self.arguments[1];
                if delimiter.contains(' ') {
                    return Err(MappingError::InvalidArgument(token.into()));
                }
                Ok(Part::Split { token: self.index(token, 0)?, delimiter: delimiter.into() })
            }
            function => {
                self.counted(token, 2)?;
                let (index, number) = (self.index(token, 0)?, self.number(token, 1)?);
                // Less than one character is no place to cut at, and so the token stays whole.
                let size = usize::try_from(number).unwrap_or(0);
                let from_right = matches!(function, Function::SplitFromRight | Function::SliceFromRight);
                Ok(match function {
                    Function::SplitFromLeft | Function::SplitFromRight => {
                        Part::SplitAt { token: index, position: size, from_right }
                    }
                    Function::SliceFromLeft | Function::SliceFromRight => {
                        Part::Slice { token: index, size, from_right }
                    }
                    _ => Part::Side { token: index, length: size, right: function == Function::Right },
                })
            }
        }
    }

    fn counted(&self, token: &str, count: usize) -> Result<(), MappingError> {
        match self.arguments.len() {
            found if found < count => Err(MappingError::TooFewArguments(token.into())),
            found if found > count => Err(MappingError::TooManyArguments(token.into())),
            _ => Ok(()),
        }
    }

    fn index(&self, token: &str, argument: usize) -> Result<usize, MappingError> {
        let text = self.arguments.get(argument).copied().unwrap_or_default();
        text.parse().map_err(|_| MappingError::InvalidArgument(token.into()))
    }

    fn number(&self, token: &str, argument: usize) -> Result<i32, MappingError> {
        let text = self.arguments.get(argument).copied().unwrap_or_default();
        text.parse().map_err(|_| MappingError::InvalidArgument(token.into()))
    }
}

/// Says whether `name` is made of these words, each with a small or a capital first letter.
fn is_named(name: &str, words: &[&str]) -> bool {
    let mut rest = name;
    for word in words {
        let Some((first, after)) = rest.split_at_checked(1) else { return false };
        let (own_first, own_after) = word.split_at(1);
        let Some(behind) = after.strip_prefix(own_after) else { return false };
        if !first.eq_ignore_ascii_case(own_first) {
            return false;
        }
        rest = behind;
    }
    rest.is_empty()
}

const FUNCTIONS: &[(&[&str], Function)] = &[
    (&["wildcard"], Function::Wildcard),
    (&["partition"], Function::Partition),
    (&["split"], Function::Split),
    (&["split", "from", "left"], Function::SplitFromLeft),
    (&["split", "from", "right"], Function::SplitFromRight),
    (&["slice", "from", "left"], Function::SliceFromLeft),
    (&["slice", "from", "right"], Function::SliceFromRight),
    (&["left"], Function::Left),
    (&["right"], Function::Right),
    (&["random"], Function::Random),
];
