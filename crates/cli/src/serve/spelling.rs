//! The reference's command line in the spelling of ours (COMPAT 1).
//!
//! It follows Go's `flag` package: `-flag` and `--flag` are the same, a value follows behind `=` or as the next argument,
//! a switch takes one only behind `=`, and the first argument that is no flag ends them.

use std::ffi::{OsStr, OsString};

/// Under which name the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// As itself: `jetkv serve`.
    Jetkv,
    /// As `nats-server`, with its defaults.
    Reference,
}

impl Role {
    /// Returns the role that the program's own name asks for.
    pub(crate) fn of_program(name: Option<&OsStr>) -> Self {
        let stem = name.and_then(|name| std::path::Path::new(name).file_stem());
        if stem.is_some_and(|stem| stem == "nats-server") { Self::Reference } else { Self::Jetkv }
    }
}

/// Why an argument cannot be understood; the texts are those of Go.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SpellingError {
    /// No such flag.
    #[error("flag provided but not defined: -{0}")]
    Unknown(String),
    /// The value is missing.
    #[error("flag needs an argument: -{0}")]
    NoValue(String),
    /// A switch that is neither on nor off.
    #[error("invalid boolean value {value:?} for -{flag}: parse error")]
    NoBoolean {
        /// The flag.
        flag: String,
        /// What was given.
        value: String,
    },
    /// A flag for something that this server does not have.
    #[error("flag -{flag} is not supported: {reason}")]
    Unsupported {
        /// The flag.
        flag: String,
        /// What is missing.
        reason: &'static str,
    },
    /// An argument that is no flag.
    #[error("unrecognized command: {0:?}")]
    Command(String),
}

/// Returns the arguments behind the program's name, or behind `serve`, in our spelling.
///
/// As itself the program leaves flags alone that the reference does not have: the parser of our own judges them.
///
/// # Errors
/// [`SpellingError`].
pub(crate) fn respell(
    args: impl IntoIterator<Item = OsString>,
    role: Role,
) -> Result<Vec<OsString>, SpellingError> {
    let mut args = args.into_iter();
    let mut respelled = Vec::new();
    while let Some(arg) = args.next() {
        let Some((flag, value)) = split(&arg) else {
            match (role, arg.to_str()) {
                (Role::Reference, Some("version")) => respelled.push("--version".into()),
                (Role::Reference, Some("help")) => respelled.push("--help".into()),
                (Role::Reference, _) => {
                    return Err(SpellingError::Command(arg.to_string_lossy().into_owned()));
                }
                (Role::Jetkv, _) => respelled.push(arg),
            }
            continue;
        };
        let Some(spelling) = SPELLINGS.iter().find(|each| each.theirs.contains(&flag.as_str())) else {
            if role == Role::Reference {
                return Err(SpellingError::Unknown(flag));
            }
            respelled.push(arg);
            continue;
        };
        match spelling.meaning {
            Meaning::Value(ours) => {
                let value = value.or_else(|| args.next()).ok_or(SpellingError::NoValue(flag))?;
                // The reference has no monitoring then; as itself the program lets the system choose a port.
                let none = role == Role::Reference && ours == HTTP_PORT && value == "0";
                respelled.push(if none { joined(ours, OsStr::new("off")) } else { joined(ours, &value) });
            }
            Meaning::Switch(ours) => {
                if switch(&flag, value.as_deref())? {
                    respelled.extend(ours.iter().map(OsString::from));
                }
            }
            Meaning::Boolean(ours) => {
                let on = switch(&flag, value.as_deref())?;
                respelled.push(joined(ours, OsStr::new(if on { "true" } else { "false" })));
            }
            Meaning::Unsupported(reason) => return Err(SpellingError::Unsupported { flag, reason }),
        }
    }
    Ok(respelled)
}

/// Returns the flag without dashes, and its value if one is joined to it; `None` for what is no flag.
fn split(arg: &OsStr) -> Option<(String, Option<OsString>)> {
    let text = arg.to_str()?;
    let text = text.strip_prefix("--").or_else(|| text.strip_prefix('-'))?;
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.into())),
        None => (text, None),
    };
    (!name.is_empty()).then(|| (name.to_owned(), value))
}

