//! What one server has sent during a script, sorted into lists whose order is promised.

use crate::Area;
use crate::fault::Fault;
use crate::mask::{Names, masked};
use crate::script::Script;
use std::collections::{BTreeMap, BTreeSet};
use testkit::nats::{Frame, Message};

/// A list of what came back: within it order is compared, between lists there is none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// What is no message, on this connection.
    Connection(usize),
    /// The messages of one subscription.
    Subscription(usize, String),
    /// The messages of a queue group, whoever got them; in no order.
    Queue(String),
    /// The statuses that tell that nobody is there, on this connection, at subjects that the script chose.
    Nobody(usize),
}

/// One thing that came back.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    Frame(Frame),
    Closed,
    Garbage(String),
}

#[derive(Debug, Clone)]
struct Item {
    event: Event,
    /// It was caused by a step of its own connection and came after the answer to that step's `PING`.
    is_late: bool,
}

/// Everything that one server has sent.
#[derive(Debug, Default)]
pub(crate) struct Record {
    lists: BTreeMap<Key, Vec<Item>>,
    heartbeats: BTreeMap<(usize, String), Vec<Frame>>,
    pongs: BTreeMap<usize, usize>,
    errors: BTreeMap<usize, usize>,
    closed: BTreeSet<usize>,
    names: Names,
    /// The script as text; what stands in it is no name that the server made up.
    script: String,
    fault: Option<Fault>,
    messages: usize,
    /// The connection that acts, and the `PONG` behind which its own frames are late; not for streams, which answer
    /// when they are ready.
    acting: Option<(usize, usize)>,
    promises_order: bool,
}

impl Record {
    pub(crate) fn new(script: &Script, fault: Option<Fault>) -> Self {
        Self {
            script: script.to_string(),
            fault,
            promises_order: script.area == Area::Core,
            ..Self::default()
        }
    }

    /// Tells who acts now, and how many `PONG`s that connection will have had when its step is done.
    pub(crate) fn begin(&mut self, conn: usize, pongs: usize) {
        self.acting = self.promises_order.then_some((conn, pongs));
    }

    /// Adds what came back on the connection `conn`.
    pub(crate) fn add(&mut self, conn: usize, event: Event) {
        let event = match event {
            // Asked when the server likes; nothing to compare.
            Event::Frame(Frame::Ping) => return,
            Event::Frame(Frame::Message(message)) => match self.message(conn, message) {
                Some(message) => Event::Frame(Frame::Message(message)),
                None => return,
            },
            other => other,
        };
        match &event {
            Event::Frame(Frame::Pong) => *self.pongs.entry(conn).or_default() += 1,
            Event::Frame(Frame::Err(_)) => *self.errors.entry(conn).or_default() += 1,
            Event::Closed | Event::Garbage(_) => drop(self.closed.insert(conn)),
            Event::Frame(_) => {}
        }
        let key = key_of(conn, &event);
        let is_late = matches!(key, Key::Subscription(..))
            && self.acting.is_some_and(|(own, pongs)| own == conn && self.pongs(conn) >= pongs);
        self.lists.entry(key).or_default().push(Item { event, is_late });
    }

    /// Looks at a message before it is listed; heartbeats go elsewhere.
    fn message(&mut self, conn: usize, message: Message) -> Option<Message> {
        let sid = String::from_utf8_lossy(&message.sid).into_owned();
        if message.status().is_some_and(|status| status.starts_with("100 Idle Heartbeat")) {
            self.heartbeats.entry((conn, sid)).or_default().push(Frame::Message(message));
            return None;
        }
        self.learn_name(&message, &sid);
        let at = self.messages;
        self.messages += 1;
        match &self.fault {
            Some(fault) if fault.at == at => fault.apply(message, &self.names),
            _ => Some(message),
        }
    }

    /// Lets `label` stand for what this server alone says.
    pub(crate) fn learn(&mut self, name: &str, label: String) {
        self.names.add(name, label);
    }

