//! CONNECT (PROTOCOL 1.5, 1.15).

use super::{Session, Who};
use crate::account::{Account, Joined};
use crate::auth::{Credentials, Identity, Verdict};
use crate::conn::close::CloseReason;
use crate::conn::outbound::HeaderSupport;
use crate::log::LogLevel;
use crate::router::Origin;
use jetkv_wire::connect::Connect;
use jetkv_wire::info::Info;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A CONNECT whose password is being hashed.
pub(super) struct Waiting {
    is_right: Pin<Box<dyn Future<Output = bool> + Send>>,
    connect: Connect,
    /// Who it is if it is; none for a user that does not exist.
    identity: Option<Identity>,
}

impl Session {
    /// Does a CONNECT, or begins to wait for the hash of its password.
    pub(super) fn connect(&mut self, json: &[u8]) -> Result<(), CloseReason> {
        let json = if self.modes.connected { self.modes.complete(json) } else { json.into() };
        let connect = Connect::parse(&json).map_err(|_| CloseReason::Protocol(None))?;
        if !connect.account.is_empty() || connect.new_account {
            return Err(CloseReason::Unauthorized);
        }
        let shown = Credentials {
            token: &connect.auth_token,
            user: &connect.user,
            password: &connect.pass,
            nkey: &connect.nkey,
            signature: &connect.sig,
            jwt: &connect.jwt,
            certificate: self.certificate.as_ref(),
            nonce: self.nonce.as_ref(),
        };
        match self.settings.users.check(&shown) {
            Verdict::Accepted(identity) => self.connected(&connect, identity),
            Verdict::Refused => Err(self.unauthorized(&connect)),
            Verdict::IfHashed { hash, shown, identity } => {
                let is_right = Box::pin(self.server.hasher.clone().verify(hash, shown));
                self.waiting = Some(Waiting { is_right, connect, identity });
                Ok(())
            }
        }
    }

    /// Goes on with a CONNECT when the hash of its password is known; ready when none waits.
    pub(crate) fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), CloseReason>> {
        let Some(waiting) = &mut self.waiting else { return Poll::Ready(Ok(())) };
        let is_right = ready!(waiting.is_right.as_mut().poll(cx));
        let Some(Waiting { connect, identity, .. }) = self.waiting.take() else { return Poll::Ready(Ok(())) };
        Poll::Ready(match identity.filter(|_| is_right) {
            Some(identity) => self.connected(&connect, identity),
            None => Err(self.unauthorized(&connect)),
        })
    }

    /// Takes over who the client is, and what follows from that.
    pub(super) fn become_somebody(&mut self, identity: Identity) -> Result<(), CloseReason> {
        let account = self.server.accounts.get(identity.account()).ok_or(CloseReason::Unauthorized)?;
        self.drop_subscriptions();
        if let Some(before) = self.who.take() {
            before.account.leave();
        }
        if account.join() == Joined::Full {
            return Err(CloseReason::TooManyAccountConnections);
        }
        self.limit_payload(&account);
        self.allowed.clear();
        let responses = identity.permissions.as_ref().and_then(|each| each.responses().cloned());
        self.outbound.locked(|buffer| buffer.set_responses(responses));
        self.client.describe(|about| {
            about.account = account.name().into();
            about.user = identity.user.as_ref().map(|user| user.name.as_str().into());
        });
        self.who = Some(Who { account, identity });
        Ok(())
    }

    /// Lets payloads be at most as large as server and account allow.
    pub(super) fn limit_payload(&mut self, account: &Account) {
        let of_account = account.limits().max_payload.and_then(|max| usize::try_from(max).ok());
        let of_server = self.settings.parse_limits().max_payload;
        self.limits.max_payload = of_account.map_or(of_server, |max| max.min(of_server));
    }

    /// Returns the INFO that follows the first PONG.
    pub(super) fn connect_info(&self) -> Info {
        let account = self.who.as_ref().map_or_else(String::new, |who| who.account.name().to_owned());
        Info {
            connect_info: true,
            acc_is_sys: account == self.server.accounts.system_name(),
            remote_account: account,
            ..self.settings.info(self.client.id(), self.client.peer().ip().to_string(), self.nonce.as_ref())
        }
    }

    fn connected(&mut self, connect: &Connect, identity: Identity) -> Result<(), CloseReason> {
        if !(0..=1).contains(&connect.protocol) {
            return Err(CloseReason::Protocol(Some("invalid client protocol")));
        }
        if connect.no_responders && !connect.headers {
            return Err(CloseReason::Protocol(Some("no responders requires headers support")));
        }
        self.become_somebody(identity)?;
        self.modes.connect(connect);
        let headers = if connect.headers { HeaderSupport::Full } else { HeaderSupport::None };
        self.outbound.locked(|buffer| buffer.set_headers(headers));
        let id = self.client.id();
        self.publisher.set_origin(if connect.echo { Origin::Connection } else { Origin::WithoutEcho(id) });
        if connect.protocol >= 1 {
            self.client.set_takes_async_info();
        }
        self.client.describe(|about| {
            about.name = connect.name.as_str().into();
            about.lang = connect.lang.as_str().into();
            about.version = connect.version.as_str().into();
        });
        self.acknowledge();
        Ok(())
    }

    fn unauthorized(&self, connect: &Connect) -> CloseReason {
        let (peer, id) = (self.client.peer(), self.client.id());
        // The name is the client's; `Debug` escapes what could forge a line.
        let user = &connect.user;
        self.server
            .log(LogLevel::Error, format_args!("{peer} - cid:{id} - authentication error - User {user:?}"));
        CloseReason::Unauthorized
    }
}
