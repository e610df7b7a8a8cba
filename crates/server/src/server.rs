//! A running server, and how it is told to stop.

mod lame_duck;

use crate::auth::encode_server_id;
use crate::conn::CloseReason;
use crate::guest::{Guest, Shown};
use crate::js;
use crate::listener;
use crate::log::{LogLevel, LogSink};
use crate::monitor::{HttpExtension, Monitor};
use crate::options::{IfTaken, ServerOptions};
use crate::snapshot::{AccountSnapshot, ConnectionSnapshot, ServerSnapshot, SubscriptionSnapshot};
use crate::span::{SpanSink, SyncSpans};
use crate::state::{Identity, OptionsError, Settings, Shared};
use jetkv_engine::EngineError;
use jetkv_engine::env::Env;
use parking_lot::Mutex;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::task::JoinHandle;

/// A server. Dropping it stops accepting; [`Server::shutdown`] also says goodbye to the clients.
///
/// It needs a tokio runtime with time and I/O, and has its tasks there.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    identity: Identity,
    address: SocketAddr,
    listening: Mutex<Option<JoinHandle<()>>>,
    monitor: Option<Monitor>,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The options are wrong.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// It cannot listen.
    #[error("cannot listen on {host}:{port}")]
    Listen {
        /// The host of the options.
        host: String,
        /// The port of the options.
        port: u16,
        /// Why.
        source: io::Error,
    },
    /// The streams of an account cannot be opened.
    #[error("cannot open the streams of account {account}")]
    Store {
        /// Name of the account.
        account: String,
        /// Why.
        source: EngineError,
    },
}

impl StartError {
    /// Says whether another process has the data open.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Store { source: EngineError::Locked { .. }, .. })
    }
}

impl Server {
    /// Starts a server; when this returns, its streams are there. Clients can connect before, and are told that it starts.
    ///
    /// # Errors
    /// [`StartError`] says which option is wrong, or why it cannot listen.
    pub async fn start(options: ServerOptions, env: Env, log: Arc<dyn LogSink>) -> Result<Self, StartError> {
        let listen = options.listen.clone();
        let failed = |source| StartError::Listen { host: listen.host.clone(), port: listen.port, source };
        // Everything is checked before the port is taken.
        let id = encode_server_id(std::array::from_fn(|_| env.entropy.next_u64()));
        let mut identity = Identity { id, host: options.listen.host.clone(), port: options.listen.port };
        Settings::new(options.clone(), &identity)?;
        let listener = listener::bind(&options.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        identity.port = address.port();
        let settings = Settings::new(options, &identity)?;
        let shared = Arc::new(Shared::new(settings, env, log));
        let monitor = Self::start_monitor(&shared, address).await?;
        let listening = tokio::spawn(listener::accept(Arc::clone(&shared), listener));
        tokio::spawn(release(Arc::downgrade(&shared)));
        // Who comes while streams are opened gets answers that say so. If they cannot be opened, dropping the server ends it.
        let server = Self { shared, identity, address, listening: Mutex::new(Some(listening)), monitor };
        js::start(&server.shared).await?;
        server.shared.has_started();
        server.shared.log(LogLevel::Info, format_args!("Listening for client connections on {address}"));
        Ok(server)
    }

    async fn start_monitor(shared: &Arc<Shared>, clients: SocketAddr) -> Result<Option<Monitor>, StartError> {
        let settings = shared.settings();
        let Some(http) = &settings.options.http else { return Ok(None) };
        let failed = |source| {
            let (host, port) = (http.listen.host.clone(), http.listen.port);
            StartError::Listen { host, port, source }
        };
        match Monitor::start(shared, http, clients).await {
            // Nobody asked for it.
            Err(error) if http.if_taken == IfTaken::Elsewhere => {
                shared.log(LogLevel::Warning, format_args!("http cannot listen: {error}"));
                Ok(None)
            }
            started => started.map(Some).map_err(failed),
        }
    }

    /// Returns where the monitoring listens, if there is any.
    #[must_use]
    pub fn monitor_addr(&self) -> Option<SocketAddr> {
        self.monitor.as_ref().map(Monitor::address)
    }

    /// Serves what the monitoring does not know on its port, too; once, and for good.
    pub fn carry(&self, extension: Arc<dyn HttpExtension>) {
        if let Some(monitor) = &self.monitor {
            monitor.carry(extension);
        }
    }

    /// Tells `sink` what takes how long from now on; once, and for good.
    pub fn trace_to(&self, sink: Arc<dyn SpanSink>) {
        let spans = &self.shared.spans;
        spans.send_to(sink);
        for account in self.shared.accounts.all() {
            if let Some(jetstream) = account.jetstream() {
                let (account, spans) = (account.name().into(), spans.clone());
                jetstream.store.observe_syncs(Arc::new(SyncSpans { account, spans }));
            }
        }
    }

    /// Returns a page of the monitoring as its port serves it, such as `/varz`; `None` without monitoring or such a page.
    #[must_use]
    pub fn page(&self, path: &str, query: &str) -> Option<Vec<u8>> {
        self.monitor.as_ref()?.page(path, query)
    }

    /// Says whether clients have to show something to be let in.
    #[must_use]
    pub fn requires_login(&self) -> bool {
        self.shared.settings().users.without_connect().is_none()
    }

    /// Says whether there are users, or a token: without any, everybody may do everything.
    #[must_use]
    pub fn knows_users(&self) -> bool {
        self.shared.settings().users.is_required()
    }

    /// Lets somebody in as a client with the same credentials would be; `None` if they are not good.
    pub async fn admit(&self, shown: &Shown) -> Option<Guest> {
        Guest::admit(&self.shared, shown).await
    }

    /// Returns where clients connect, with the port that the server really has.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Returns the server's id, 56 characters that begin with `N`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.identity.id
    }

