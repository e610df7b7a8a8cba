//! Contexts of the `nats` tool: a file of JSON for each, in `~/.config/nats/context`.

use super::expanded;
use crate::exit::Failure;
use crate::text;
use serde::Deserialize;
use std::path::Path;

/// Where servers are and how to log in there; what is not said is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Context {
    pub(super) url: String,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) token: String,
    /// Path of a credentials file.
    pub(super) creds: String,
    /// Path of a file with an nkey's seed.
    pub(super) nkey: String,
    pub(super) cert: String,
    pub(super) key: String,
    pub(super) ca: String,
    pub(super) tls_first: bool,
    pub(super) jetstream_domain: String,
    pub(super) jetstream_api_prefix: String,
    pub(super) inbox_prefix: String,
    /// What this program does not have; it would be wrong to connect without it.
    nsc: String,
    socks_proxy: String,
    user_jwt: String,
}

impl Context {
    /// Reads the context `name`.
    pub(super) fn read(directory: &Path, name: &str) -> Result<Self, Failure> {
        let plain = !name.is_empty() && !name.contains(['/', '\\']) && !name.starts_with('.');
        let path = directory.join(format!("{name}.json"));
        let found = if plain { std::fs::read(&path) } else { Err(std::io::ErrorKind::NotFound.into()) };
        let bytes = found.map_err(|error| {
            if error.kind() != std::io::ErrorKind::NotFound {
                return Failure::io(format!("cannot read context {}", path.display()), &error);
            }
            let failure =
                Failure::not_found(format!("context {name:?} not found in {}", directory.display()));
            let names = names(directory);
            match text::most_similar(name, names.iter().map(String::as_str)) {
                Some(similar) => failure.hint(format!("did you mean {similar:?}?")),
                None => failure.hint("`nats context ls` lists the contexts, `nats context add` makes one"),
            }
        })?;
        let context: Self = serde_json::from_slice(&bytes)
            .map_err(|error| Failure::usage(format!("context {} is no context: {error}", path.display())))?;
        let missing =
            [(&context.nsc, "nsc"), (&context.socks_proxy, "socks_proxy"), (&context.user_jwt, "user_jwt")];
        if let Some((_, field)) = missing.iter().find(|(text, _)| !text.is_empty()) {
            return Err(Failure::usage(format!("context {name:?} uses {field}, which jetkv does not have"))
                .hint("name the server with --server and the login with NATS_CREDS or NATS_USER and NATS_PASSWORD"));
        }
        Ok(context)
    }

    /// Puts what the environment says in the place of what the context says.
    pub(super) fn overlay(&mut self, variable: impl Fn(&str) -> Option<String>) {
        let fields = [
            (&mut self.user, "NATS_USER"),
            (&mut self.password, "NATS_PASSWORD"),
            (&mut self.token, "NATS_TOKEN"),
            (&mut self.creds, "NATS_CREDS"),
            (&mut self.nkey, "NATS_NKEY"),
            (&mut self.cert, "NATS_CERT"),
            (&mut self.key, "NATS_KEY"),
            (&mut self.ca, "NATS_CA"),
        ];
        for (field, name) in fields {
            if let Some(text) = variable(name) {
                *field = text;
            }
        }
    }

    /// Finds files below the home directory.
    pub(super) fn expand(&mut self, home: Option<&Path>) {
        for path in [&mut self.creds, &mut self.nkey, &mut self.cert, &mut self.key, &mut self.ca] {
            *path = expanded(path, home);
        }
    }

    /// Returns a text that was said.
    pub(super) fn given<'a>(&self, text: &'a str) -> Option<&'a str> {
        Some(text).filter(|text| !text.is_empty())
    }
}

/// Lists the contexts; none if the directory cannot be read.
#[expect(clippy::disallowed_methods, reason = "files of another tool")]
fn names(directory: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.ok()?.file_name().to_str()?.strip_suffix(".json").map(str::to_owned)
    };
    entries.filter_map(name).collect()
}
