//! Opening the stores of all accounts that have streams.

use super::state::{JetStream, Settings};
use crate::auth::GLOBAL_ACCOUNT;
use crate::options::{AccountJetStream, JetStreamOptions, ServerOptions};
use jetkv_engine::env::Env;
use jetkv_engine::{EngineError, Store, StoreOptions};
use jetkv_jetstream::JetStreamError;
use std::path::{Path, PathBuf};

/// Streams that are open, and those that could not be read.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) jetstream: JetStream,
    pub(crate) unreadable: Vec<JetStreamError>,
}

/// Opens the store of an account.
///
/// The global account has the data directory itself, so that everything that opens the directory finds its streams; the
/// others have a directory each in `accounts`.
///
/// # Errors
/// What the engine says: the directory is locked, of a newer format, or cannot be read.
pub(crate) fn open(
    server: &ServerOptions,
    options: &JetStreamOptions,
    server_name: &str,
    account: &str,
    limits: &AccountJetStream,
) -> Result<Opened, EngineError> {
    let dir = account_dir(&options.store_dir, account);
    let store =
        Store::open(Env::system(), &dir, StoreOptions { sync: options.sync, ..StoreOptions::default() })?;
    let settings = Settings {
        account: account.into(),
        server_name: server_name.into(),
        domain: options.domain.as_deref().map(Box::from),
        strict: options.strict,
        streams_max: limits.max_streams.map(u64::from),
        file_bytes_max: least(options.max_file, limits.max_file),
        memory_bytes_max: least(options.max_memory, limits.max_memory),
        default_max_consumers: options.limits.default_max_consumers.map(u64::from),
        duplicate_window_max: options.limits.duplicate_window,
        max_bytes_required: limits.max_bytes_required,
        payload_max: server.limits.max_payload,
    };
    let (jetstream, unreadable) = JetStream::new(store, settings);
    Ok(Opened { jetstream, unreadable })
}

fn least(left: Option<u64>, right: Option<u64>) -> Option<u64> {
    [left, right].into_iter().flatten().min()
}

fn account_dir(data_dir: &Path, account: &str) -> PathBuf {
    if account == GLOBAL_ACCOUNT {
        return data_dir.to_owned();
    }
    // Names of accounts may hold anything; those of directories may not.
    let mut name = String::new();
    for byte in account.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("_{byte:02x}"));
        }
    }
    data_dir.join("accounts").join(name)
}

#[cfg(test)]
mod tests {
    use super::account_dir;
    use std::path::Path;

    #[test]
    fn each_account_has_a_directory_of_its_own() {
        let dir = |account| account_dir(Path::new("/d"), account).to_str().map(str::to_owned);
        assert_eq!(dir("$G").as_deref(), Some("/d"));
        assert_eq!(dir("A").as_deref(), Some("/d/accounts/A"));
        assert_eq!(dir("../x").as_deref(), Some("/d/accounts/_2e_2e_2fx"));
        assert_ne!(dir("a_"), dir("a_5f"));
    }
}
