//! What a connection understands and does: the operations of one client, in order.

mod connect;
mod modes;
mod permission_cache;
mod publish;
mod subscribe;
mod trace;

use super::client::Client;
use super::close::CloseReason;
use super::input::Consumed;
use super::keep_alive::{Pings, Tick};
use super::outbound::Outbound;
use crate::account::Account;
use crate::auth::{CertificateNames, Identity, Nonce};
use crate::js::{Ctx, Pending, Run};
use crate::log::LogLevel;
use crate::router::{Origin, Publisher, Subscription};
use crate::state::{Settings, Shared};
use connect::Waiting;
use jetkv_wire::encode;
use jetkv_wire::info::Info;
use jetkv_wire::parse::{self, ClientOp, Parsed};
use modes::Modes;
use permission_cache::PermissionCache;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;

/// The state of one connection; its task owns it.
pub(super) struct Session {
    server: Arc<Shared>,
    settings: Arc<Settings>,
    client: Arc<Client>,
    outbound: Arc<Outbound>,
    publisher: Publisher,
    pending: Pending,
    nonce: Option<Nonce>,
    /// What the client certificate says, if that says who the user is.
    certificate: Option<CertificateNames>,
    limits: parse::Limits,
    /// Who the client is; none until it said so, if it has to.
    who: Option<Who>,
    modes: Modes,
    waiting: Option<Waiting>,
    subscriptions: HashMap<Box<[u8]>, Arc<Subscription>>,
    allowed: PermissionCache,
    pings: Pings,
    pinged_at: Option<Instant>,
    /// Whether the client sent any operation.
    has_acted: bool,
    counts: Counts,
    /// Whether every operation is logged.
    trace: Trace,
}

/// Whether every operation is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trace {
    On,
    Off,
}

/// After so many deliveries the receivers are woken, and other tasks may have their turn.
const DELIVERIES_PER_BATCH: usize = 16_384;

/// What credentials are checked with.
#[derive(Debug, Default)]
pub(super) struct Proofs {
    /// What the client was sent to sign.
    pub(super) nonce: Option<Nonce>,
    /// The names in its certificate, if those say who the user is.
    pub(super) certificate: Option<CertificateNames>,
}

/// Who a client is.
#[derive(Debug, Clone)]
struct Who {
    account: Arc<Account>,
    identity: Identity,
}

/// What came in and went out since it was last added up.
#[derive(Debug, Default)]
struct Counts {
    in_messages: u64,
    in_bytes: u64,
    /// What was sent in all, as far as it is added up.
    out_messages: u64,
    out_bytes: u64,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("id", &self.client.id()).finish_non_exhaustive()
    }
}

impl Session {
    /// Begins the session of a connection. With it comes the reason why it must end at once,
    /// if there is one: the account of clients without CONNECT may be full.
    pub(super) fn new(
        server: Arc<Shared>,
        settings: Arc<Settings>,
        client: Arc<Client>,
        proofs: Proofs,
    ) -> (Self, Option<CloseReason>) {
        let outbound = Arc::clone(&client.outbound);
        let publisher = Publisher::new(Origin::Connection, server.env.entropy.next_u64());
        let pending = Pending::new(Arc::clone(&server.backlog));
        let mut session = Self {
            limits: settings.parse_limits(),
            server,
            settings,
            client,
            outbound,
            publisher,
            pending,
            nonce: proofs.nonce,
            certificate: proofs.certificate,
            who: None,
            modes: Modes::default(),
            waiting: None,
            subscriptions: HashMap::new(),
            allowed: PermissionCache::default(),
            pings: Pings::new(),
            pinged_at: None,
            has_acted: false,
            counts: Counts::default(),
            trace: Trace::Off,
        };
        session.ask_for_trace();
        let identity = session.settings.users.without_connect();
        let refused = identity.and_then(|identity| session.become_somebody(identity).err());
        (session, refused)
    }

