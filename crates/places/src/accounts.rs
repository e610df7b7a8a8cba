//! Accounts: each test has one of its own, so that many can share a server.

use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The account of one test. User and password are its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account(String);

impl Account {
    /// Returns an account that no other test of this process has.
    ///
    /// # Panics
    /// If more are asked for than the configuration has.
    #[must_use]
    pub fn next() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        assert!(number < ACCOUNTS, "more than {ACCOUNTS} accounts are used");
        Self(format!("account{number}"))
    }

    /// Returns user and password.
    #[must_use]
    pub fn login(&self) -> (&str, &str) {
        (&self.0, &self.0)
    }
}

/// Returns the part of a configuration file that has them all.
pub(crate) fn configuration() -> String {
    let mut text = String::from("accounts {\n");
    for number in 0..ACCOUNTS {
        let name = format!("account{number}");
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "  {name}: {{ jetstream: enabled, users: [{{ user: {name}, password: {name} }}] }}"
        );
    }
    text.push_str("  $SYS: { users: [{ user: sys, password: sys }] }\n}\n");
    text
}

static NEXT: AtomicUsize = AtomicUsize::new(0);
const ACCOUNTS: usize = 300;
