//! References in a script to what a server has said, resolved for each server by itself.
//!
//! | reference | stands for |
//! | --- | --- |
//! | `@{name:ID}` | the name of the consumer that step ID created |
//! | `@{ack:CONN:SID:N}` | the reply subject of message N of a subscription, counted from 0 and modulo their number |
//! | `@{flow:CONN:SID}` | the reply subject of its newest flow control request |
//! | `@{pin:CONN:SID}` | the pin in its newest message |
//! | `@{time:STREAM:SEQ}` | when that message was stored |
//! | `@{last:STREAM}` | the stream's last sequence |
//! | `@{last:STREAM:SUBJECT}` | the sequence of the subject's last message, or 0 |
//! | `@{deliver:ID}` | the deliver subject that the answer to step ID names |

use crate::record::Record;
use serde_json::Value;
use testkit::nats::Message;

/// Where references are looked up.
pub(crate) struct Lookup<'a> {
    /// What the server has sent.
    pub(crate) record: &'a Record,
    /// Asks the server as its administrator: subject and body in, JSON out.
    pub(crate) ask: &'a mut dyn FnMut(&str, &str) -> Option<Value>,
    /// The times that were looked up, and what stands for them where a server repeats them.
    pub(crate) times: Vec<(String, String)>,
}

impl Lookup<'_> {
    /// Returns `text` with its references replaced, or `None` if one of them leads nowhere.
    pub(crate) fn resolve(&mut self, text: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.windows(2).position(|pair| pair == b"@{") {
            let length = rest[start..].iter().position(|byte| *byte == b'}')?;
            out.extend_from_slice(&rest[..start]);
            let reference = std::str::from_utf8(&rest[start + 2..start + length]).ok()?;
            out.extend_from_slice(&self.lookup(reference)?);
            rest = &rest[start + length + 1..];
        }
        out.extend_from_slice(rest);
        Some(out)
    }

    fn lookup(&mut self, reference: &str) -> Option<Vec<u8>> {
        let words: Vec<&str> = reference.split(':').collect();
        match words.as_slice() {
            ["name", id] => self.answer_field(id, "name"),
            ["deliver", id] => self.answer_field(id, "deliver_subject"),
            ["ack", conn, sid, nth] => {
                let is_delivery = |message: &&Message| reply_begins(message, b"$JS.ACK.");
                let replies: Vec<_> =
                    self.record.received(conn.parse().ok()?, sid).filter(is_delivery).collect();
                let nth: usize = nth.parse().ok()?;
                replies.get(nth.checked_rem(replies.len())?)?.reply.clone()
            }
            ["flow", conn, sid] => {
                let is_request = |message: &&Message| reply_begins(message, b"$JS.FC.");
                self.record.received(conn.parse().ok()?, sid).rfind(is_request)?.reply.clone()
            }
            ["pin", conn, sid] => {
                let mut pins = self
                    .record
                    .received(conn.parse().ok()?, sid)
                    .filter_map(|message| message.header("Nats-Pin-Id"));
                pins.next_back().map(String::into_bytes)
            }
            ["time", stream, seq] => {
                let answer = self.get_message(stream, &format!("{{\"seq\":{seq}}}"))?;
                let time = answer["message"]["time"].as_str()?;
                self.times.push((time.to_owned(), format!("<time of {seq} in {stream}>")));
                Some(time.into())
            }
            ["last", stream] => {
                let answer = (self.ask)(&format!("$JS.API.STREAM.INFO.{stream}"), "")?;
                Some(answer["state"]["last_seq"].as_u64()?.to_string().into_bytes())
            }
            ["last", stream, subject] => {
                let answer = self.get_message(stream, &format!("{{\"last_by_subj\":\"{subject}\"}}"))?;
                Some(answer["message"]["seq"].as_u64().unwrap_or(0).to_string().into_bytes())
            }
            _ => None,
        }
    }

    fn get_message(&mut self, stream: &str, body: &str) -> Option<Value> {
        (self.ask)(&format!("$JS.API.STREAM.MSG.GET.{stream}"), body)
    }

    /// Returns a text field of the answer to a step.
    fn answer_field(&self, id: &str, field: &str) -> Option<Vec<u8>> {
        let sid = format!("s{id}");
        let conns = 0..CONNECTIONS_MAX;
        let answer = conns.filter_map(|conn| self.record.received(conn, &sid).next()).next()?;
        let text = String::from_utf8_lossy(&answer.payload);
        let (_, rest) = text.split_once(&format!("\"{field}\":\""))?;
        rest.split_once('"').map(|(value, _)| value.as_bytes().to_vec())
    }
}

fn reply_begins(message: &Message, prefix: &[u8]) -> bool {
    message.reply.as_deref().is_some_and(|reply| reply.starts_with(prefix))
}

/// More connections than any script opens.
const CONNECTIONS_MAX: usize = 16;
