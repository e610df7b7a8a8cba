//! Why a mapping cannot be used; texts are the reference's.

/// Why a mapping cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum MappingError {
    /// The source is no subject filter.
    #[error("invalid subject {0}")]
    InvalidSource(Box<str>),
    /// The destination has a `*`, or only one of both sides has a `>`.
    #[error("invalid subject")]
    InvalidSubject,
    /// The destination is no subject.
    #[error("invalid mapping destination: invalid transform{}", behind(token))]
    InvalidDestination {
        /// The token that stands behind a `>`.
        token: Option<Box<str>>,
    },
    /// A wildcard of the destination has no partner in the source.
    #[error("invalid mapping destination: wildcard index out of range in {token}{}", shown(index.as_ref()))]
    IndexOutOfRange {
        /// The token of the destination.
        token: Box<str>,
        /// The index, if the source has any wildcard at all.
        index: Option<usize>,
    },
    /// A function is not known.
    #[error("invalid mapping destination: unknown function in {0}")]
    UnknownFunction(Box<str>),
    /// A function has too few arguments.
    #[error("invalid mapping destination: not enough arguments passed to the function in {0}")]
    TooFewArguments(Box<str>),
    /// A function has too many arguments.
    #[error("invalid mapping destination: too many arguments passed to the function in {0}")]
    TooManyArguments(Box<str>),
    /// An argument of a function is no number, or too large.
    #[error("invalid mapping destination: function argument is invalid or in the wrong format in {0}")]
    InvalidArgument(Box<str>),
}

fn behind(token: &Option<Box<str>>) -> String {
    token.as_ref().map(|token| format!(" in {token}")).unwrap_or_default()
}

fn shown(index: Option<&usize>) -> String {
    index.map(|index| format!(": [{index}]")).unwrap_or_default()
}
