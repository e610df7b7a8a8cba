//! The console and the HTTP door of a running server, on the port of its monitoring.

use super::about;
use jetkv::{ConnectOptions, JetStream};
use jetkv_console::{
    About, Access, Console, Credentials, Front, Guard, Hosts, Login, LoginError, LoginFuture, Options,
    Rights, Seat, VALUE_BYTES_MAX, Way,
};
use jetkv_server::http::{HttpAnswer, HttpBody, HttpExtension, HttpIncoming, Request, Response};
use jetkv_server::options::{HandshakeFirst, ServerOptions};
use jetkv_server::{Server, Shown};
use parking_lot::RwLock;
use serde_json::Value;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Weak};

/// The door of a server, or why there is none.
pub(super) enum Door {
    /// There is none; the text says why.
    None(&'static str),
    /// It lets people in.
    Open(Console),
    /// It lets nobody in; the text says why.
    Shut(Console, &'static str),
}

impl Door {
    /// Opens the door of `server` on its HTTP port, if it has one. `names` are those under which browsers may know it.
    pub(super) fn of(server: &Arc<Server>, now: &Now, names: &[String]) -> Self {
        let Some(at) = server.monitor_addr() else { return Self::None("off") };
        let options = now.options();
        if options.jetstream.is_none() {
            return Self::None("off: there are no streams");
        }
        let users = Users { server: Arc::downgrade(server), now: now.clone(), at: at.ip() };
        let shut = users.shut(server);
        let about = {
            let (server, now) = (Arc::downgrade(server), now.clone());
            let told = move |server: Arc<Server>| about::told(&server, &now.options());
            About::new(move || server.upgrade().map_or(Value::Null, &told))
        };
        let guard = Guard { names: names.to_vec() };
        let access = Access::PerUser(Arc::new(users));
        let value_bytes_max = usize::try_from(options.limits.max_payload).unwrap_or(VALUE_BYTES_MAX);
        let console = Console::new(Options { access, guard, about, value_bytes_max });
        // Behind a port that others reach, addresses such as those of Prometheus are names that nobody has listed.
        let hosts = if at.ip().is_loopback() { Hosts::Known } else { Hosts::Any };
        server.carry(Arc::new(Carried { console: console.clone(), hosts }));
        match shut {
            None => Self::Open(console),
            Some(reason) => Self::Shut(console, reason),
        }
    }

    pub(super) fn console(&self) -> Option<&Console> {
        match self {
            Self::None(_) => None,
            Self::Open(console) | Self::Shut(console, _) => Some(console),
        }
    }

    /// Returns what is wrong with it.
    pub(super) fn remark(&self) -> Option<&'static str> {
        match self {
            Self::None(reason) | Self::Shut(_, reason) => Some(reason),
            Self::Open(_) => None,
        }
    }
}

/// The options of the server as its last reload left them. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Now(Arc<RwLock<Arc<ServerOptions>>>);

impl Now {
    pub(super) fn new(options: ServerOptions) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(options))))
    }

    /// Tells that these hold from now on.
    pub(super) fn set(&self, options: ServerOptions) {
        *self.0.write() = Arc::new(options);
    }

    fn options(&self) -> Arc<ServerOptions> {
        Arc::clone(&self.0.read())
    }
}

/// The console in the words of the server's HTTP port.
#[derive(Debug)]
struct Carried {
    console: Console,
    hosts: Hosts,
}

impl HttpExtension for Carried {
    fn serves(&self, path: &str) -> bool {
        Console::serves(path)
    }

    fn links(&self) -> &'static [(&'static str, &'static str)] {
        &[("/console/", "Console"), ("/v1/openapi.json", "Buckets and keys over HTTP (OpenAPI)")]
    }

    fn refuse(&self, request: &Request<HttpIncoming>) -> Option<Response<HttpBody>> {
        let refusal = self.console.refuse(request.method(), request.headers(), self.hosts);
        refusal.map(|response| response.map(HttpBody::of))
    }

    fn answer(&self, request: Request<HttpIncoming>) -> HttpAnswer {
        if let Some(answer) = self.console.answer_at_once(&request) {
            return HttpAnswer::now(answer.map(HttpBody::whole));
        }
        let console = self.console.clone();
        HttpAnswer::later(async move { console.answer(request).await.map(HttpBody::of) })
    }
}

/// The users of the server, as they are when somebody comes.
struct Users {
    server: Weak<Server>,
    now: Now,
    /// Where the door is.
    at: IpAddr,
}

impl Users {
    /// Says why nobody is let in, if that is so.
    fn shut(&self, server: &Server) -> Option<&'static str> {
        if self.now.options().tls.as_ref().is_some_and(|tls| tls.verify || tls.verify_and_map) {
            return Some(CERTIFICATES);
        }
        (!server.knows_users() && !self.at.is_loopback()).then_some(OPEN_TO_ALL)
    }
}

impl Login for Users {
    fn login(&self, credentials: Credentials) -> LoginFuture {
        let server = self.server.upgrade();
        let options = self.now.options();
        let shut = server.as_ref().and_then(|server| self.shut(server));
        let from_afar = !self.at.is_loopback();
        Box::pin(async move {
            let server = server.ok_or_else(|| LoginError::Unavailable("the server is stopping".into()))?;
            if let Some(reason) = shut {
                return Err(LoginError::Closed(reason.into()));
            }
            let shown = match credentials.clone() {
                // Whom the server takes without credentials, it takes from this machine only.
                Credentials::None if from_afar => return Err(LoginError::Denied),
                Credentials::None => Shown::default(),
                Credentials::Password { user, password } => Shown { user, password, ..Shown::default() },
                Credentials::Token(token) => Shown { token, ..Shown::default() },
            };
            let guest = server.admit(&shown).await.ok_or(LoginError::Denied)?;
            let store = guest.store().ok_or_else(|| LoginError::Unavailable(NO_STREAMS.into()))?;
            let front = front(server.local_addr(), &options, &credentials);
            let may_publish = (!guest.may_publish_everything())
                .then(|| -> Rights { Arc::new(move |subject| guest.may_publish(subject)) });
            Ok(Seat::new(JetStream::on_store(store), front, may_publish))
        })
    }
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
        // It is this server: its certificate is the right one, whatever names are in it.
        connect = connect.require_tls().server_certificate(&tls.cert_file);
        if tls.handshake_first == HandshakeFirst::Always {
            connect = connect.tls_first();
        }
    }
    Front::Other(Arc::new(Way::new(move || {
        let connect = connect.clone();
        Box::pin(async move { JetStream::connect_with(connect).await })
    })))
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Users")
    }
}

const OPEN_TO_ALL: &str = "shut: the server asks nobody who they are, and its HTTP port can be reached from other machines; \
                           configure users, or let the port listen on 127.0.0.1";
const CERTIFICATES: &str = "shut: the server asks clients for certificates, and its HTTP port does not";
const NO_STREAMS: &str = "the account of this user has no streams";
