//! Who may come in, and which place they get.

use crate::limits::{OPENED_MAX, SESSIONS_MAX};
use crate::problem::Problem;
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jetkv::{JetStream, KeyValue, KvError};
use parking_lot::{Mutex, RwLock};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Which place a request works on.
#[derive(Clone)]
pub enum Access {
    /// Whoever reaches the port may do everything.
    Open(Seat),
    /// Everybody says who they are, and works on a place that knows what they may do.
    PerUser(Arc<dyn Login>),
}

/// What somebody who was let in works on. Cheap to clone.
#[derive(Clone)]
pub struct Seat(Arc<Places>);

struct Places {
    near: JetStream,
    front: Front,
    may_publish: Option<Rights>,
    /// Buckets that were read before. One that is gone answers so itself.
    opened: RwLock<HashMap<String, KeyValue>>,
}

/// The place that knows all rules of writing.
#[derive(Clone)]
pub enum Front {
    /// The one that is read, too.
    Near,
    /// Another way to the same data, opened when it is needed.
    Other(Arc<Way>),
}

/// A way that is opened once, when somebody first goes it.
pub struct Way {
    open: Box<dyn Fn() -> WayFuture + Send + Sync>,
    place: tokio::sync::Mutex<Option<JetStream>>,
}

/// What opens a [`Way`].
pub type WayFuture = Pin<Box<dyn Future<Output = Result<JetStream, KvError>> + Send>>;

impl Way {
    /// Returns the way that `open` opens.
    pub fn new(open: impl Fn() -> WayFuture + Send + Sync + 'static) -> Self {
        Self { open: Box::new(open), place: tokio::sync::Mutex::new(None) }
    }
}

/// Says whether somebody may publish to a subject.
pub type Rights = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// What a request shows to be let in.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Nothing.
    None,
    /// Name and password: `Authorization: Basic …`.
    Password {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// A token: `Authorization: Bearer …`.
    Token(String),
}

/// Opens places for users.
pub trait Login: Send + Sync {
    /// Opens the place as the user whose credentials these are.
    fn login(&self, credentials: Credentials) -> LoginFuture;
}

/// What [`Login::login`] returns.
pub type LoginFuture = Pin<Box<dyn Future<Output = Result<Seat, LoginError>> + Send>>;

/// Why nobody is let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// The credentials are not good, or there are none.
    #[error("the credentials are not good")]
    Denied,
    /// Nobody is let in; the text says why, and what would change that.
    #[error("{0}")]
    Closed(String),
    /// It cannot be told now.
    #[error("the place cannot be reached: {0}")]
    Unavailable(String),
}

/// The places that are open, by who opened them.
pub(crate) struct Doorkeeper {
    access: Access,
    sessions: Mutex<Sessions>,
}

#[derive(Default)]
struct Sessions {
    /// The newest last. Few enough for a walk to be quicker than a hash of secrets would be safe.
    open: Vec<(Credentials, Seat)>,
    /// How often they were all forgotten.
    turn: u64,
}

impl Doorkeeper {
    pub(crate) fn new(access: Access) -> Self {
        Self { access, sessions: Mutex::default() }
    }

    /// Returns the place for a request.
    pub(crate) async fn admit(&self, headers: &HeaderMap) -> Result<Seat, Problem> {
        let login = match &self.access {
            Access::Open(seat) => return Ok(seat.clone()),
            Access::PerUser(login) => login,
        };
        let credentials = credentials(headers)?;
        if let Some(seat) = self.known(&credentials) {
            return Ok(seat);
        }
        let turn = self.sessions.lock().turn;
        match login.login(credentials.clone()).await {
            Ok(seat) => {
                self.keep(credentials, &seat, turn);
                Ok(seat)
            }
            Err(LoginError::Denied) => {
                Err(Problem::unauthorized("name and password, or a token, are needed"))
            }
            Err(LoginError::Closed(reason)) => Err(Problem::forbidden(reason)),
            Err(LoginError::Unavailable(reason)) => Err(Problem::busy(reason)),
        }
    }

    /// Returns the place for a request of somebody who is known already.
    pub(crate) fn admit_at_once(&self, headers: &HeaderMap) -> Option<Seat> {
        match &self.access {
            Access::Open(seat) => Some(seat.clone()),
            Access::PerUser(_) => self.known(&credentials(headers).ok()?),
        }
    }

    /// Forgets whom it knows, so that everybody has to be asked again.
    pub(crate) fn forget(&self) {
        let mut sessions = self.sessions.lock();
        sessions.open.clear();
        sessions.turn += 1;
    }

    fn known(&self, credentials: &Credentials) -> Option<Seat> {
        let mut sessions = self.sessions.lock();
        let at = sessions.open.iter().rposition(|(known, _)| known.same(credentials))?;
        if let Some(newer) = sessions.open.get_mut(at..) {
            newer.rotate_left(1);
        }
        sessions.open.last().map(|(_, seat)| seat.clone())
    }

    /// Remembers somebody, unless all were forgotten while they were asked.
    fn keep(&self, credentials: Credentials, seat: &Seat, turn: u64) {
        let mut sessions = self.sessions.lock();
        if sessions.turn != turn {
            return;
        }
        if sessions.open.len() >= SESSIONS_MAX {
            sessions.open.remove(0);
        }
        sessions.open.push((credentials, seat.clone()));
    }
}

impl Seat {
    /// Returns a seat at one place that is read and written alike, and asks itself who may do what.
    #[must_use]
    pub fn at(place: JetStream) -> Self {
        Self::new(place, Front::Near, None)
    }

