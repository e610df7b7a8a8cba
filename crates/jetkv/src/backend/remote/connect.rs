//! Making a connection: servers, login, TLS, and what is noted while it lives.

use super::error::{Denial, RemoteError, of_connect};
use super::pinned;
use crate::ConnectOptions;
use crate::connect_options::{Login, without_secrets};
use async_nats::{Client, Event, ServerAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// What a connection tells while it lives.
#[derive(Debug, Clone)]
pub(super) struct Events {
    /// Grows each time the connection was lost and is there again.
    pub(super) reconnects: watch::Sender<u64>,
    /// The last permission violation.
    pub(super) denials: watch::Sender<Denial>,
}

/// Connects to one of the servers.
pub(super) async fn connect(options: &ConnectOptions) -> Result<(Client, Events), RemoteError> {
    let servers = without_secrets(&options.urls);
    let addresses = addresses(&options.urls)?;
    let events = Events { reconnects: watch::Sender::new(0), denials: watch::Sender::new(None) };
    let nats = login(async_nats::ConnectOptions::new(), options, &addresses).await?;
    let nats = tls(nats, options)?;
    let nats = match &options.inbox_prefix {
        Some(prefix) => nats.custom_inbox_prefix(prefix),
        None => nats,
    };
    let noted = events.clone();
    let nats = nats
        .name(&options.name)
        .connection_timeout(options.connect_timeout)
        .request_timeout(None)
        .ping_interval(PING_INTERVAL)
        .reconnect_delay_callback(reconnect_delay)
        .event_callback(move |event| {
            note(&noted, event);
            std::future::ready(())
        });
    let connecting = tokio::time::timeout(options.connect_timeout, nats.connect(addresses));
    match connecting.await {
        Ok(Ok(client)) => Ok((client, events)),
        Ok(Err(error)) => Err(of_connect(&servers, &error)),
        Err(_) => Err(RemoteError::Unavailable {
            reason: format!("no connection to {servers} within {:?}", options.connect_timeout),
        }),
    }
}

fn addresses(urls: &str) -> Result<Vec<ServerAddr>, RemoteError> {
    let urls: Vec<_> = urls.split(',').map(str::trim).filter(|url| !url.is_empty()).collect();
    let invalid = |url: &str, reason: String| RemoteError::InvalidOption {
        option: format!("server {:?}", without_secrets(url)),
        reason,
    };
    if urls.is_empty() {
        return Err(invalid("", "at least one server is needed, as in nats://host:4222".into()));
    }
    let parse = |url: &&str| {
        let address: ServerAddr = url.parse().map_err(|error| invalid(url, format!("{error}")))?;
        match address.scheme() {
            "nats" | "tls" => Ok(address),
            scheme => {
                Err(invalid(url, format!("scheme {scheme}:// is not supported, use nats:// or tls://")))
            }
        }
    };
    urls.iter().map(parse).collect()
}

async fn login(
    nats: async_nats::ConnectOptions,
    options: &ConnectOptions,
    addresses: &[ServerAddr],
) -> Result<async_nats::ConnectOptions, RemoteError> {
    let unusable = |what: &str, error: std::io::Error| RemoteError::InvalidOption {
        option: what.into(),
        reason: error.to_string(),
    };
    Ok(match &options.login {
        Login::Url => {
            let Some(address) = addresses.iter().find(|address| address.has_user_pass()) else {
                return Ok(nats);
            };
            let user = decoded(address.username().unwrap_or_default())?;
            match address.password() {
                Some(password) => nats.user_and_password(user, decoded(password)?),
                // A URL with one word before the @ carries a token.
                None => nats.token(user),
            }
        }
        Login::User { user, password } => nats.user_and_password(user.clone(), password.clone()),
        Login::Token(token) => nats.token(token.clone()),
        Login::Nkey(seed) => nats.nkey(seed.trim().to_owned()),
        Login::Credentials(text) => nats.credentials(text).map_err(|error| unusable("credentials", error))?,
        Login::CredentialsFile(path) => nats
            .credentials_file(path)
            .await
            .map_err(|error| unusable(&format!("credentials file {}", path.display()), error))?,
    })
}

/// Reads a part of a URL, in which some characters cannot stand for themselves.
fn decoded(part: &str) -> Result<String, RemoteError> {
    let text = percent_encoding::percent_decode_str(part).decode_utf8();
    text.map(Into::into).map_err(|error| RemoteError::InvalidOption {
        option: "user and password in the URL".into(),
        reason: error.to_string(),
    })
}

fn tls(
    mut nats: async_nats::ConnectOptions,
    options: &ConnectOptions,
) -> Result<async_nats::ConnectOptions, RemoteError> {
    if options.tls.required {
        nats = nats.require_tls(true);
    }
    if options.tls.first {
        nats = nats.tls_first();
    }
    for path in &options.tls.roots {
        nats = nats.add_root_certificates(path.clone());
    }
    if let Some((certificate, key)) = &options.tls.identity {
        nats = nats.add_client_certificate(certificate.clone(), key.clone());
    }
    if let Some(path) = &options.tls.pinned {
        nats = nats.tls_client_config(pinned::config(path)?);
    }
    Ok(nats)
}

fn note(events: &Events, event: Event) {
    match event {
        // It comes when the connection is made for the first time as well; nothing is under way then that it could disturb.
        Event::Connected => events.reconnects.send_modify(|count| *count += 1),
        Event::ServerError(error) => {
            let text = error.to_string();
            if text.to_ascii_lowercase().contains("permissions violation") {
                events.denials.send_replace(Some(Arc::from(text)));
            }
        }
        _ => {}
    }
}

/// A server that was restarted is back soon; one that is gone need not be asked more than once a second.
fn reconnect_delay(attempts: usize) -> Duration {
    let doublings = u32::try_from(attempts).unwrap_or(u32::MAX).min(6);
    (RECONNECT_DELAY_MIN * 2_u32.pow(doublings)).min(RECONNECT_DELAY_MAX)
}

const RECONNECT_DELAY_MIN: Duration = Duration::from_millis(20);
const RECONNECT_DELAY_MAX: Duration = Duration::from_secs(1);
/// A peer that vanished without a word is noticed after two of these.
const PING_INTERVAL: Duration = Duration::from_secs(5);