/// Reads a truth as Go does.
fn switch(flag: &str, value: Option<&OsStr>) -> Result<bool, SpellingError> {
    let Some(value) = value else { return Ok(true) };
    match value.to_str() {
        Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
        Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
        _ => Err(SpellingError::NoBoolean {
            flag: flag.to_owned(),
            value: value.to_string_lossy().into_owned(),
        }),
    }
}

fn joined(ours: &str, value: &OsStr) -> OsString {
    let mut arg = OsString::from(ours);
    arg.push("=");
    arg.push(value);
    arg
}

/// A flag of the reference.
struct Spelling {
    /// How the reference spells it, without dashes.
    theirs: &'static [&'static str],
    meaning: Meaning,
}

/// What it is in our spelling.
enum Meaning {
    /// A flag with a value.
    Value(&'static str),
    /// These flags without a value, or nothing if it is switched off.
    Switch(&'static [&'static str]),
    /// A flag with the value `true` or `false`.
    Boolean(&'static str),
    /// Nothing that this server has.
    Unsupported(&'static str),
}

const fn spelling(theirs: &'static [&'static str], meaning: Meaning) -> Spelling {
    Spelling { theirs, meaning }
}

const HTTP_PORT: &str = "--http-port";
const CLUSTERS: &str = "this server is never part of a NATS cluster";
const SYSLOG: &str = "write to a file with --log, or to standard error and let the system collect it";

/// All flags of the reference (PROTOCOL 8.1). Those that we spell alike are here too: the reference takes one dash.
const SPELLINGS: &[Spelling] = &[
    spelling(&["a", "addr", "net"], Meaning::Value("--addr")),
    spelling(&["p", "port"], Meaning::Value("--port")),
    spelling(&["n", "name", "server_name"], Meaning::Value("--name")),
    spelling(&["P", "pid"], Meaning::Value("--pid")),
    spelling(&["m", "http_port"], Meaning::Value(HTTP_PORT)),
    spelling(&["ms", "https_port"], Meaning::Value("--https-port")),
    spelling(&["c", "config"], Meaning::Value("--config")),
    spelling(&["t"], Meaning::Switch(&["--check-config"])),
    spelling(&["sl", "signal"], Meaning::Value("--signal")),
    spelling(&["client_advertise"], Meaning::Value("--client-advertise")),
    spelling(&["ports_file_dir"], Meaning::Value("--ports-file-dir")),
    spelling(&["l", "log"], Meaning::Value("--log")),
    spelling(&["T", "logtime"], Meaning::Boolean("--logtime")),
    spelling(&["logtime_utc"], Meaning::Switch(&[])),
    spelling(&["log_size_limit"], Meaning::Value("--log-size-limit")),
    spelling(&["max_traced_msg_len", "profile"], Meaning::Value("--no-effect")),
    spelling(&["s", "syslog"], Meaning::Unsupported(SYSLOG)),
    spelling(&["r", "remote_syslog"], Meaning::Unsupported(SYSLOG)),
    spelling(&["D", "debug"], Meaning::Switch(&["--debug"])),
    spelling(&["V", "trace", "VV"], Meaning::Switch(&["--trace"])),
    spelling(&["DV", "DVV"], Meaning::Switch(&["--debug", "--trace"])),
    spelling(&["js", "jetstream"], Meaning::Boolean("--jetstream")),
    spelling(&["sd", "store_dir"], Meaning::Value("--store-dir")),
    spelling(&["user"], Meaning::Value("--user")),
    spelling(&["pass"], Meaning::Value("--pass")),
    spelling(&["auth"], Meaning::Value("--auth")),
    spelling(&["tls"], Meaning::Switch(&["--tls"])),
    spelling(&["tlsverify"], Meaning::Switch(&["--tlsverify"])),
    spelling(&["tlscert"], Meaning::Value("--tlscert")),
    spelling(&["tlskey"], Meaning::Value("--tlskey")),
    spelling(&["tlscacert"], Meaning::Value("--tlscacert")),
    spelling(&["routes", "cluster", "cluster_name", "cluster_listen"], Meaning::Unsupported(CLUSTERS)),
    spelling(&["cluster_advertise", "connect_retries", "no_advertise"], Meaning::Unsupported(CLUSTERS)),
    spelling(&["h", "help", "help_tls"], Meaning::Switch(&["--help"])),
    spelling(&["v", "version"], Meaning::Switch(&["--version"])),
];

#[cfg(test)]
mod tests;
