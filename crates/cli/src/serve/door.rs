//! The console and the HTTP door of a running server, on the port of its monitoring.

use super::start_lines::durability;
use jetkv::{ConnectOptions, JetStream};
use jetkv_console::{
    About, Access, Console, Credentials, Front, Guard, Login, LoginError, LoginFuture, Options, Rights, Seat,
    Way,
};
use jetkv_server::http::{HttpAnswer, HttpExtension, HttpIncoming, Request, http_body};
use jetkv_server::options::ServerOptions;
use jetkv_server::{Server, Shown};
use serde_json::{Value, json};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};

/// Opens the door of `server` on its HTTP port, if it has one.
pub(super) async fn open(server: &Arc<Server>, options: &ServerOptions) -> Option<Console> {
    let address = server.monitor_addr()?;
    let access = if server.requires_login() {
        Access::PerUser(Arc::new(Users { server: Arc::downgrade(server), options: options.clone() }))
    } else if address.ip().is_loopback() {
        let guest = server.admit(&Shown::default()).await?;
        let front = front(server.local_addr(), options, &Credentials::None);
        Access::Open(Seat { front, ..Seat::at(JetStream::on_store(guest.store()?)) })
    } else {
        Access::Closed(OPEN_TO_ALL.into())
    };
    let about = {
        let (server, options) = (Arc::downgrade(server), options.clone());
        About::new(move || server.upgrade().map_or(Value::Null, |server| told(&server, &options)))
    };
    let console = Console::new(Options { access, guard: Guard::default(), about });
    server.carry(Arc::new(Door(console.clone())));
    Some(console)
}

/// The console in the words of the server's HTTP port.
#[derive(Debug)]
struct Door(Console);

impl HttpExtension for Door {
    fn serves(&self, path: &str) -> bool {
        Console::serves(path)
    }

    fn answer(&self, request: Request<HttpIncoming>) -> HttpAnswer {
        let console = self.0.clone();
        Box::pin(async move { console.answer(request).await.map(http_body) })
    }
}

/// The users of the server.
struct Users {
    server: Weak<Server>,
    options: ServerOptions,
}

/// Returns the way by which everything is written: a client's, so that it is done as for any client.
fn front(at: SocketAddr, options: &ServerOptions, credentials: &Credentials) -> Front {
    let host = if at.ip().is_unspecified() { "127.0.0.1".to_owned() } else { at.ip().to_string() };
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let mut connect = ConnectOptions::new(format!("nats://{host}:{}", at.port())).name("jetkv console");
    connect = match credentials {
        Credentials::None => connect,
        Credentials::Password { user, password } => connect.user_and_password(user, password),
        Credentials::Token(token) => connect.token(token),
    };
    if let Some(tls) = &options.tls {
        connect = connect.require_tls().root_certificates(tls.ca_file.as_ref().unwrap_or(&tls.cert_file));
    }
    Front::Other(Arc::new(Way::new(move || {
        let connect = connect.clone();
        Box::pin(async move { JetStream::connect_with(connect).await })
    })))
}

impl Login for Users {
    fn login(&self, credentials: Credentials) -> LoginFuture {
        let server = self.server.upgrade();
        let options = self.options.clone();
        Box::pin(async move {
            let server = server.ok_or_else(|| LoginError::Unavailable("the server is stopping".into()))?;
            let shown = match credentials.clone() {
                Credentials::None => return Err(LoginError::Denied),
                Credentials::Password { user, password } => Shown { user, password, ..Shown::default() },
                Credentials::Token(token) => Shown { token, ..Shown::default() },
            };
            let guest = server.admit(&shown).await.ok_or(LoginError::Denied)?;
            let store = guest.store().ok_or_else(|| LoginError::Unavailable(NO_STREAMS.into()))?;
            let front = front(server.local_addr(), &options, &credentials);
            let may_publish: Rights = Arc::new(move |subject| guest.may_publish(subject));
            Ok(Seat { near: JetStream::on_store(store), front, may_publish: Some(may_publish) })
        })
    }
}

/// What the page about the server shows, from the monitoring.
fn told(server: &Server, options: &ServerOptions) -> Value {
    let page = |path: &str, query: &str| -> Value {
        let body = server.page(path, query).unwrap_or_default();
        serde_json::from_slice(&body).unwrap_or(Value::Null)
    };
    let (load, clients, streams) = (page("/varz", ""), page("/connz", CLIENTS), page("/jsz", STREAMS));
    let jetstream = options.jetstream.as_ref();
    json!({
        "version": format!("jetkv {}, NATS {}", env!("CARGO_PKG_VERSION"), jetkv_server::VERSION),
        "nats": server.local_addr().to_string(),
        "store": jetstream.map(|each| each.store_dir.display().to_string()),
        "durability": jetstream.map(|each| durability(each.sync)),
        "uptime_seconds": server.snapshot().uptime.as_secs(),
        "memory_bytes": load["mem"],
        "disk_bytes": streams["storage"],
        "connections": load["connections"],
        "subscriptions": load["subscriptions"],
        "slow_consumers": load["slow_consumers"],
        "pending_bytes": server.snapshot().pending_bytes,
        "clients": list(&clients["connections"]).map(client).collect::<Vec<_>>(),
        "watches": list(&streams["account_details"])
            .flat_map(|account| list(&account["stream_detail"]))
            .flat_map(|stream| list(&stream["consumer_detail"]))
            .take(ROWS_MAX)
            .map(watch)
            .collect::<Vec<_>>(),
    })
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn client(connection: &Value) -> Value {
    json!({
        "id": connection["cid"],
        "name": connection["name"],
        "lang": connection["lang"],
        "version": connection["version"],
        "address": format!("{}:{}", connection["ip"].as_str().unwrap_or_default(), connection["port"]),
        "pending_bytes": connection["pending_bytes"],
        "in_messages": connection["in_msgs"],
        "out_messages": connection["out_msgs"],
    })
}

fn watch(consumer: &Value) -> Value {
    json!({
        "stream": consumer["stream_name"],
        "name": consumer["name"],
        "pending": consumer["num_pending"],
        "unacknowledged": consumer["num_ack_pending"],
    })
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Users")
    }
}

const OPEN_TO_ALL: &str = "this server asks nobody who they are, and its HTTP port can be reached from other machines; \
                           configure users, or let the port listen on 127.0.0.1";
const NO_STREAMS: &str = "the account of this user has no streams";

/// Most clients and watches that the page shows.
const ROWS_MAX: usize = 100;
const CLIENTS: &str = "limit=100&sort=pending";
const STREAMS: &str = "streams=true&consumers=true&limit=100";
