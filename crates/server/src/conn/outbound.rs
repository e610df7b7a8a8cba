//! What others see of a connection: a buffer to append to, and a bell.

use super::chunks::CHUNK_BYTES;
use super::close::CloseReason;
use super::pending::{PendingTotal, STEP_BYTES};
use super::responses::Responses;
use super::spare;
use super::waiting::Waiting;
use crate::convert::to_u64;
use crate::options::ResponsePermission;
use crate::router::Msg;
use crate::snapshot::OutboundStats;
use jetkv_wire::encode;
use parking_lot::Mutex;
use std::sync::Arc;
use std::task::Waker;

/// The outward side of a connection.
///
/// The lock is held for one message at a time. All output goes through it, also that of the connection's own task, so
/// that everybody's messages stay in order.
#[derive(Debug)]
pub(crate) struct Outbound {
    id: u64,
    total: Arc<PendingTotal>,
    buffer: Mutex<Buffer>,
}

/// What waits to be written, and what the task of the connection has to know.
#[derive(Debug)]
pub(crate) struct Buffer {
    waiting: Waiting,
    /// Bytes that the task took and has not written yet.
    in_flight: u64,
    /// The part of its memory that the total knows.
    reported: u64,
    total: Arc<PendingTotal>,
    /// Whether the task runs, or is called already; it looks here before it sleeps.
    awake: bool,
    waker: Option<Waker>,
    closed: Option<CloseReason>,
    /// Why the task should end, once it has said goodbye.
    leave: Option<CloseReason>,
    refresh: Refresh,
    headers: HeaderSupport,
    responses: Option<Box<Responses>>,
    /// Sids of subscriptions that got their last message.
    ended: Vec<Box<[u8]>>,
    out_messages: u64,
    out_bytes: u64,
}

/// Whether a client understands HMSG.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderSupport {
    /// It gets header blocks.
    Full,
    /// It gets bodies only.
    None,
}

/// Whether the connection has to look at new settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refresh {
    Due,
    Done,
}

/// What a task has to do besides writing when it was woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chores {
    /// Some subscriptions got their last message: [`Outbound::take_ended`].
    pub(crate) ended: bool,
    /// There are new settings.
    pub(crate) refresh: bool,
    /// Why it should end.
    pub(crate) leave: Option<CloseReason>,
}

/// What became of bytes for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Appended {
    /// Whether they are in the buffer.
    pub(crate) taken: bool,
    /// Whether the task sleeps and must be woken.
    pub(crate) wake: bool,
    /// Whether more than half of what may wait does.
    pub(crate) crowded: bool,
}

/// What a connection's task finds when it looks.
#[derive(Debug)]
pub(crate) enum Output {
    /// Bytes to write, and what was sent in all.
    Bytes(Vec<u8>, OutboundStats),
    /// Nothing; the task may sleep.
    Nothing,
    /// Somebody closed the connection; what was left to write is gone.
    Closed(CloseReason),
}

/// What a task does when there is nothing to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// It sleeps until it is woken.
    Sleep,
    /// It does something else, and looks again.
    GoOn,
}

impl Outbound {
    /// Returns the outward side of connection `id`, whose task is awake.
    pub(crate) fn new(id: u64, total: Arc<PendingTotal>) -> Self {
        total.join();
        let buffer = Buffer {
            waiting: Waiting::default(),
            in_flight: 0,
            reported: 0,
            total: Arc::clone(&total),
            awake: true,
            waker: None,
            closed: None,
            leave: None,
            refresh: Refresh::Done,
            headers: HeaderSupport::None,
            responses: None,
            ended: Vec::new(),
            out_messages: 0,
            out_bytes: 0,
        };
        Self { id, total, buffer: Mutex::new(buffer) }
    }

    /// Returns the number of the connection.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Runs `act` on the buffer. It must be short and must not touch another connection.
    pub(crate) fn locked<T>(&self, act: impl FnOnce(&mut Buffer) -> T) -> T {
        act(&mut self.buffer.lock())
    }

