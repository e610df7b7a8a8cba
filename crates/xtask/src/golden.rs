//! Recording what the reference server answers, for the tests of jetkv-wire.
//!
//! A golden file is a script: lines that say what to send, each followed by what came back. `cargo xtask golden` plays
//! every script against a fresh server of its own and writes the answers anew; the server is the program that the
//! variable `NATS_SERVER` names, else `nats-server`. What differs from run to run is masked, see [`mask`].
//!
//! | line | meaning |
//! | --- | --- |
//! | `# text` | a remark |
//! | `server: text` | a line for the server's configuration |
//! | `+ subject [queue]` | subscribe |
//! | `- subject [[headers]] body` | publish, and wait for nothing |
//! | `> subject [[headers]] body` | publish with a reply subject, and wait for answers |
//! | `< [[headers]] body` | an answer to the reply subject |
//! | `< @subject reply [[headers]] body` | a message to another subject; the reply is `-` if there is none |
//!
//! Headers and bodies may be left out; `⏎` stands for CR LF.

mod client;
mod mask;
mod server;

use crate::error::XtaskError;
use crate::report;
use crate::workspace::Workspace;
use client::Client;
use server::Server;
use std::path::{Path, PathBuf};

/// Where the scripts are, relative to the root of the repository.
const DIRECTORY: &str = "crates/wire/tests/golden";

/// Plays all scripts and writes what came back into them.
///
/// # Errors
/// If a script cannot be read or written, or the server does not start or stops answering.
pub(crate) fn record(workspace: &Workspace) -> Result<(), XtaskError> {
    for path in scripts(&workspace.workspace_root.join(DIRECTORY))? {
        report::note(&format!("recording {}", path.display()));
        let script = std::fs::read_to_string(&path)
            .map_err(|source| XtaskError::Read { path: path.clone(), source })?;
        let played = play(&script).map_err(|source| XtaskError::Golden { path: path.clone(), source })?;
        std::fs::write(&path, played).map_err(|source| XtaskError::Golden { path, source })?;
    }
    Ok(())
}

fn scripts(directory: &Path) -> Result<Vec<PathBuf>, XtaskError> {
    let fault = |source| XtaskError::Read { path: directory.into(), source };
    #[expect(clippy::disallowed_methods, reason = "a chore works on the real disk")]
    let entries = std::fs::read_dir(directory).map_err(fault)?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(fault)?.path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Plays one script and returns it with the answers.
fn play(script: &str) -> std::io::Result<String> {
    let settings: Vec<&str> = script.lines().filter_map(|line| line.strip_prefix("server: ")).collect();
    let server = Server::start(&settings)?;
    let mut client = Client::connect(server.port())?;
    let mut played = String::new();
    for line in script.lines().filter(|line| !line.starts_with('<')) {
        played.push_str(line);
        played.push('\n');
        if let Some(rest) = line.strip_prefix("+ ") {
            client.subscribe(rest)?;
        } else if let Some(rest) = line.strip_prefix("- ") {
            client.publish(rest)?;
        } else if let Some(rest) = line.strip_prefix("> ") {
            for answer in client.request(rest)? {
                played.push_str("< ");
                played.push_str(&mask::mask(&answer, rest));
                played.push('\n');
            }
        }
    }
    Ok(played)
}