    /// Does all operations that `input` holds whole.
    ///
    /// # Errors
    /// Why the connection ends.
    pub(super) fn consume(&mut self, input: &[u8]) -> Result<Consumed, CloseReason> {
        self.pings.heard();
        self.client.heard();
        let mut run = Run::default();
        let consumed = self.apply_all(input, &mut run);
        self.finish_run(&mut run);
        consumed
    }

    fn apply_all<'a>(&mut self, input: &'a [u8], run: &mut Run<'a>) -> Result<Consumed, CloseReason> {
        let mut bytes = 0;
        while self.is_ready() && self.publisher.deliveries() < DELIVERIES_PER_BATCH {
            match parse::parse(&input[bytes..], &self.limits) {
                Ok(Parsed::Op { op, consumed }) => {
                    self.apply(op, run)?;
                    bytes += consumed;
                }
                Ok(Parsed::Incomplete { needed }) => return Ok(Consumed { bytes, needed }),
                Err(error) => return Err(self.parse_error(error)),
            }
        }
        Ok(Consumed { bytes, needed: 0 })
    }

    /// Sends the answers whose commits are done.
    pub(super) fn poll_pending(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(who) = &self.who else { return Poll::Ready(()) };
        if self.pending.is_empty() {
            return Poll::Ready(());
        }
        let permissions = who.identity.permissions.as_ref();
        let mut ctx = Ctx { account: &who.account, publisher: &mut self.publisher, permissions };
        self.pending.poll(cx, &mut ctx)
    }

    /// Returns the answers that wait, if one of them was synced in place, so that nothing was read meanwhile.
    pub(super) fn synced_in_place(&mut self) -> Option<&mut Pending> {
        self.pending.take_synced().then_some(&mut self.pending)
    }

    /// Says whether more operations can be done now.
    pub(super) fn is_ready(&self) -> bool {
        self.waiting.is_none() && !self.pending.is_full()
    }

    /// Says whether the client may act: it sent a CONNECT, or needs none.
    pub(super) fn is_known(&self) -> bool {
        self.who.is_some()
    }

    /// Says whether the client sent any operation.
    pub(super) fn has_acted(&self) -> bool {
        self.has_acted
    }

    /// Says whether a CONNECT was accepted.
    pub(super) fn is_connected(&self) -> bool {
        self.modes.connected
    }

    /// Notes that a publisher was held back.
    pub(super) fn count_stall(&self) {
        self.server.stats.add_stalled_client();
    }

    /// Ends a batch: wakes the receivers, and adds up.
    pub(super) fn end_batch(&mut self) {
        self.publisher.flush();
        let Counts { in_messages, in_bytes, .. } = self.counts;
        if in_messages > 0 {
            self.client.count_in(in_messages, in_bytes);
            self.server.stats.add_in(in_messages, in_bytes);
            if let Some(who) = &self.who {
                who.account.traffic.add_in(in_messages, in_bytes);
            }
            (self.counts.in_messages, self.counts.in_bytes) = (0, 0);
        }
    }

    /// Adds up what was sent; the arguments are the sums since the beginning.
    pub(super) fn count_out(&mut self, messages: u64, bytes: u64) {
        let (more, more_bytes) = (messages - self.counts.out_messages, bytes - self.counts.out_bytes);
        if more > 0 {
            self.server.stats.add_out(more, more_bytes);
            if let Some(who) = &self.who {
                who.account.traffic.add_out(more, more_bytes);
            }
            (self.counts.out_messages, self.counts.out_bytes) = (messages, bytes);
        }
    }

    /// Says whether a receiver of what was published is so far behind that this client should be held back.
    pub(super) fn take_crowded(&mut self) -> bool {
        self.publisher.take_crowded()
    }

    /// Pings the client if it was silent for a ping interval.
    ///
    /// # Errors
    /// [`CloseReason::Stale`] if it did not answer before.
    pub(super) fn tick(&mut self) -> Result<Duration, CloseReason> {
        match self.pings.tick(self.settings.options.keep_alive.ping_max) {
            Tick::Skip => return Ok(self.client.silence()),
            Tick::Ping => {
                self.pinged_at = Some(Instant::now());
                self.outbound.append(encode::ping);
            }
            Tick::Stale => return Err(CloseReason::Stale),
        }
        Ok(Duration::ZERO)
    }

    /// Takes over new settings after a reload.
    ///
    /// # Errors
    /// [`CloseReason::CredentialsRevoked`] if the user is gone or not the same any more.
    pub(super) fn refresh(&mut self) -> Result<(), CloseReason> {
        let settings = self.server.settings();
        let before = std::mem::replace(&mut self.settings, settings);
        self.limits = self.settings.parse_limits();
        self.ask_for_trace();
        match &self.who {
            Some(who) if !self.settings.users.still_accepts(&before.users, &who.identity) => {
                return Err(CloseReason::CredentialsRevoked);
            }
            Some(who) => self.limit_payload(&Arc::clone(&who.account)),
            None => {}
        }
        Ok(())
    }

    /// Ends the session: all subscriptions go. Answers that wait for a commit are still sent by [`Self::poll_pending`].
    pub(super) fn end(&mut self) {
        self.end_batch();
        self.drop_subscriptions();
        if let Some(who) = &self.who {
            who.account.leave();
        }
    }

    fn apply<'a>(&mut self, op: ClientOp<'a>, run: &mut Run<'a>) -> Result<(), CloseReason> {
        if self.who.is_none() && !matches!(op, ClientOp::Connect(_)) {
            return Err(CloseReason::Unauthorized);
        }
        self.has_acted = true;
        if self.trace == Trace::On {
            self.trace(&op);
        }
        if !matches!(op, ClientOp::Pub(_)) {
            self.finish_run(run);
        }
        match op {
            ClientOp::Pub(message) => self.publish(&message, run),
            ClientOp::Sub { subject, queue, sid } => {
                self.subscribe(subject, queue, sid);
                Ok(())
            }
            ClientOp::Unsub { sid, max } => {
                self.unsubscribe(sid, max);
                Ok(())
            }
            ClientOp::Ping => {
                self.pong();
                Ok(())
            }
            ClientOp::Pong => {
                if self.pings.pong() {
                    let round_trip = self.pinged_at.map(|at| at.elapsed());
                    self.client.describe(|about| about.round_trip = round_trip);
                }
                Ok(())
            }
            ClientOp::Connect(json) => self.connect(json),
            // Clients have no reason to send INFO; one that cannot be read ends the connection all the same.
            ClientOp::Info(json) if Info::parse(json).is_none() => Err(CloseReason::Protocol(None)),
            ClientOp::Info(_) | ClientOp::Ok => Ok(()),
            ClientOp::Err => Err(CloseReason::ClientClosed),
        }
    }

    fn ask_for_trace(&mut self) {
        self.trace = if self.server.log.wants(LogLevel::Trace) { Trace::On } else { Trace::Off };
    }

    fn parse_error(&self, error: parse::ParseError) -> CloseReason {
        // Before CONNECT there is nothing to learn for a client that has to send one.
        if self.who.is_none() && error == parse::ParseError::UnknownOperation {
            return CloseReason::Unauthorized;
        }
        CloseReason::Protocol(error.text())
    }

    fn pong(&mut self) {
        let info = self.modes.note_pong().then(|| self.connect_info());
        self.outbound.append(|out| {
            encode::pong(out);
            if let Some(info) = info {
                encode::info(out, &info);
            }
        });
    }

    fn refuse(&mut self, text: &str) {
        self.outbound.append(|out| encode::err(out, text));
    }

    fn acknowledge(&mut self) {
        if self.modes.verbose {
            self.outbound.append(encode::ok);
        }
    }
}
