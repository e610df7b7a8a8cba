//! The table of users, made of the configuration.

use super::certificate::SubjectName;
use super::nkey::PublicKey;
use super::password::Password;
use super::permissions::Permissions;
use crate::options::{AuthOptions, Credential, PermissionOptions, Secret, UserOptions};
use std::collections::HashMap;
use std::sync::Arc;

/// All users of a server, and how clients without credentials are treated.
#[derive(Debug, Default)]
pub(crate) struct Users {
    pub(super) token: Option<Password>,
    pub(super) by_name: HashMap<String, Arc<User>>,
    /// Users whose names are written like subjects of certificates.
    pub(super) by_subject: HashMap<SubjectName, Arc<User>>,
    pub(super) by_key: HashMap<PublicKey, Arc<User>>,
    pub(super) no_auth_user: Option<Arc<User>>,
    pub(super) permissions: Option<Arc<Permissions>>,
    /// A hash of somebody's password, for names that nobody has.
    pub(super) decoy: Option<Secret>,
}

/// A user.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct User {
    /// The name, or the public nkey.
    pub(crate) name: String,
    /// Name of the account it belongs to.
    pub(crate) account: String,
    /// The password; nkey users have none.
    pub(super) password: Option<Password>,
    /// What it may do; none is everything.
    pub(crate) permissions: Option<Arc<Permissions>>,
    /// How it may connect; empty is in any way.
    pub(super) connection_types: Vec<String>,
}

/// What is wrong with the users of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// Two users have one name or key.
    #[error("user {user:?} occurs twice")]
    TwiceTheUser {
        /// The name or key.
        user: String,
    },
    /// Two accounts have one name.
    #[error("account {account:?} occurs twice")]
    TwiceTheAccount {
        /// The name.
        account: String,
    },
    /// A user without a name.
    #[error("a user has no name")]
    NoName,
    /// A text that is no public nkey of a user.
    #[error("{key:?} is no public nkey of a user")]
    BadNkey {
        /// The text.
        key: String,
    },
    /// A permission that is neither a subject nor a subject and a queue.
    #[error("permission {entry:?} of user {user:?} is no subject")]
    BadSubject {
        /// The user.
        user: String,
        /// The entry.
        entry: String,
    },
    /// The user for clients without credentials is not in the lists.
    #[error("no_auth_user {user:?} is no user")]
    UnknownNoAuthUser {
        /// The name.
        user: String,
    },
    /// Token and users exclude each other.
    #[error("a token and users cannot both be configured")]
    TokenAndUsers,
}

/// Name of the account of everybody who has no other.
pub(crate) const GLOBAL_ACCOUNT: &str = "$G";

impl Users {
    /// Makes the table.
    ///
    /// # Errors
    /// [`AuthError`] says what is wrong with the configuration.
    pub(crate) fn new(options: &AuthOptions) -> Result<Self, AuthError> {
        if options.token.is_some() && !options.users.is_empty() {
            return Err(AuthError::TokenAndUsers);
        }
        let mut users = Self { token: options.token.as_ref().map(Password::new), ..Self::default() };
        let default = options.default_permissions.as_ref();
        users.permissions = default.map(|each| Permissions::new(each, "").map(Arc::new)).transpose()?;
        users.add(GLOBAL_ACCOUNT, &options.users, default)?;
        let mut names = vec![GLOBAL_ACCOUNT];
        for account in &options.accounts {
            // The global account may be listed to give it users or limits.
            if names.contains(&account.name.as_str()) && account.name != GLOBAL_ACCOUNT {
                return Err(AuthError::TwiceTheAccount { account: account.name.clone() });
            }
            names.push(&account.name);
            let default = account.default_permissions.as_ref().or(default);
            users.add(&account.name, &account.users, default)?;
        }
        if let Some(name) = &options.no_auth_user {
            let by_key = || PublicKey::parse(name).and_then(|key| users.by_key.get(&key));
            let user = users.by_name.get(name).or_else(by_key).cloned();
            users.no_auth_user =
                Some(user.ok_or_else(|| AuthError::UnknownNoAuthUser { user: name.clone() })?);
        }
        Ok(users)
    }

    /// Says whether clients have to show credentials.
    pub(crate) fn is_required(&self) -> bool {
        self.token.is_some() || !self.by_name.is_empty() || !self.by_key.is_empty()
    }

    /// Says whether INFO asks for credentials; it does not where those who show nothing are somebody.
    pub(crate) fn asks(&self) -> bool {
        self.is_required() && self.no_auth_user.is_none()
    }

    /// Says whether INFO needs a nonce.
    pub(crate) fn needs_nonce(&self) -> bool {
        !self.by_key.is_empty()
    }

    /// Says whether `user`, from an older table, is still the same in this one.
    pub(super) fn still_has(&self, user: &User) -> bool {
        let by_key = || PublicKey::parse(&user.name).and_then(|key| self.by_key.get(&key));
        self.by_name.get(&user.name).or_else(by_key).is_some_and(|known| **known == *user)
    }

    fn add(
        &mut self,
        account: &str,
        list: &[UserOptions],
        default: Option<&PermissionOptions>,
    ) -> Result<(), AuthError> {
        for options in list {
            let (name, password, key) = match &options.credential {
                Credential::Password { user, password } => {
                    (user.clone(), Some(Password::new(password)), None)
                }
                Credential::Nkey { public_key } => {
                    let key = PublicKey::parse(public_key)
                        .ok_or_else(|| AuthError::BadNkey { key: public_key.clone() })?;
                    (public_key.clone(), None, Some(key))
                }
            };
            if name.is_empty() {
                return Err(AuthError::NoName);
            }
            if let Some(Password::Bcrypt(hash)) = &password {
                self.decoy.get_or_insert_with(|| hash.clone());
            }
            let permissions = options.permissions.as_ref().or(default);
            let permissions =
                permissions.map(|each| Permissions::new(each, &name).map(Arc::new)).transpose()?;
            let user = Arc::new(User {
                name: name.clone(),
                account: account.to_owned(),
                password,
                permissions,
                connection_types: options.allowed_connection_types.clone(),
            });
            let before = match key {
                Some(key) => self.by_key.insert(key, user),
                None => {
                    let subject = SubjectName::parse(&name);
                    if subject
                        .is_some_and(|subject| self.by_subject.insert(subject, Arc::clone(&user)).is_some())
                    {
                        return Err(AuthError::TwiceTheUser { user: name });
                    }
                    self.by_name.insert(name.clone(), user)
                }
            };
            if before.is_some() {
                return Err(AuthError::TwiceTheUser { user: name });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
