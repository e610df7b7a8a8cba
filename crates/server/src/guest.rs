//! Whoever comes in by another door than a client's connection: the same users, the same rights.

use crate::account::Account;
use crate::auth::{CertificateNames, Credentials, Identity, Verdict};
use crate::state::Shared;
use jetkv_engine::Store;
use std::sync::Arc;

/// What somebody shows to be let in; empty texts are nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// Name of the user.
    pub user: String,
    /// Password of the user.
    pub password: String,
    /// A token in place of both.
    pub token: String,
}

/// Somebody who was let in.
#[derive(Debug, Clone)]
pub struct Guest {
    identity: Identity,
    account: Arc<Account>,
}

impl Guest {
    /// Lets somebody in, or not.
    pub(crate) async fn admit(shared: &Shared, shown: &Shown) -> Option<Self> {
        let settings = shared.settings();
        let maps_users = settings.tls.as_ref().is_some_and(|tls| tls.maps_users);
        let nobody = CertificateNames::default();
        let credentials = Credentials {
            user: &shown.user,
            password: &shown.password,
            token: &shown.token,
            // Where certificates say who somebody is, nobody comes in without one.
            certificate: maps_users.then_some(&nobody),
            ..Credentials::default()
        };
        let identity = match settings.users.check(&credentials) {
            Verdict::Accepted(identity) => identity,
            Verdict::Refused => return None,
            Verdict::IfHashed { hash, shown, identity } => {
                let is_right = shared.hasher.clone().verify(hash, shown).await;
                identity.filter(|_| is_right)?
            }
        };
        let account = shared.accounts.get(identity.account())?;
        Some(Self { identity, account })
    }

    /// Returns the store of the account, if it has streams.
    #[must_use]
    pub fn store(&self) -> Option<Store> {
        self.account.jetstream().map(|jetstream| jetstream.store.clone())
    }

    /// Says whether a client with these rights could publish to every subject.
    #[must_use]
    pub fn may_publish_everything(&self) -> bool {
        self.identity.permissions.is_none()
    }

    /// Says whether a client with these rights could publish to `subject`.
    #[must_use]
    pub fn may_publish(&self, subject: &str) -> bool {
        let permissions = self.identity.permissions.as_ref();
        permissions.is_none_or(|permissions| permissions.may_publish(subject.as_bytes()))
    }
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shown").field("user", &self.user).finish_non_exhaustive()
    }
}