    /// Returns a seat that reads at `near`, and writes and manages buckets at `front`. `may_publish` says whether a request may be
    /// sent; without it the places ask that themselves, or everything may.
    #[must_use]
    pub fn new(near: JetStream, front: Front, may_publish: Option<Rights>) -> Self {
        Self(Arc::new(Places { near, front, may_publish, opened: RwLock::default() }))
    }

    /// Returns the place to read at.
    pub(crate) fn near(&self) -> &JetStream {
        &self.0.near
    }

    /// Returns a bucket to read, without waiting; `None` if that cannot be.
    pub(crate) fn at_once(&self, bucket: &str) -> Option<KeyValue> {
        if self.0.near.place() != "embedded" {
            return None;
        }
        if let Some(known) = self.0.opened.read().get(bucket) {
            return Some(known.clone());
        }
        let opened = ready(self.0.near.key_value(bucket))?.ok()?;
        let mut known = self.0.opened.write();
        if known.len() >= OPENED_MAX {
            known.clear();
        }
        known.insert(bucket.to_owned(), opened.clone());
        Some(opened)
    }

    /// Forgets a bucket that could not be read.
    pub(crate) fn forget(&self, bucket: &str) {
        self.0.opened.write().remove(bucket);
    }

    /// Returns the place to write at.
    pub(crate) async fn front(&self) -> Result<JetStream, Problem> {
        let way = match &self.0.front {
            Front::Near => return Ok(self.0.near.clone()),
            Front::Other(way) => way,
        };
        let mut place = way.place.lock().await;
        if let Some(place) = &*place {
            return Ok(place.clone());
        }
        let opened = (way.open)().await?;
        *place = Some(opened.clone());
        Ok(opened)
    }

    /// Refuses what a client with the same rights could not do over the wire, by the request that it would send.
    pub(crate) fn check(&self, act: &Act<'_>) -> Result<(), Problem> {
        let Some(may_publish) = &self.0.may_publish else { return Ok(()) };
        let subject = match act {
            Act::ListBuckets => "$JS.API.STREAM.LIST".to_owned(),
            Act::Show(bucket) => format!("$JS.API.STREAM.INFO.KV_{bucket}"),
            Act::Get(bucket, key) => format!("$JS.API.DIRECT.GET.KV_{bucket}.$KV.{bucket}.{key}"),
            Act::Watch(bucket, filter) => {
                format!("$JS.API.CONSUMER.CREATE.KV_{bucket}.console.$KV.{bucket}.{filter}")
            }
            Act::Write(bucket, key) => format!("$KV.{bucket}.{key}"),
            Act::Create(bucket) => format!("$JS.API.STREAM.CREATE.KV_{bucket}"),
            Act::Edit(bucket) => format!("$JS.API.STREAM.UPDATE.KV_{bucket}"),
            Act::Delete(bucket) => format!("$JS.API.STREAM.DELETE.KV_{bucket}"),
            Act::Purge(bucket) => format!("$JS.API.STREAM.PURGE.KV_{bucket}"),
        };
        if may_publish(&subject) {
            return Ok(());
        }
        Err(Problem::forbidden(format!("no permission to publish to {subject}")))
    }
}

/// What is to be done with a bucket, and in it with a key or the keys that match a filter.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act<'a> {
    /// Tell which buckets there are.
    ListBuckets,
    /// Tell configuration and figures.
    Show(&'a str),
    /// Read a key.
    Get(&'a str, &'a str),
    /// List, watch, or read the history.
    Watch(&'a str, &'a str),
    /// Put, delete or purge a key.
    Write(&'a str, &'a str),
    /// Create the bucket.
    Create(&'a str),
    /// Change its configuration.
    Edit(&'a str),
    /// Delete it.
    Delete(&'a str),
    /// Remove entries without a trace.
    Purge(&'a str),
}

impl Credentials {
    /// Compares without telling by its time how much of a secret was right.
    fn same(&self, other: &Self) -> bool {
        let equal = |left: &str, right: &str| {
            left.len() == right.len()
                && left.bytes().zip(right.bytes()).fold(0, |all, (one, two)| all | (one ^ two)) == 0
        };
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::Password { user, password }, Self::Password { user: name, password: word }) => {
                user == name && equal(password, word)
            }
            (Self::Token(one), Self::Token(two)) => equal(one, two),
            _ => false,
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Password { user, .. } => {
                f.debug_struct("Password").field("user", user).finish_non_exhaustive()
            }
            Self::Token(_) => f.write_str("Token(..)"),
        }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open(_) => "Open",
            Self::PerUser(_) => "PerUser",
        })
    }
}

/// Returns what comes out of a future that waits for nothing; `None` if it waits.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// Reads who somebody says to be.
fn credentials(headers: &HeaderMap) -> Result<Credentials, Problem> {
    let Some(given) = headers.get(header::AUTHORIZATION) else { return Ok(Credentials::None) };
    let unreadable = || Problem::unauthorized("header Authorization is neither Basic nor Bearer");
    let (scheme, rest) = given.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(unreadable)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Credentials::Token(rest.trim().into()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(unreadable());
    }
    let decoded = STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let (user, password) = decoded.as_deref().and_then(|text| text.split_once(':')).ok_or_else(unreadable)?;
    Ok(Credentials::Password { user: user.into(), password: password.into() })
}

#[cfg(test)]
mod tests;