    /// Appends an operation; for the connection's own task, which is awake.
    pub(crate) fn append(&self, encode: impl FnOnce(&mut Vec<u8>)) {
        self.locked(|buffer| {
            if buffer.closed.is_none() {
                buffer.waiting.push(self.total.chunks(), encode);
            }
        });
    }

    /// Wakes the task.
    pub(crate) fn wake(&self) {
        let waker = self.locked(|buffer| buffer.waker.clone());
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Appends an operation from outside, and wakes the task.
    pub(crate) fn send(&self, encode: impl FnOnce(&mut Vec<u8>)) {
        self.append(encode);
        self.wake_up();
    }

    /// Has the connection end, after it has answered what it did. The first reason counts.
    pub(crate) fn leave(&self, reason: CloseReason) {
        self.locked(|buffer| buffer.leave = buffer.leave.or(Some(reason)));
        // Also if the task counts as awake: it may wait for a client that never reads.
        self.wake();
    }

    /// Tells the task to look at new settings.
    pub(crate) fn refresh(&self) {
        self.locked(|buffer| buffer.refresh = Refresh::Due);
        self.wake();
    }

    /// Notes that the task runs, and how to wake it; says what it has to do.
    pub(crate) fn woken(&self, waker: &Waker) -> Chores {
        self.locked(|buffer| {
            buffer.awake = true;
            if !buffer.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
                buffer.waker = Some(waker.clone());
            }
            let refresh = std::mem::replace(&mut buffer.refresh, Refresh::Done) == Refresh::Due;
            Chores { ended: !buffer.ended.is_empty(), refresh, leave: buffer.leave }
        })
    }

    /// Gives the task what waits, or the beginning of it, after it wrote all that it took before. If there is nothing, and it
    /// wants to sleep, it counts as asleep from here on.
    pub(crate) fn take(&self, then: Then) -> Output {
        self.locked(|buffer| {
            if let Some(reason) = buffer.closed {
                return Output::Closed(reason);
            }
            let bytes = buffer.waiting.take();
            buffer.in_flight = to_u64(bytes.len());
            buffer.report();
            if bytes.is_empty() {
                buffer.awake = then == Then::GoOn;
                return Output::Nothing;
            }
            Output::Bytes(
                bytes,
                OutboundStats {
                    messages: buffer.out_messages,
                    bytes: buffer.out_bytes,
                    pending_bytes: buffer.in_flight,
                },
            )
        })
    }

    /// Ends the connection, with a last `-ERR` if there is a text, and returns all that can still be written.
    pub(crate) fn finish(&self, reason: CloseReason) -> Vec<Vec<u8>> {
        self.locked(|buffer| {
            buffer.close(reason);
            buffer.awake = true;
            buffer.waker = None;
            if let Some(text) = reason.text() {
                buffer.waiting.push(self.total.chunks(), |out| encode::err(out, text));
            }
            buffer.waiting.take_all()
        })
    }

    /// Takes a buffer back that was written, or that nobody will write.
    pub(crate) fn give_back(&self, buffer: Vec<u8>) {
        if let Some(chunk) = spare::give(buffer) {
            self.total.give_back(chunk);
        }
    }

    /// Notes that `left` bytes of what the task took are not written yet.
    pub(crate) fn set_in_flight(&self, left: usize) {
        self.locked(|buffer| {
            buffer.in_flight = to_u64(left);
            buffer.report();
        });
    }

    /// Says whether most of what may wait does, so that the client should be read no further.
    pub(crate) fn is_crowded(&self) -> bool {
        let max = self.total.connection_bytes_max();
        self.locked(|buffer| buffer.pending() > max / 4 * 3)
    }

    /// Returns why the connection was closed, if it was.
    pub(crate) fn close_reason(&self) -> Option<CloseReason> {
        self.locked(|buffer| buffer.closed)
    }

    /// Returns the sids of subscriptions that ended since the last call.
    pub(crate) fn take_ended(&self) -> Vec<Box<[u8]>> {
        self.locked(|buffer| std::mem::take(&mut buffer.ended))
    }

