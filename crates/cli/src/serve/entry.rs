//! From arguments to a running server, or to one of the things that `serve` does instead.

use super::process::{self, Plan};
use super::spelling::{Role, SpellingError, respell};
use super::{ServeArgs, remote_signal};
use crate::cli::{PlaceArgs, STORE_DEFAULT};
use crate::exit::{Exit, Failure, Stop};
use crate::output::{self, Form};
use clap::Parser;
use jetkv_server::VERSION;
use jetkv_server::config::{ConfigError, Defaults, FILE_BYTES_MAX, Settings, Sources, assemble};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::ExitCode;

/// What `serve` was told.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// The name that it runs under.
    pub(super) role: Role,
    /// The arguments of `serve`.
    pub(super) args: ServeArgs,
    /// Those of all commands.
    pub(super) place: PlaceArgs,
    /// For whom output is made.
    pub(super) form: Form,
}

/// jetkv in the place of nats-server.
#[derive(Debug, Parser)]
#[command(name = "nats-server", disable_version_flag = true, max_term_width = 100)]
struct Reference {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    args: ServeArgs,
}

/// Returns the program's arguments, those of `serve` in our spelling.
///
/// # Errors
/// [`SpellingError`], of `serve` only.
pub(crate) fn respelled(args: Vec<OsString>) -> Result<Vec<OsString>, SpellingError> {
    let Some(at) = position_of_serve(&args) else { return Ok(args) };
    let mut args = args;
    let behind = args.split_off(at + 1);
    args.extend(respell(behind, Role::Jetkv)?);
    Ok(args)
}

/// Finds the command `serve`: the first argument that is neither an option nor the value of one.
fn position_of_serve(args: &[OsString]) -> Option<usize> {
    let mut at = 1;
    loop {
        let arg = args.get(at)?.to_str()?;
        match arg {
            "--store" | "--sync" | "--wait" | "--server" | "--context" => at += 2,
            _ if arg.starts_with('-') => at += 1,
            _ => return (arg == "serve").then_some(at),
        }
    }
}

/// Runs as `nats-server`; `args` are those behind the program's name.
pub(crate) fn as_reference(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let told = match respell(args, Role::Reference) {
        Ok(args) => Reference::try_parse_from(std::iter::once("nats-server".into()).chain(args)),
        Err(error) => {
            // The reference says so of what is no flag only; wrong flags come from elsewhere in it.
            let who = if matches!(error, SpellingError::Command(_)) { "nats-server: " } else { "" };
            output::note(format_args!("{who}{error}"));
            output::note("`nats-server --help` lists the options");
            return Exit::Failed.into();
        }
    };
    let told = match told {
        Ok(told) => told,
        Err(error) => {
            error.print().ok();
            return if error.use_stderr() { Exit::Failed.into() } else { Exit::Done.into() };
        }
    };
    let told = Told { role: Role::Reference, args: told.args, place: told.place, form: Form::Human };
    match run(&told) {
        Ok(()) => Exit::Done.into(),
        Err(failure) => {
            let causes = failure.causes.iter().map(|cause| format!(": {cause}")).collect::<String>();
            output::note(format_args!("nats-server: {}{causes}", failure.message));
            Exit::Failed.into()
        }
    }
}

/// `serve`
pub(crate) fn serve(args: ServeArgs, place: PlaceArgs, form: Form) -> Result<(), Stop> {
    Ok(run(&Told { role: Role::Jetkv, args, place, form })?)
}

fn run(told: &Told) -> Result<(), Failure> {
    if told.args.version {
        return print_line(&match told.role {
            Role::Reference => format!("nats-server: v{VERSION}"),
            Role::Jetkv => format!("jetkv {}, NATS {VERSION}", env!("CARGO_PKG_VERSION")),
        });
    }
    if let Some(signal) = &told.args.signal {
        return remote_signal::send(signal).map_err(|error| Failure::failed(error.to_string()));
    }
    if told.args.check_config && told.args.config.is_none() {
        let text = "must specify [-c, --config] option to check configuration file syntax";
        return Err(Failure::usage(text));
    }
    let settings = told.settings().map_err(|error| told.failure(&error))?;
    if told.args.check_config {
        settings.options.check_files().map_err(|error| Failure::usage(with_cause(&error)))?;
        told.say_valid(&settings);
        return Ok(());
    }
    process::run(Plan { told: told.clone(), settings })
}

