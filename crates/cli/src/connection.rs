//! Which servers a command works on, and how it logs in there: flags, a context of the `nats` tool, its environment.

mod context;

use crate::duration;
use crate::exit::Failure;
use crate::place::shell_word;
use context::Context;
use jetkv::ConnectOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Servers that were asked for.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    /// Where they are and how to log in.
    login: Context,
    timeout: Option<Duration>,
    /// What has to stand in a command so that it works there, too.
    flags: String,
    /// The context of the `nats` tool that they come from.
    context: Option<String>,
}

/// Where the words of the environment come from.
pub(crate) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Connection {
    /// Returns the servers that flags or the environment name; `None` if they name none.
    ///
    /// # Errors
    /// A context that is not there or cannot be read, and what is no duration.
    pub(crate) fn of(
        server: Option<&str>,
        context: Option<&str>,
        may_use_environment: bool,
        variables: Variables<'_>,
    ) -> Result<Option<Self>, Failure> {
        let variable = |name: &str| variables(name).filter(|text| !text.is_empty());
        let by_flag = server.is_some() || context.is_some();
        if !by_flag && !may_use_environment {
            return Ok(None);
        }
        let from_environment = |name: &str| if by_flag { None } else { variable(name) };
        let context_name = context.map(str::to_owned).or_else(|| from_environment("NATS_CONTEXT"));
        let url = server.map(str::to_owned).or_else(|| from_environment("NATS_URL"));
        if context_name.is_none() && url.is_none() {
            return Ok(None);
        }
        let home = variable("HOME").map(PathBuf::from);
        let mut login = match &context_name {
            Some(name) => {
                let config = variable("XDG_CONFIG_HOME").map(PathBuf::from);
                let config = config.or_else(|| home.as_ref().map(|home| home.join(".config")));
                Context::read(&config.unwrap_or_default().join("nats").join("context"), name)?
            }
            None => Context::default(),
        };
        login.overlay(variable);
        if let Some(url) = url {
            login.url = url;
        }
        login.expand(home.as_deref());
        let timeout = variable("NATS_TIMEOUT").map(|text| {
            duration::parse(&text).map_err(|error| Failure::usage(format!("NATS_TIMEOUT={text}: {error}")))
        });
        let mut flags = String::new();
        if let Some(name) = context {
            flags.push_str(&format!(" --context {}", shell_word(name)));
        }
        if let Some(url) = server {
            flags.push_str(&format!(" --server {}", shell_word(url)));
        }
        Ok(Some(Self { login, timeout: timeout.transpose()?, flags, context: context_name }))
    }

    /// Returns the flags that name these servers, with a space in front; nothing if the environment does.
    pub(crate) fn flags(&self) -> &str {
        &self.flags
    }

    /// Returns what names these servers as an argument: the context if there is one, else the servers without user and password.
    pub(crate) fn argument(&self) -> String {
        match &self.context {
            Some(name) => format!("context:{name}"),
            None => self.servers(),
        }
    }

    /// Returns the servers without user and password, for messages.
    pub(crate) fn servers(&self) -> String {
        public(&self.login.url)
    }

    /// Returns how to connect.
    ///
    /// # Errors
    /// What the context has and this program has not, and a key file that cannot be read.
    pub(crate) fn options(&self) -> Result<ConnectOptions, Failure> {
        let login = &self.login;
        if login.url.is_empty() {
            let text = if self.flags.contains("--context") {
                "the context names no server"
            } else {
                "no server is named"
            };
            return Err(Failure::usage(text).hint("name one with --server nats://HOST:PORT"));
        }
        let mut options = ConnectOptions::new(login.url.as_str());
        if let Some(timeout) = self.timeout {
            options = options.timeout(timeout).connect_timeout(timeout);
        }
        if let Some(path) = login.given(&login.creds) {
            options = options.credentials_file(path);
        } else if let Some(path) = login.given(&login.nkey) {
            let seed = std::fs::read_to_string(path)
                .map_err(|error| Failure::io(format!("cannot read nkey file {path}"), &error))?;
            options = options.nkey(seed.trim());
        } else if let Some(token) = login.given(&login.token) {
            options = options.token(token);
        } else if let Some(user) = login.given(&login.user) {
            options = options.user_and_password(user, login.password.as_str());
        }
        if let Some(path) = login.given(&login.ca) {
            options = options.root_certificates(path);
        }
        if let (Some(certificate), Some(key)) = (login.given(&login.cert), login.given(&login.key)) {
            options = options.client_certificate(certificate, key);
        }
        if login.tls_first {
            options = options.tls_first();
        }
        if let Some(domain) = login.given(&login.jetstream_domain) {
            options = options.domain(domain);
        }
        if let Some(prefix) = login.given(&login.jetstream_api_prefix) {
            options = options.api_prefix(prefix);
        }
        if let Some(prefix) = login.given(&login.inbox_prefix) {
            options = options.inbox_prefix(prefix);
        }
        Ok(options)
    }
}

/// Leaves out what stands before an `@`.
pub(crate) fn public(urls: &str) -> String {
    let one = |url: &str| match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        (None, Some((_, host))) => host.to_owned(),
        (_, None) => url.to_owned(),
    };
    urls.split(',').map(|url| one(url.trim())).collect::<Vec<_>>().join(",")
}

/// Replaces `~/` at the beginning of a path.
fn expanded(path: &str, home: Option<&Path>) -> String {
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest).display().to_string(),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests;