    /// Returns what was sent and what waits.
    pub(crate) fn stats(&self) -> OutboundStats {
        self.locked(|buffer| OutboundStats {
            messages: buffer.out_messages,
            bytes: buffer.out_bytes,
            pending_bytes: buffer.pending(),
        })
    }

    fn wake_up(&self) {
        let waker = self.locked(|buffer| {
            let asleep = !std::mem::replace(&mut buffer.awake, true);
            if asleep { buffer.waker.clone() } else { None }
        });
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Drop for Outbound {
    fn drop(&mut self) {
        let buffer = self.buffer.get_mut();
        buffer.waiting.take_all().into_iter().for_each(|chunk| self.total.give_back(chunk));
        self.total.leave(buffer.reported);
    }
}

impl Buffer {
    /// Appends a message as this client understands it, unless too much waits already: then the connection is closed.
    pub(crate) fn append_msg(&mut self, sid: &[u8], msg: &Msg<'_>) -> Appended {
        if self.closed.is_some() {
            return Appended { taken: false, wake: false, crowded: false };
        }
        let headers = if self.headers == HeaderSupport::Full { msg.headers } else { &[] };
        let body_bytes = to_u64(headers.len() + msg.payload.len());
        let pending = self.pending() + body_bytes;
        let pending_max = self.total.connection_bytes_max();
        if pending > pending_max || self.total.is_hog(self.held() + body_bytes) {
            self.close(CloseReason::SlowConsumerPending);
            // The task is woken even if it counts as awake: it may wait for a client that never reads.
            self.awake = true;
            return Appended { taken: false, wake: true, crowded: false };
        }
        self.waiting.push_msg(self.total.chunks(), sid, msg, headers);
        self.out_messages += 1;
        self.out_bytes += body_bytes;
        self.report();
        if let (Some(responses), Some(reply)) = (&mut self.responses, msg.reply) {
            responses.note(reply);
        }
        let wake = !std::mem::replace(&mut self.awake, true);
        Appended { taken: true, wake, crowded: pending > pending_max / 2 }
    }

    /// Remembers that a subscription got its last message.
    pub(crate) fn note_ended(&mut self, sid: &[u8]) {
        self.ended.push(sid.into());
    }

    /// Says whether the client understands HMSG.
    pub(crate) fn set_headers(&mut self, headers: HeaderSupport) {
        self.headers = headers;
    }

    /// Says whether the client may answer what it receives; what it received before is forgotten.
    pub(crate) fn set_responses(&mut self, permission: Option<ResponsePermission>) {
        self.responses = permission.map(|permission| Box::new(Responses::new(permission)));
    }

    /// Says whether the client may publish to `subject` because it received it as a reply subject; this uses one of its responses up.
    pub(crate) fn may_respond(&mut self, subject: &[u8]) -> bool {
        self.responses.as_mut().is_some_and(|responses| responses.use_up(subject))
    }

    /// Returns how many bytes wait.
    pub(crate) fn pending(&self) -> u64 {
        self.in_flight + to_u64(self.waiting.bytes())
    }

    fn close(&mut self, reason: CloseReason) {
        if self.closed.is_none() {
            self.closed = Some(reason);
            // Nobody reads what a slow consumer was sent, and its memory is what others need.
            if reason.is_slow_consumer() {
                let all = self.waiting.take_all();
                self.report();
                all.into_iter().for_each(|chunk| self.total.give_back(chunk));
            }
        }
    }

    /// Returns the memory of what waits. With chunks that are full, the one that is being filled and the one that is being
    /// written count whole; before, only what is in them does, as nobody is to give way for room that it does not use.
    fn held(&self) -> u64 {
        match self.waiting.full_chunks() {
            0 => self.pending(),
            full => to_u64((full + 2) * CHUNK_BYTES),
        }
    }

    /// Tells the total what changed, if that is a step at least.
    fn report(&mut self) {
        let now = self.held() / STEP_BYTES * STEP_BYTES;
        if now != self.reported {
            self.total.report(self.reported, now);
            self.reported = now;
        }
    }
}

#[cfg(test)]
mod tests;
