//! The options of a server, checked, with what is made of them.

use crate::auth::{AuthError, Nonce, Users};
use crate::options::ServerOptions;
use crate::tls::{Tls, TlsError};
use crate::version;
use jetkv_wire::info::Info;
use jetkv_wire::parse;
use std::sync::Arc;

/// Settings that hold until the next reload.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The options as they were given.
    pub(crate) options: ServerOptions,
    /// Who may connect.
    pub(crate) users: Arc<Users>,
    /// How handshakes go; none without TLS.
    pub(crate) tls: Option<Tls>,
    /// What INFO says to everybody.
    info: Info,
}

/// Why options cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// Users, accounts or permissions.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// Certificates and keys.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A limit that leaves no room for anything.
    #[error("{name} must not be 0")]
    Zero {
        /// The limit.
        name: &'static str,
    },
    /// A payload that no connection could ever be sent.
    #[error("max_payload {max_payload} is larger than max_pending {max_pending}")]
    PayloadAbovePending {
        /// The payload.
        max_payload: u32,
        /// What may wait.
        max_pending: u64,
    },
    /// A server name with a space in it.
    #[error("server name {name:?} has a space")]
    ServerName {
        /// The name.
        name: String,
    },
}

/// What stays the same in all settings of one server.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// The server's id.
    pub(crate) id: String,
    /// Where it really listens.
    pub(crate) host: String,
    /// The port that it really has.
    pub(crate) port: u16,
}

impl Settings {
    /// Checks options and makes settings of them; reads certificates.
    pub(crate) fn new(options: ServerOptions, identity: &Identity) -> Result<Self, OptionsError> {
        check(&options)?;
        let users = Arc::new(Users::new(&options.auth)?);
        let tls = options.tls.as_ref().map(Tls::new).transpose()?;
        let info = info(&options, identity, &users);
        Ok(Self { options, users, tls, info })
    }

    /// Returns what INFO says to one client.
    pub(crate) fn info(&self, client_id: u64, client_ip: String, nonce: Option<&Nonce>) -> Info {
        Info {
            client_id,
            client_ip,
            nonce: nonce.map_or_else(String::new, |nonce| nonce.as_str().to_owned()),
            ..self.info.clone()
        }
    }

    /// Returns the server's id.
    pub(crate) fn server_id(&self) -> &str {
        &self.info.server_id
    }

    /// Returns the server's name.
    pub(crate) fn server_name(&self) -> &str {
        &self.info.server_name
    }

    /// Returns what the parser needs to know.
    pub(crate) fn parse_limits(&self) -> parse::Limits {
        let widen = |limit: u32| usize::try_from(limit).unwrap_or(usize::MAX);
        parse::Limits {
            max_control_line: widen(self.options.limits.max_control_line),
            max_payload: widen(self.options.limits.max_payload),
        }
    }
}

fn check(options: &ServerOptions) -> Result<(), OptionsError> {
    let limits = &options.limits;
    let zeros = [
        ("max_connections", limits.max_connections == 0),
        ("max_subscriptions", limits.max_subscriptions == 0),
        ("max_control_line", limits.max_control_line == 0),
        ("max_payload", limits.max_payload == 0),
        ("max_pending", limits.max_pending == 0),
        ("ping_interval", options.keep_alive.ping_interval.is_zero()),
        ("write_deadline", options.keep_alive.write_deadline.is_zero()),
    ];
    if let Some((name, _)) = zeros.into_iter().find(|(_, is_zero)| *is_zero) {
        return Err(OptionsError::Zero { name });
    }
    if u64::from(limits.max_payload) > limits.max_pending {
        let (max_payload, max_pending) = (limits.max_payload, limits.max_pending);
        return Err(OptionsError::PayloadAbovePending { max_payload, max_pending });
    }
    match &options.server_name {
        Some(name) if name.contains(' ') => Err(OptionsError::ServerName { name: name.clone() }),
        _ => Ok(()),
    }
}

fn info(options: &ServerOptions, identity: &Identity, users: &Users) -> Info {
    let advertised = options.client_advertise.as_deref().and_then(|text| text.rsplit_once(':'));
    let advertised = advertised.and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
    let (host, port) = advertised.unwrap_or_else(|| (identity.host.clone(), identity.port));
    let tls = options.tls.as_ref();
    Info {
        server_id: identity.id.clone(),
        server_name: options.server_name.clone().unwrap_or_else(|| identity.id.clone()),
        version: version::VERSION.to_owned(),
        proto: version::PROTOCOL,
        go: version::COMPILER.to_owned(),
        host,
        port,
        headers: true,
        auth_required: users.asks(),
        tls_required: tls.is_some_and(|tls| !tls.allow_non_tls),
        tls_verify: tls.is_some_and(|tls| tls.verify || tls.verify_and_map),
        tls_available: tls.is_some_and(|tls| tls.allow_non_tls),
        max_payload: u64::from(options.limits.max_payload),
        jetstream: options.jetstream.is_some(),
        domain: options.jetstream.as_ref().and_then(|each| each.domain.clone()).unwrap_or_default(),
        api_lvl: version::API_LEVEL,
        ..Info::default()
    }
}
