//! Deliveries and statuses on their way to connections.

use super::Place;
use crate::js::events::Events;
use crate::js::state::JetStream;
use crate::router::{Msg, Publisher, Router};
use jetkv_jetstream::Content;
use jetkv_jetstream::consumer::{Advisory, ConsumerKey, Delivery, Handover, Sink, Status};
use jetkv_wire::header;

/// Writes what consumers send straight into the buffers of connections.
#[derive(Debug)]
pub(crate) struct Out<'a> {
    publisher: &'a mut Publisher,
    router: &'a Router,
    reply: Vec<u8>,
    block: Vec<u8>,
    /// Consumers that deleted themselves, with the names of those that are stored.
    abandoned: Vec<(ConsumerKey, Option<String>)>,
    deliveries: u64,
    /// Whose advisories they are: all that a stream's consumers report, by its name.
    jetstream: &'a JetStream,
    stream: &'a str,
}

impl<'a> Out<'a> {
    pub(crate) fn new(publisher: &'a mut Publisher, place: Place<'a>) -> Self {
        let Place { router, jetstream, stream, .. } = place;
        Self {
            publisher,
            router,
            reply: Vec::new(),
            block: Vec::new(),
            abandoned: Vec::new(),
            deliveries: 0,
            jetstream,
            stream,
        }
    }

    /// Returns how many messages were delivered since the last time.
    pub(super) fn take_deliveries(&mut self) -> u64 {
        std::mem::take(&mut self.deliveries)
    }

    /// Returns the consumers that deleted themselves, with the names of those that are stored.
    pub(super) fn take_abandoned(&mut self) -> Vec<(ConsumerKey, Option<String>)> {
        std::mem::take(&mut self.abandoned)
    }
}

impl Sink for Out<'_> {
    fn deliver(&mut self, delivery: &Delivery<'_>) -> Handover {
        self.reply.clear();
        delivery.write_ack_subject(&mut self.reply);
        let message = delivery.message;
        let (headers, payload) = match delivery.content {
            Content::Full if delivery.pin.is_some() => {
                self.block.clear();
                self.block.extend_from_slice(message.headers.as_block());
                (&[][..], &message.payload[..])
            }
            Content::Full => (&message.headers.as_block()[..], &message.payload[..]),
            Content::HeadersOnly => {
                self.block.clear();
                self.block.extend_from_slice(message.headers.as_block());
                let size = crate::convert::to_u64(message.payload.len());
                header::append_u64(&mut self.block, b"Nats-Msg-Size", size);
                (&[][..], &[][..])
            }
        };
        let is_made = delivery.pin.is_some() || delivery.content == Content::HeadersOnly;
        if let Some(pin) = delivery.pin {
            header::set(&mut self.block, b"Nats-Pin-Id", pin.as_bytes());
        }
        let headers = if is_made { &self.block[..] } else { headers };
        let msg = Msg { subject: message.subject.as_bytes(), reply: Some(&self.reply), headers, payload };
        let to = delivery.to.as_bytes();
        match self.publisher.deliver_within(self.router, to, WAITING_BYTES_MAX, &msg) {
            None => Handover::Busy,
            Some(routed) if routed.delivered > 0 => {
                self.deliveries += 1;
                Handover::Taken
            }
            Some(_) => Handover::NoInterest,
        }
    }

    fn status(&mut self, to: &str, status: &Status<'_>) -> Handover {
        self.block.clear();
        status.write_block(&mut self.block);
        let reply = status.reply().map(str::as_bytes);
        let msg = Msg { subject: to.as_bytes(), reply, headers: &self.block, payload: b"" };
        let routed = self.publisher.deliver(self.router, &msg);
        if routed.delivered > 0 { Handover::Taken } else { Handover::NoInterest }
    }

    fn has_interest(&mut self, subject: &str) -> bool {
        self.router.has_interest(subject.as_bytes())
    }

    fn advise(&mut self, advisory: &Advisory<'_>) {
        if let Advisory::Abandoned { consumer, name, is_kept } = advisory {
            self.abandoned.push((*consumer, is_kept.then(|| (*name).to_owned())));
        }
        let now = self.jetstream.store.now();
        let mut events = Events { jetstream: self.jetstream, publisher: self.publisher, router: self.router };
        events.report(self.stream, advisory, now);
    }
}

/// A consumer waits while a connection that it delivers to has so many bytes to write: a client that does not read
/// costs this much, and is not cut off for it.
const WAITING_BYTES_MAX: u64 = 4 << 20;
