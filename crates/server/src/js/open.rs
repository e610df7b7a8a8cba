//! Opening the stores of all accounts that have streams, and closing them.
//!
//! The global account has the data directory itself, so that everything that opens the directory finds its streams; the
//! others have a directory each in `accounts`.

use super::state::{JetStream, Settings};
use super::trouble;
use crate::auth::GLOBAL_ACCOUNT;
use crate::log::LogLevel;
use crate::monitor::machine;
use crate::options::{AccountJetStream, JetStreamOptions};
use crate::router::InterestSink;
use crate::server::StartError;
use crate::span::Spans;
use crate::state::{Room, Shared};
use jetkv_engine::{EngineError, Store, StoreOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Opens the streams of all accounts that may have some, and begins what goes on by itself.
///
/// # Errors
/// [`StartError::Store`] names the account.
pub(crate) async fn start(shared: &Arc<Shared>) -> Result<(), StartError> {
    let settings = shared.settings();
    let Some(options) = &settings.options.jetstream else { return Ok(()) };
    let unlimited = AccountJetStream::default();
    let listed = settings.options.auth.accounts.iter();
    let others = listed.filter_map(|account| Some((account.name.as_str(), account.jetstream.as_ref()?)));
    let mut stores = Vec::new();
    for (name, limits) in std::iter::once((GLOBAL_ACCOUNT, &unlimited)).chain(others) {
        let Some(account) = shared.accounts.get(name) else { continue };
        let (env, dir) = (shared.env.clone(), account_dir(&options.store_dir, name));
        let (sync, cache_bytes) = (options.sync, options.cache_bytes);
        let store_options = StoreOptions { sync, cache_bytes, ..StoreOptions::default() };
        let opened = spawn_blocking(move || Store::open(env, &dir, store_options)).await;
        let failed = |source| StartError::Store { account: name.to_owned(), source };
        // The task is not aborted, and does not panic.
        let store = opened.unwrap_or(Err(EngineError::Closed)).map_err(failed)?;
        stores.push((account, limits, store));
    }
    let used = stores.iter().map(|(_, _, store)| store.stats().disk_bytes).sum();
    shared.set_room(measure(&options.store_dir, used));
    let in_force = shared.options_in_force().jetstream;
    let options = in_force.as_ref().unwrap_or(options);
    for (account, limits, store) in stores {
        let own = of_account(&settings, options, account.name(), limits);
        let own = Settings { spans: shared.spans.clone(), ..own };
        let entropy = Arc::clone(&shared.env.entropy);
        let (jetstream, unreadable) = JetStream::new(store, own, &account, entropy);
        for error in unreadable {
            shared.log(LogLevel::Error, format_args!("{error}"));
        }
        let jetstream = Arc::new(jetstream);
        let interest: Arc<dyn InterestSink> = jetstream.interest.clone();
        account.router.tell(interest);
        jetstream.start(&account);
        trouble::watch(shared, &jetstream);
    }
    Ok(())
}

/// Closes the streams of all accounts, so that the next start is quick.
pub(crate) async fn stop(shared: &Arc<Shared>) {
    for account in shared.accounts.all() {
        let Some(jetstream) = account.jetstream().cloned() else { continue };
        jetstream.stop();
        let closed = spawn_blocking(move || jetstream.store.close()).await;
        if let Ok(Err(error)) = closed {
            shared.log(LogLevel::Error, format_args!("{error}"));
        }
    }
}

/// Takes three quarters of the machine, as the reference does; what streams have of the disk already is not held against them.
fn measure(dir: &Path, used: u64) -> Room {
    let share = |bytes: u64| bytes / 4 * 3;
    let disk = machine::free_on_disk(dir).map(|free| share(free.saturating_add(used)));
    Room { memory: machine::memory_of_machine().map(share), disk }
}

fn of_account(
    server: &crate::state::Settings,
    options: &JetStreamOptions,
    account: &str,
    limits: &AccountJetStream,
) -> Settings {
    Settings {
        account: account.into(),
        server_name: server.server_name().into(),
        domain: options.domain.as_deref().map(Box::from),
        strict: options.strict,
        streams_max: limits.max_streams.map(u64::from),
        file_bytes_max: least(options.max_file, limits.max_file),
        memory_bytes_max: least(options.max_memory, limits.max_memory),
        own_limits: (limits.max_memory, limits.max_file),
        default_max_consumers: options.limits.default_max_consumers.map(u64::from),
        duplicate_window_max: options.limits.duplicate_window,
        max_bytes_required: limits.max_bytes_required,
        spans: Spans::default(),
    }
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
