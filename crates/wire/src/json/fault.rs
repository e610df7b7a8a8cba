//! Why a JSON text is not what was asked for, in the reference's words.

use super::quote::quote;
use std::fmt::{self, Display, Write};

/// A JSON text that is malformed, or is not what was asked for.
///
/// Its text is what the reference says, without `invalid JSON: ` before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault(Box<Kind>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// A text that is complete.
    Text(String),
    /// A field that is not known, in a strict reading.
    UnknownField(String),
    /// A value of another type.
    Mismatch {
        /// What was found: `string`, `object`, or `number 1.5` where a number was wanted.
        found: String,
        /// What was wanted, in the words of Go.
        wanted: String,
        /// The steps from the value to the outermost one, innermost first.
        path: Vec<Step>,
        /// The name of the outermost type.
        outermost: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    Index(usize),
}

impl Fault {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self(Box::new(Kind::Text(text.into())))
    }

    pub(super) fn unknown_field(name: &str) -> Self {
        Self(Box::new(Kind::UnknownField(name.into())))
    }

    pub(super) fn mismatch(found: impl Into<String>, wanted: impl Into<String>) -> Self {
        let (found, wanted) = (found.into(), wanted.into());
        Self(Box::new(Kind::Mismatch { found, wanted, path: Vec::new(), outermost: String::new() }))
    }

    /// Adds the step from the value that is not right to the object that has it as the field `name`.
    pub(super) fn in_field(self, name: &str) -> Self {
        self.step(|| Step::Field(name.into()))
    }

    /// Adds the step from the value that is not right to the array that has it at `index`.
    pub(super) fn at_index(self, index: usize) -> Self {
        self.step(|| Step::Index(index))
    }

    fn step(mut self, step: impl FnOnce() -> Step) -> Self {
        if let Kind::Mismatch { path, .. } = self.0.as_mut() {
            path.push(step());
        }
        self
    }

    /// Says what the outermost type is called.
    pub(super) fn within(mut self, name: &str) -> Self {
        if let Kind::Mismatch { outermost, .. } = self.0.as_mut() {
            *outermost = name.into();
        }
        self
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_ref() {
            Kind::Text(text) => f.write_str(text),
            Kind::UnknownField(name) => write!(f, "json: unknown field {}", quote(name)),
            Kind::Mismatch { found, wanted, path, outermost } => {
                write!(f, "json: cannot unmarshal {found} into ")?;
                match path.first() {
                    None => f.write_str("Go value")?,
                    Some(Step::Field(_)) => write!(f, "Go struct field {outermost}")?,
                    Some(Step::Index(_)) => f.write_str(outermost)?,
                }
                for step in path.iter().rev() {
                    f.write_char('.')?;
                    match step {
                        Step::Field(name) => f.write_str(name)?,
                        Step::Index(index) => write!(f, "{index}")?,
                    }
                }
                write!(f, " of type {wanted}")
            }
        }
    }
}

impl std::error::Error for Fault {}

impl serde::de::Error for Fault {
    fn custom<T: Display>(text: T) -> Self {
        Self::text(text.to_string())
    }
}
