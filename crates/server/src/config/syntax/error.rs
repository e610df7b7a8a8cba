//! What is wrong with the text of a configuration file.

/// Why a text is no configuration; the texts are the reference's where it has one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::config) enum SyntaxError {
    /// The text breaks off or something stands where it must not.
    #[error("Parse error on line {line}: '{text}'")]
    Parse {
        /// The line, from 1.
        line: u32,
        /// What is wrong.
        text: String,
    },
    /// A key has no value.
    #[error("config is invalid ({0})")]
    MissingValue(String),
    /// The file says nothing.
    #[error("{0}: config has no values or is empty")]
    Empty(String),
    /// A variable is neither defined before nor in the environment.
    #[error("variable reference for '{name}' on line {line} can not be found")]
    Variable {
        /// Its name without `$`.
        name: String,
        /// The line of the reference.
        line: u32,
    },
    /// Variables of the environment refer to each other in a circle.
    #[error("variable reference cycle for '{0}'")]
    VariableCycle(String),
    /// A number is too large.
    #[error("integer '{0}' is out of the range")]
    Range(String),
    /// An included file is wrong or missing.
    #[error("error parsing include file '{path}', {cause}")]
    Include {
        /// The path as the file names it.
        path: String,
        /// What is wrong with it.
        cause: Box<SyntaxError>,
    },
    /// A file cannot be read.
    #[error("open {path}: {cause}")]
    Read {
        /// The file.
        path: String,
        /// What the system says.
        cause: String,
    },
    /// A bound of this server that the reference does not have.
    #[error("{path}: {text}")]
    Bound {
        /// The file.
        path: String,
        /// Which bound, and how much it is.
        text: String,
    },
}