    /// Returns what the server is like now.
    #[must_use]
    pub fn snapshot(&self) -> ServerSnapshot {
        self.shared.snapshot()
    }

    /// Returns the accounts in the order of their names.
    #[must_use]
    pub fn accounts(&self) -> Vec<AccountSnapshot> {
        self.shared.account_snapshots()
    }

    /// Returns the connections in the order of their numbers.
    #[must_use]
    pub fn connections(&self) -> Vec<ConnectionSnapshot> {
        self.shared.connection_snapshots()
    }

    /// Returns the last connections that ended, 1,024 at most, the oldest first.
    #[must_use]
    pub fn closed_connections(&self) -> Vec<ConnectionSnapshot> {
        self.shared.clients.closed()
    }

    /// Returns at most `max` subscriptions, of the connection with this number or of all, in no order.
    #[must_use]
    pub fn subscriptions(&self, connection: Option<u64>, max: usize) -> Vec<SubscriptionSnapshot> {
        self.shared.subscription_snapshots(connection, max)
    }

    /// Takes over new options: users, permissions, certificates, limits and times. Clients whose user is gone or changed are
    /// closed. Where it listens, and where streams are stored, stays as it is.
    ///
    /// # Errors
    /// [`OptionsError`]; then nothing has changed.
    pub fn reload(&self, options: ServerOptions) -> Result<(), OptionsError> {
        let settings = Settings::new(options, &self.identity)?;
        self.shared.replace_settings(settings);
        self.shared.clients.all().iter().for_each(|client| client.outbound.refresh());
        self.monitor.iter().for_each(Monitor::reloaded);
        self.shared.log(LogLevel::Info, format_args!("Reloaded server configuration"));
        Ok(())
    }

    /// Closes one connection; says whether it was there.
    pub fn close_connection(&self, id: u64) -> bool {
        let client = self.shared.clients.get(id);
        client.inspect(|client| client.outbound.leave(CloseReason::Kicked)).is_some()
    }

    /// Stops accepting, closes all connections, and waits until they are gone, 5 seconds at most.
    pub async fn shutdown(&self) {
        self.stop_listening().await;
        self.shared.log(LogLevel::Info, format_args!("Initiating Shutdown..."));
        self.shared
            .clients
            .all()
            .iter()
            .for_each(|client| client.outbound.leave(CloseReason::ServerShutdown));
        let left = tokio::time::timeout(GOODBYES, self.shared.clients.wait_empty()).await;
        if left.is_err() {
            let count = self.shared.clients.len();
            self.shared.log(LogLevel::Warning, format_args!("{count} connections did not end in time"));
        }
        js::stop(&self.shared).await;
        self.shared.log(LogLevel::Info, format_args!("Server Exiting.."));
    }

    /// Stops accepting and closes the connections one by one, so that clients find other servers without a rush; returns when all
    /// are gone (PROTOCOL 8.6).
    pub async fn lame_duck(&self) {
        self.stop_listening().await;
        lame_duck::say_goodbye(&self.shared).await;
    }

    async fn stop_listening(&self) {
        let listening = self.listening.lock().take();
        if let Some(listening) = listening {
            listening.abort();
            // It ends by being aborted; then the port is free.
            let _ = listening.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(listening) = self.listening.lock().take() {
            listening.abort();
        }
    }
}

/// Gives memory back that connections needed once, until the server is gone.
async fn release(shared: Weak<Shared>) {
    loop {
        tokio::time::sleep(RELEASE_EVERY).await;
        let Some(shared) = shared.upgrade() else { return };
        shared.pending.release();
    }
}

/// How often half of the memory goes back that nobody needed meanwhile.
const RELEASE_EVERY: Duration = Duration::from_secs(10);
/// How long connections may take to end.
const GOODBYES: Duration = Duration::from_secs(5);
