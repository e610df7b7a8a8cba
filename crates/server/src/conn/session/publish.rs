//! PUB and HPUB (PROTOCOL 1.8, 1.11).

use super::Session;
use super::permission_cache::Allowed;
use crate::auth::Permissions;
use crate::conn::close::CloseReason;
use crate::convert::to_u64;
use crate::js::{self, Ctx, Handled};
use crate::router::Msg;
use crate::system;
use jetkv_wire::parse::Pub;
use jetkv_wire::{header, subject};
use std::sync::Arc;

impl Session {
    /// Publishes one message.
    ///
    /// # Errors
    /// HPUB without header support ends the connection.
    pub(super) fn publish<'a>(
        &mut self,
        message: &Pub<'a>,
        run: &mut js::Run<'a>,
    ) -> Result<(), CloseReason> {
        if message.hpub && !self.modes.headers {
            return Err(CloseReason::Protocol(None));
        }
        self.counts.in_messages += 1;
        self.counts.in_bytes += to_u64(message.headers.len() + message.payload.len());
        if self.modes.pedantic
            && !(subject::is_literal(message.subject) && subject::valid_publish(message.subject))
        {
            self.refuse("Invalid Publish Subject");
        }
        if !self.may_publish(message) {
            return Ok(());
        }
        self.acknowledge();
        let Pub { subject, reply, headers, payload, .. } = *message;
        self.route(&Msg { subject, reply, headers, payload }, run);
        Ok(())
    }

    /// Does what waits for the operations behind it.
    pub(super) fn finish_run(&mut self, run: &mut js::Run<'_>) {
        let Some(who) = &self.who else { return };
        let permissions = who.identity.permissions.as_ref();
        let mut ctx = Ctx { account: &who.account, publisher: &mut self.publisher, permissions };
        run.finish(&mut ctx, &mut self.pending);
    }

    fn route<'a>(&mut self, msg: &Msg<'a>, run: &mut js::Run<'a>) {
        let Some(who) = &self.who else { return };
        let routed = self.publisher.deliver(&who.account.router, msg);
        let permissions = who.identity.permissions.as_ref();
        let mut ctx = Ctx { account: &who.account, publisher: &mut self.publisher, permissions };
        let mut handled = js::publish(&mut ctx, &mut self.pending, run, msg);
        if handled == Handled::No && self.server.is_starting() {
            handled = js::refuse_while_starting(&mut ctx, msg);
        }
        if handled == Handled::No && msg.subject.starts_with(system::PREFIX) {
            handled = system::request(&self.server, &who.identity, &mut ctx, msg);
        }
        if routed.delivered > 0 || handled == Handled::Yes || !self.modes.no_responders {
            return;
        }
        if let Some(reply) = msg.reply {
            let headers = header::no_responders(msg.subject);
            let status = Msg { subject: reply, reply: None, headers: &headers, payload: &[] };
            self.publisher.deliver_to(&who.account.router, self.client.id(), &status);
        }
    }

    /// Says whether the user may send this message; if not, it is told.
    fn may_publish(&mut self, message: &Pub<'_>) -> bool {
        if let Some(reply) = message.reply.filter(|reply| subject::is_reserved_reply(reply)) {
            let text = String::from_utf8_lossy(reply);
            self.refuse(&format!("Permissions Violation for Publish with Reply of \"{text}\""));
            return false;
        }
        let Some(permissions) = self.who.as_ref().and_then(|who| who.identity.permissions.as_ref()) else {
            return true;
        };
        let permissions = Arc::clone(permissions);
        if self.is_allowed(&permissions, message.subject) {
            return true;
        }
        let text = String::from_utf8_lossy(message.subject);
        self.refuse(&format!("Permissions Violation for Publish to \"{text}\""));
        false
    }

    fn is_allowed(&mut self, permissions: &Permissions, subject: &[u8]) -> bool {
        let ask = || if permissions.may_publish(subject) { Allowed::Yes } else { Allowed::No };
        self.allowed.look_up(subject, ask) == Allowed::Yes
            || permissions.responses().is_some() && self.outbound.locked(|buffer| buffer.may_respond(subject))
    }
}
