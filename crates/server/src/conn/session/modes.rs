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
    /// What the client understands; from 1 on, an INFO at any time.
    protocol: i64,
    /// The first PONG after a CONNECT, which has an INFO behind it for who understands that.
    first_pong: FirstPong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FirstPong {
    /// It is still to come.
    Due,
    /// It was sent; whatever other CONNECTs say, no INFO follows another one.
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
            protocol: 0,
            first_pong: FirstPong::Due,
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
        self.protocol = connect.protocol;
        self.connected = true;
    }

    /// Returns what another CONNECT means: where it says nothing, what was said before holds.
    pub(super) fn complete<'a>(&self, json: &'a [u8]) -> Cow<'a, [u8]> {
        // Read as leniently as the first one: `null` says nothing, and what is no text is replaced.
        let text = String::from_utf8_lossy(json);
        let Ok(fields) = serde_json::from_str::<Option<Map<String, Value>>>(&text) else {
            return Cow::Borrowed(json);
        };
        let mut fields = fields.unwrap_or_default();
        fields.retain(|_, value| !value.is_null());
        for (name, before) in [
            ("verbose", Value::Bool(self.verbose)),
            ("pedantic", Value::Bool(self.pedantic)),
            ("echo", Value::Bool(self.echo)),
            ("headers", Value::Bool(self.headers)),
            ("no_responders", Value::Bool(self.no_responders)),
            ("protocol", Value::from(self.protocol)),
        ] {
            if !fields.keys().any(|said| said.eq_ignore_ascii_case(name)) {
                fields.insert(name.to_owned(), before);
            }
        }
        serde_json::to_vec(&fields).map_or(Cow::Borrowed(json), Cow::Owned)
    }

    /// Notes that a PONG is sent, and says whether an INFO goes behind it.
    pub(super) fn note_pong(&mut self) -> bool {
        let is_first = self.connected && self.first_pong == FirstPong::Due;
        if is_first {
            self.first_pong = FirstPong::Sent;
        }
        is_first && self.protocol >= 1
    }
}
