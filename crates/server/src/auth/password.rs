//! Passwords and tokens: as text, or as bcrypt hash.

use crate::options::Secret;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// A stored password or token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Password {
    /// The text itself.
    Text(Secret),
    /// A bcrypt hash of it.
    Bcrypt(Secret),
}

impl Password {
    /// Takes over what the configuration says: what begins like a bcrypt hash is one.
    pub(crate) fn new(stored: &Secret) -> Self {
        let is_hash =
            ["$2a$", "$2b$", "$2x$", "$2y$"].iter().any(|prefix| stored.reveal().starts_with(prefix));
        if is_hash { Self::Bcrypt(stored.clone()) } else { Self::Text(stored.clone()) }
    }

    /// Compares in a time that does not depend on where texts differ; none if that needs [`Hasher::verify`].
    pub(crate) fn verify_text(&self, shown: &str) -> Option<bool> {
        match self {
            Self::Text(stored) => Some(is_equal(stored.reveal().as_bytes(), shown.as_bytes())),
            Self::Bcrypt(_) => None,
        }
    }
}

/// Compares without an early end.
fn is_equal(stored: &[u8], shown: &[u8]) -> bool {
    let differences = stored.iter().zip(shown).fold(0, |sum, (left, right)| sum | (left ^ right));
    stored.len() == shown.len() && std::hint::black_box(differences) == 0
}

/// Where bcrypt hashes are computed: few at a time, on threads that serve no connection, as one takes tens of milliseconds.
#[derive(Debug, Clone)]
pub(crate) struct Hasher {
    places: Arc<Semaphore>,
}

impl Hasher {
    /// Returns a hasher that computes `places` hashes at a time.
    pub(crate) fn new(places: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(places.max(1))) }
    }

    /// Says whether the hash is that of `shown`.
    pub(crate) async fn verify(self, hash: Secret, shown: Secret) -> bool {
        let Ok(place) = self.places.acquire_owned().await else { return false };
        let verified = tokio::task::spawn_blocking(move || {
            let is_right = bcrypt::verify(shown.reveal(), hash.reveal()).unwrap_or(false);
            drop(place);
            is_right
        });
        verified.await.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests;
