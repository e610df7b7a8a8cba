//! Lines about every operation of a client, for who asked for them.

use super::Session;
use crate::log::LogLevel;
use jetkv_wire::parse::ClientOp;

impl Session {
    /// Logs an operation. Payloads are given by their size, and of CONNECT nothing but that it came: both may hold secrets.
    pub(super) fn trace(&self, op: &ClientOp<'_>) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).escape_debug().to_string();
        let optional =
            |bytes: Option<&[u8]>| bytes.map_or_else(String::new, |bytes| format!(" {}", text(bytes)));
        let line = match op {
            ClientOp::Connect(_) => "CONNECT {…}".to_owned(),
            ClientOp::Pub(message) => {
                let verb = if message.hpub { "HPUB" } else { "PUB" };
                let bytes = message.headers.len() + message.payload.len();
                format!("{verb} {}{} {bytes}", text(message.subject), optional(message.reply))
            }
            ClientOp::Sub { subject, queue, sid } => {
                format!("SUB {}{} {}", text(subject), optional(*queue), text(sid))
            }
            ClientOp::Unsub { sid, max } => {
                format!("UNSUB {}{}", text(sid), max.map_or_else(String::new, |max| format!(" {max}")))
            }
            ClientOp::Ping => "PING".to_owned(),
            ClientOp::Pong => "PONG".to_owned(),
            ClientOp::Info(_) => "INFO".to_owned(),
            ClientOp::Ok => "+OK".to_owned(),
            ClientOp::Err => "-ERR".to_owned(),
        };
        let (peer, id) = (self.client.peer(), self.client.id());
        self.server.log(LogLevel::Trace, format_args!("{peer} - cid:{id} - <<- [{line}]"));
    }
}
