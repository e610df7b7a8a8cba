//! Whether the credentials of a CONNECT are good.

use super::certificate::CertificateNames;
use super::nkey::{Nonce, PublicKey};
use super::password::Password;
use super::permissions::Permissions;
use super::users::{GLOBAL_ACCOUNT, User, Users};
use crate::options::Secret;
use std::sync::Arc;

/// What a client shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Credentials<'a> {
    /// `auth_token`
    pub(crate) token: &'a str,
    /// `user`
    pub(crate) user: &'a str,
    /// `pass`
    pub(crate) password: &'a str,
    /// `nkey`
    pub(crate) nkey: &'a str,
    /// `sig`
    pub(crate) signature: &'a str,
    /// `jwt`; not supported.
    pub(crate) jwt: &'a str,
    /// Names that the client certificate holds, if those say who the user is.
    pub(crate) certificate: Option<&'a CertificateNames>,
    /// What the nonce of INFO was, if it had one.
    pub(crate) nonce: Option<&'a Nonce>,
}

/// Who a client is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The user; none without authentication, and with a token.
    pub(crate) user: Option<Arc<User>>,
    /// What it may do; none is everything.
    pub(crate) permissions: Option<Arc<Permissions>>,
}

/// What is known without a costly computation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The credentials are good.
    Accepted(Identity),
    /// They are not.
    Refused,
    /// They are if this bcrypt hash is that of this text.
    IfHashed {
        /// The hash.
        hash: Secret,
        /// What the client showed.
        shown: Secret,
        /// Who it is then; none if there is no such user, and the hash is computed so that the time does not tell.
        identity: Option<Identity>,
    },
}

impl Identity {
    /// Returns the name of the account.
    pub(crate) fn account(&self) -> &str {
        self.user.as_ref().map_or(GLOBAL_ACCOUNT, |user| &user.account)
    }

    fn of(user: &Arc<User>) -> Self {
        Self { user: Some(Arc::clone(user)), permissions: user.permissions.clone() }
    }
}

impl Users {
    /// Returns who a client is before its CONNECT, if it may act at all.
    pub(crate) fn without_connect(&self) -> Option<Identity> {
        match &self.no_auth_user {
            Some(user) => Some(Identity::of(user)),
            None => (!self.is_required()).then(|| self.anybody()),
        }
    }

    /// Decides about the credentials of a CONNECT.
    pub(crate) fn check(&self, shown: &Credentials<'_>) -> Verdict {
        if !self.is_required() {
            return Verdict::Accepted(self.anybody());
        }
        if let Some(names) = shown.certificate {
            return self.by_certificate(names, shown.password);
        }
        if let Some(token) = &self.token {
            return by_password(token, shown.token, self.anybody());
        }
        if !shown.nkey.is_empty() {
            return self.by_nkey(shown);
        }
        if !shown.user.is_empty() {
            let Some(user) = self.by_name.get(shown.user) else { return self.nobody(shown.password) };
            let Some(password) = user.password.as_ref().filter(|_| user.may_use_tcp()) else {
                return Verdict::Refused;
            };
            return by_password(password, shown.password, Identity::of(user));
        }
        let shows_nothing =
            [shown.token, shown.password, shown.signature, shown.jwt].iter().all(|each| each.is_empty());
        match &self.no_auth_user {
            Some(user) if shows_nothing => accept(user),
            _ => Verdict::Refused,
        }
    }

    /// Says whether whoever was accepted by the older table `before` would be accepted by this one, with the same rights.
    pub(crate) fn still_accepts(&self, before: &Self, identity: &Identity) -> bool {
        match &identity.user {
            Some(user) => self.still_has(user),
            None => {
                self.token == before.token
                    && self.is_required() == before.is_required()
                    && self.permissions == before.permissions
            }
        }
    }

    /// The certificate says who it is; a password that the user has is needed nevertheless.
    fn by_certificate(&self, names: &CertificateNames, password: &str) -> Verdict {
        let by_alternative = names.alternatives().find_map(|name| self.by_name.get(name));
        let by_subject = || names.subject().and_then(|subject| self.by_subject.get(subject));
        match by_alternative.or_else(by_subject).filter(|user| user.may_use_tcp()) {
            Some(user) => match &user.password {
                Some(stored) => by_password(stored, password, Identity::of(user)),
                None => Verdict::Refused,
            },
            None => Verdict::Refused,
        }
    }

    fn by_nkey(&self, shown: &Credentials<'_>) -> Verdict {
        let user = PublicKey::parse(shown.nkey).and_then(|key| Some((key, self.by_key.get(&key)?)));
        match (user, shown.nonce) {
            (Some((key, user)), Some(nonce)) if key.has_signed(nonce, shown.signature) => accept(user),
            _ => Verdict::Refused,
        }
    }

    /// Refuses a user that does not exist in the time that one with a hashed password takes.
    fn nobody(&self, password: &str) -> Verdict {
        match &self.decoy {
            Some(hash) => {
                Verdict::IfHashed { hash: hash.clone(), shown: Secret::new(password), identity: None }
            }
            None => Verdict::Refused,
        }
    }

    fn anybody(&self) -> Identity {
        Identity { user: None, permissions: self.permissions.clone() }
    }
}

fn by_password(stored: &Password, shown: &str, identity: Identity) -> Verdict {
    match (stored.verify_text(shown), stored) {
        (Some(true), _) => Verdict::Accepted(identity),
        (None, Password::Bcrypt(hash)) => {
            Verdict::IfHashed { hash: hash.clone(), shown: Secret::new(shown), identity: Some(identity) }
        }
        _ => Verdict::Refused,
    }
}

fn accept(user: &Arc<User>) -> Verdict {
    if user.may_use_tcp() { Verdict::Accepted(Identity::of(user)) } else { Verdict::Refused }
}

impl User {
    /// Says whether the user may connect over TCP; this server has no other way in.
    fn may_use_tcp(&self) -> bool {
        self.connection_types.is_empty() || self.connection_types.iter().any(|each| each == "STANDARD")
    }
}

#[cfg(test)]
mod tests;