    /// Learns the name of a consumer that the script did not name.
    fn learn_name(&mut self, message: &Message, sid: &str) {
        let text = String::from_utf8_lossy(&message.payload);
        if !text.contains("consumer_create_response") {
            return;
        }
        let name = text.split_once(r#""name":""#).and_then(|(_, rest)| rest.split_once('"'));
        if let Some((name, _)) = name.filter(|(name, _)| name.len() >= 8 && !self.script.contains(name)) {
            self.names.add(name, format!("<consumer of {sid}>"));
        }
    }

    /// Returns how many `PONG`s have come on this connection.
    pub(crate) fn pongs(&self, conn: usize) -> usize {
        self.pongs.get(&conn).copied().unwrap_or(0)
    }

    /// Returns how many errors have come on this connection.
    pub(crate) fn errors(&self, conn: usize) -> usize {
        self.errors.get(&conn).copied().unwrap_or(0)
    }

    /// Returns whether the server has closed this connection.
    pub(crate) fn is_closed(&self, conn: usize) -> bool {
        self.closed.contains(&conn)
    }

    /// Forgets that the connection was closed, since it is opened again.
    pub(crate) fn reopen(&mut self, conn: usize) {
        self.closed.remove(&conn);
    }

    /// Returns how many messages have come, without heartbeats.
    pub(crate) fn messages(&self) -> usize {
        self.messages
    }

    /// Returns how long each list is.
    pub(crate) fn counts(&self) -> BTreeMap<&Key, usize> {
        self.lists.iter().map(|(key, items)| (key, items.len())).collect()
    }

    /// Returns the messages of a subscription.
    pub(crate) fn received(
        &self,
        conn: usize,
        sid: &str,
    ) -> impl DoubleEndedIterator<Item = &Message> + use<'_> {
        let items = self.lists.get(&Key::Subscription(conn, sid.to_owned())).map_or(&[][..], Vec::as_slice);
        items.iter().filter_map(|item| match &item.event {
            Event::Frame(Frame::Message(message)) => Some(message),
            _ => None,
        })
    }

    /// Returns the heartbeats of a subscription.
    pub(crate) fn heartbeats(&self, conn: usize, sid: &str) -> &[Frame] {
        self.heartbeats.get(&(conn, sid.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// Adds the newest heartbeat of a subscription to what is compared.
    pub(crate) fn compare_heartbeat(&mut self, conn: usize, sid: &str) {
        if let Some(frame) = self.heartbeats(conn, sid).last().cloned() {
            let key = Key::Subscription(conn, sid.to_owned());
            self.lists.entry(key).or_default().push(Item { event: Event::Frame(frame), is_late: false });
        }
    }

    /// Returns all keys.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.lists.keys()
    }

    /// Returns a list from its item `from` on as text for comparison; a queue's list always whole and sorted.
    pub(crate) fn shown(&self, key: &Key, from: usize) -> Vec<String> {
        let items = self.lists.get(key).map_or(&[][..], Vec::as_slice);
        let show = |item: &Item| {
            let text = match &item.event {
                Event::Frame(frame) => masked(&without_member(frame, key), &self.names),
                Event::Closed => "closed".to_owned(),
                Event::Garbage(text) => format!("no frame of a server: {text}"),
            };
            if item.is_late { format!("{text} (after PONG)") } else { text }
        };
        if matches!(key, Key::Queue(_)) {
            let mut all: Vec<_> = items.iter().map(show).collect();
            all.sort();
            return all;
        }
        items.iter().skip(from).map(show).collect()
    }
}

fn key_of(conn: usize, event: &Event) -> Key {
    let Event::Frame(Frame::Message(message)) = event else { return Key::Connection(conn) };
    let sid = String::from_utf8_lossy(&message.sid).into_owned();
    let is_inbox = message.subject.starts_with(b"_INBOX.");
    if !is_inbox
        && message.status().is_some_and(|status| status == "503")
        && message.header("Nats-Subject").is_some()
    {
        return Key::Nobody(conn);
    }
    match sid.strip_prefix('q').and_then(|rest| rest.split_once('_')) {
        Some((group, _)) => Key::Queue(group.to_owned()),
        None => Key::Subscription(conn, sid),
    }
}

/// Returns the frame without the name of the subscription that got it, where that is chance.
fn without_member(frame: &Frame, key: &Key) -> Frame {
    match (frame, key) {
        (Frame::Message(message), Key::Queue(group)) => {
            Frame::Message(Message { sid: group.clone().into_bytes(), ..message.clone() })
        }
        (Frame::Message(message), Key::Nobody(_)) => {
            Frame::Message(Message { sid: b"any".to_vec(), ..message.clone() })
        }
        _ => frame.clone(),
    }
}