impl Told {
    /// Puts defaults, configuration file and command line together; also at every reload.
    pub(super) fn settings(&self) -> Result<Settings, ConfigError> {
        let sources = Sources { read: &read_config, variables: &|name| std::env::var(name).ok() };
        let overrides = self.args.overrides(self.place.store.clone(), self.place.sync);
        let file = self.args.config.as_deref();
        // As with the reference, an empty file is wrong when it is checked, and no file at all when it is used.
        let blank = file.filter(|file| !self.args.check_config && is_blank(file));
        let mut settings = assemble(&self.defaults(), file.filter(|_| blank.is_none()), &overrides, sources)?;
        if let Some(file) = blank {
            settings.warnings.push(format!("{}: config has no values or is empty", file.display()));
        }
        if !self.args.no_effect.is_empty() {
            settings.warnings.push("--profile and --max_traced_msg_len have no effect in this server".into());
        }
        Ok(settings)
    }

    /// Returns what is wrong with the configuration; under its own name the file is named where the reference only has the line.
    fn failure(&self, error: &ConfigError) -> Failure {
        match (error, self.role, &self.args.config) {
            (ConfigError::Unreadable(text), _, _) => Failure::not_found(text.clone()),
            (ConfigError::Syntax(text), Role::Jetkv, Some(file)) => {
                let file = file.display().to_string();
                // What the reference calls the character zero.
                let text = text.replace("but got '\\x00' instead", "but the text ends");
                Failure::usage(if text.starts_with(&file) { text } else { format!("{file}: {text}") })
            }
            (other, _, _) => Failure::usage(other.to_string()),
        }
    }

    fn defaults(&self) -> Defaults {
        match self.role {
            Role::Jetkv => Defaults {
                host: LOOPBACK.into(),
                http_host: Some(LOOPBACK.into()),
                http_port: Some(HTTP_PORT),
                jetstream: true,
                data_dir: STORE_DEFAULT.into(),
            },
            Role::Reference => Defaults {
                host: EVERYWHERE.into(),
                http_host: None,
                http_port: None,
                jetstream: false,
                data_dir: std::env::temp_dir().join("nats").join("jetstream"),
            },
        }
    }

    fn say_valid(&self, settings: &Settings) {
        for warning in &settings.warnings {
            output::warn(self.form, warning);
        }
        let program = if self.role == Role::Reference { "nats-server" } else { "jetkv" };
        let file = self.args.config.as_deref().unwrap_or(Path::new("")).display();
        let digest = &settings.options.config_digest;
        output::note(format_args!("{program}: configuration file {file} is valid ({digest})"));
    }
}

fn with_cause(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// Says whether a configuration file holds nothing but white space and comments. A pipe is never asked: it can be read once.
fn is_blank(path: &Path) -> bool {
    let content = path.is_file().then(|| read_config(path).ok()).flatten();
    let Some(text) = content.and_then(|content| String::from_utf8(content).ok()) else { return false };
    text.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#') || line.starts_with("//"))
}

/// Reads a configuration file, which may be a pipe, but not without end.
fn read_config(path: &Path) -> io::Result<Vec<u8>> {
    let limit = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let mut content = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "a file of the user, not of the store")]
    std::fs::File::open(path)?.take(limit).read_to_end(&mut content)?;
    Ok(content)
}

/// Prints one line; a closed pipe is no failure.
fn print_line(line: &str) -> Result<(), Failure> {
    match io::stdout().write_all(format!("{line}\n").as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::io("cannot write to standard output", &error))
        }
        _ => Ok(()),
    }
}

const LOOPBACK: &str = "127.0.0.1";

/// The port that people know from the reference's monitoring.
const HTTP_PORT: u16 = 8222;

/// All addresses of the machine, as the reference listens.
const EVERYWHERE: &str = "0.0.0.0";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(args: &str, expected: &str) {
        let args = args.split(' ').map(OsString::from).collect();
        let words = respelled(args).unwrap();
        let words: Vec<&str> = words.iter().map(|word| word.to_str().unwrap()).collect();
        assert_eq!(words.join(" "), expected);
    }

    #[test]
    fn only_arguments_behind_serve_are_respelled() {
        check("jetkv serve -p 4222 -js", "jetkv serve --port=4222 --jetstream=true");
        check("jetkv --json --store serve serve -DV", "jetkv --json --store serve serve --debug --trace");
        check("jetkv put serve -p -n", "jetkv put serve -p -n");
        check("jetkv --wait 1s ls -n", "jetkv --wait 1s ls -n");
        check("jetkv", "jetkv");
    }

    #[test]
    fn the_definitions_are_consistent() {
        <Reference as clap::CommandFactory>::command().debug_assert();
    }
}
