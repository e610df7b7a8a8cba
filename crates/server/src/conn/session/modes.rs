//! How a client wants to be treated.

use jetkv_wire::connect::Connect;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// What CONNECT said; before it, the defaults of a client that sends none (PROTOCOL 1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Modes {
    /// Every operation that is accepted is answered by `+OK`.
    pub(super) verbose: bool,
    /// Subjects of publishes are checked.
    pub(super) pedantic: bool,
    /// The client hears its own messages.
    pub(super) echo: bool,
    /// HPUB is allowed.
    pub(super) headers: bool,
    /// The client is told when nobody listens.
    pub(super) no_responders: bool,
    /// A CONNECT was accepted.
    pub(super) connected: bool,
    /// The second INFO of the connection.
    info: SecondInfo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SecondInfo {
    /// The client did not ask for it yet.
    NotAsked,
    /// It goes after the next PONG.
    Due,
    /// It was sent.
    Sent,
}

impl Default for Modes {
    fn default() -> Self {
        Self {
            verbose: true,
            pedantic: true,
            echo: true,
            headers: false,
            no_responders: false,
            connected: false,
            info: SecondInfo::NotAsked,
        }
    }
}

impl Modes {
    /// Takes over what a CONNECT says.
    pub(super) fn connect(&mut self, connect: &Connect) {
        self.verbose = connect.verbose;
        self.pedantic = connect.pedantic;
        self.echo = connect.echo;
        self.headers = connect.headers;
        self.no_responders = connect.no_responders;
        self.connected = true;
        if connect.protocol >= 1 && self.info == SecondInfo::NotAsked {
            self.info = SecondInfo::Due;
        }
    }

    /// Returns what another CONNECT means: where it says nothing, what was said before holds.
    pub(super) fn complete<'a>(&self, json: &'a [u8]) -> Cow<'a, [u8]> {
        let Ok(mut fields) = serde_json::from_slice::<Map<String, Value>>(json) else {
            return Cow::Borrowed(json);
        };
        for (name, before) in [
            ("verbose", self.verbose),
            ("pedantic", self.pedantic),
            ("echo", self.echo),
            ("headers", self.headers),
            ("no_responders", self.no_responders),
        ] {
            fields.entry(name).or_insert(Value::Bool(before));
        }
        serde_json::to_vec(&fields).map_or(Cow::Borrowed(json), Cow::Owned)
    }

    /// Says whether the second INFO is due, which it is once.
    pub(super) fn take_info_due(&mut self) -> bool {
        let is_due = self.info == SecondInfo::Due;
        if is_due {
            self.info = SecondInfo::Sent;
        }
        is_due
    }
}
