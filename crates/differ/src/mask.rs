//! Frames as text, without what the list of [`crate::differences`] takes out.

use crate::differences::{MASKS, Place};
use crate::script::quoted;
use testkit::nats::{Frame, Message};

mod json;

/// Names that one server made up, and what stands for them in the comparison.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names(Vec<(String, String)>);

impl Names {
    /// Lets `label` stand for `name`.
    pub(crate) fn add(&mut self, name: &str, label: String) {
        if !self.0.iter().any(|(known, _)| known == name) {
            self.0.push((name.to_owned(), label));
        }
    }

    fn replaced(&self, mut text: String) -> String {
        for (name, label) in &self.0 {
            if text.contains(name.as_str()) {
                text = text.replace(name.as_str(), label);
            }
        }
        text
    }
}

/// Returns the frame as text for comparison and for people.
pub(crate) fn masked(frame: &Frame, names: &Names) -> String {
    match frame {
        Frame::Info(text) => format!("INFO {}", json::masked_info(&String::from_utf8_lossy(text))),
        Frame::Ping => "PING".to_owned(),
        Frame::Pong => "PONG".to_owned(),
        Frame::Ok => "+OK".to_owned(),
        Frame::Err(text) => format!("-ERR {}", inner(text)),
        Frame::Message(message) => names.replaced(message_text(message)),
    }
}

fn message_text(message: &Message) -> String {
    let verb = if message.headers.is_some() { "HMSG" } else { "MSG" };
    let mut text = format!("{verb} {} {}", inner(&message.subject), inner(&message.sid));
    if let Some(reply) = &message.reply {
        text.push_str(" reply=");
        text.push_str(&masked_subject(&inner(reply)));
    }
    if let Some(block) = &message.headers {
        text.push_str(" headers=");
        text.push_str(&masked_headers(block));
    }
    text.push(' ');
    text.push_str(&match std::str::from_utf8(&message.payload) {
        Ok(body) if body.starts_with('{') => quoted(json::masked(body).as_bytes()),
        _ => quoted(&message.payload),
    });
    text
}

/// Returns the bytes as [`quoted`], without the quotes.
fn inner(bytes: &[u8]) -> String {
    let text = quoted(bytes);
    text[1..text.len() - 1].to_owned()
}

/// Masks a subject that the server may have made.
fn masked_subject(subject: &str) -> String {
    let mut words: Vec<&str> = subject.split('.').collect();
    match words.as_slice() {
        ["$JS", "ACK", _, _, _, _, _, time, _] if is_number(time) && hides(Place::AckTime) => {
            words[7] = "<time>"
        }
        ["$JS", "FC", .., _, _] if hides(Place::FlowToken) => {
            let last = words.len() - 1;
            words[last] = "<token>";
        }
        _ => {}
    }
    words.join(".")
}

fn hides(place: Place) -> bool {
    MASKS.iter().any(|mask| mask.place == place)
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

fn masked_headers(block: &[u8]) -> String {
    let mut text = inner(block);
    for mask in MASKS {
        match mask.place {
            Place::HeaderTime(name) => {
                replace_value(&mut text, name, |value| json::is_time(value).then(|| "<time>".to_owned()));
            }
            Place::Header(name) => replace_value(&mut text, name, |_| Some("<masked>".to_owned())),
            Place::HeaderEnd(name) => replace_value(&mut text, name, |value| {
                value.rsplit_once(' ').map(|(begin, _)| format!("{begin} <masked>"))
            }),
            _ => {}
        }
    }
    replace_value(&mut text, "Nats-Subject", |value| Some(masked_subject(value)));
    replace_value(&mut text, "Nats-Consumer-Stalled", |value| Some(masked_subject(value)));
    format!("\"{text}\"")
}

/// Replaces the value of the last header of this name: a stored message may carry it too, and the server's own is last.
fn replace_value(text: &mut String, name: &str, mask: impl Fn(&str) -> Option<String>) {
    let begin = format!("\\r\\n{name}: ");
    let Some(at) = text.rfind(&begin) else { return };
    let value = at + begin.len();
    let end = text[value..].find("\\r\\n").map_or(text.len(), |length| value + length);
    if let Some(shown) = mask(&text[value..end]) {
        text.replace_range(value..end, &shown);
    }
}

#[cfg(test)]
mod tests;
