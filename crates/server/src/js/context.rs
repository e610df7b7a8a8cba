//! What a connection's task lends to JetStream while it handles one message.

use crate::account::Account;
use crate::auth::Permissions;
use crate::router::{Msg, Publisher};
use std::sync::Arc;

/// The surroundings of one message, or of one answer that waited for its commit.
#[derive(Debug)]
pub(crate) struct Ctx<'a> {
    /// The account of the connection.
    pub(crate) account: &'a Arc<Account>,
    /// The way to subscribers; the connection flushes it.
    pub(crate) publisher: &'a mut Publisher,
    /// What the user may do; none is everything.
    pub(crate) permissions: Option<&'a Arc<Permissions>>,
}

impl Ctx<'_> {
    /// Sends an answer to all who subscribe to `to`. Without a reply subject there is nobody to answer.
    pub(crate) fn reply(&mut self, to: Option<&[u8]>, headers: &[u8], payload: &[u8]) {
        if let Some(to) = to {
            self.publisher.deliver(&self.account.router, &Msg { subject: to, reply: None, headers, payload });
        }
    }
}
