//! The task of a connection: it reads, acts and writes, and sleeps when there is nothing to do.

use super::close::CloseReason;
use super::input::Input;
use super::outbound::{Outbound, Output, Then};
use super::session::Session;
use super::socket::Socket;
use crate::options::KeepAlive;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// A connection after its handshake.
#[derive(Debug)]
pub(super) struct Task {
    socket: Socket,
    outbound: Arc<Outbound>,
    session: Session,
    input: Input,
    /// What is being written, and how much of it was.
    writing: Vec<u8>,
    written: usize,
    timers: Timers,
    /// Until when nothing is read because a receiver is far behind.
    held_back: Option<Pin<Box<Sleep>>>,
}

/// Reads, each with its writes, before other tasks get their turn.
const READS_PER_TURN: usize = 4;
/// How long a publisher is held back after a batch for a receiver that is far behind.
const HOLD_BACK: Duration = Duration::from_millis(5);

#[derive(Debug)]
struct Timers {
    keep_alive: KeepAlive,
    /// Wakes at the earlier of the next two.
    next: Pin<Box<Sleep>>,
    ping_at: Instant,
    /// When the client must have said who it is, and anything at all.
    auth_at: Option<Instant>,
    /// Whether the first ping after CONNECT has its time.
    first: FirstPing,
    /// Wakes when a write made no progress for too long.
    blocked: Option<Pin<Box<Sleep>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FirstPing {
    /// CONNECT has not come.
    Waiting,
    /// It has.
    Set,
}

impl Task {
    pub(super) fn new(
        socket: Socket,
        outbound: Arc<Outbound>,
        session: Session,
        keep_alive: KeepAlive,
        auth_timeout: Duration,
    ) -> Self {
        // Also where nobody has to say who it is: whoever says nothing at all is no client.
        let auth_at = after(auth_timeout);
        let ping_at = after(keep_alive.ping_interval);
        let next = Box::pin(sleep_until(auth_at.min(ping_at)));
        let auth_at = Some(auth_at);
        let timers = Timers { keep_alive, next, ping_at, auth_at, first: FirstPing::Waiting, blocked: None };
        Self {
            socket,
            outbound,
            session,
            input: Input::default(),
            writing: Vec::new(),
            written: 0,
            timers,
            held_back: None,
        }
    }

    /// Runs until the connection ends, and says why; the parts come back for the goodbye.
    pub(super) async fn run(mut self) -> (CloseReason, Ended) {
        let reason = std::future::poll_fn(|cx| self.poll(cx)).await;
        self.writing.drain(..self.written);
        (reason, Ended { socket: self.socket, session: self.session, writing: self.writing })
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        match self.turn(cx) {
            Ok(poll) => poll,
            Err(reason) => Poll::Ready(reason),
        }
    }

    fn turn(&mut self, cx: &mut Context<'_>) -> Result<Poll<CloseReason>, CloseReason> {
        let chores = self.outbound.woken(cx.waker());
        if chores.ended {
            self.session.forget_ended();
        }
        if let Some(reason) = chores.leave {
            return Err(reason);
        }
        if chores.refresh {
            self.session.refresh()?;
        }
        for _ in 0..READS_PER_TURN {
            // A commit that is done may make room for more requests, so this comes before reading.
            let _ = self.session.poll_pending(cx);
            let progress = self.poll_input(cx)?;
            let then = match progress {
                Progress::Made => {
                    let _ = self.session.poll_pending(cx);
                    Then::GoOn
                }
                Progress::None => {
                    self.poll_timers(cx)?;
                    Then::Sleep
                }
            };
            // No answer is out yet, so who asks one thing after the other has sent nothing more.
            if let Some(pending) = self.session.synced_in_place()
                && self.socket.has_input()
            {
                pending.was_crowded();
            }
            self.session.end_batch();
            self.poll_write(cx, then)?;
            if progress == Progress::None {
                return Ok(Poll::Pending);
            }
        }
        cx.waker().wake_by_ref();
        Ok(Poll::Pending)
    }

    /// Does what the input has, if this is the time for it.
    fn poll_input(&mut self, cx: &mut Context<'_>) -> Result<Progress, CloseReason> {
        if let Poll::Ready(done) = self.session.poll_waiting(cx) {
            done?;
        }
        if !self.may_read(cx) {
            return Ok(Progress::None);
        }
        let Self { input, session, socket, .. } = self;
        if input.has_more() {
            input.look(|bytes| session.consume(bytes))?;
            return Ok(Progress::Made);
        }
        let Poll::Ready(read) = input.poll_read(cx, socket, |bytes| session.consume(bytes)) else {
            return Ok(Progress::None);
        };
        read?;
        if self.session.take_crowded() {
            self.session.count_stall();
            self.held_back = Some(Box::pin(sleep_until(after(HOLD_BACK))));
        }
        Ok(Progress::Made)
    }

    /// Says whether more input should be taken: not while earlier input waits for something, while a receiver is far behind, or
    /// while the client itself does not take its answers.
    fn may_read(&mut self, cx: &mut Context<'_>) -> bool {
        if let Some(until) = &mut self.held_back {
            if until.as_mut().poll(cx).is_pending() {
                return false;
            }
            self.held_back = None;
        }
        self.session.is_ready() && (self.writing.is_empty() || !self.outbound.is_crowded())
    }

    fn poll_timers(&mut self, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        let timers = &mut self.timers;
        if timers.auth_at.is_some() && self.session.is_known() && self.session.has_acted() {
            timers.auth_at = None;
        }
        if timers.first == FirstPing::Waiting && self.session.is_connected() {
            timers.first = FirstPing::Set;
            timers.ping_at = timers.ping_at.min(after(timers.keep_alive.first_ping));
            timers.reset();
        }
        while timers.next.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            if timers.auth_at.is_some_and(|at| at <= now) {
                return Err(CloseReason::AuthenticationTimeout);
            }
            if timers.ping_at <= now {
                // Silence counts from the last word, not from the last look.
                let silence = self.session.tick()?;
                timers.ping_at = after(timers.keep_alive.ping_interval.saturating_sub(silence));
            }
            timers.reset();
        }
        Ok(())
    }

    /// Writes all that waits, as far as the socket takes it.
    fn poll_write(&mut self, cx: &mut Context<'_>, then: Then) -> Result<(), CloseReason> {
        loop {
            while self.written < self.writing.len() {
                match self.socket.poll_write(cx, &self.writing[self.written..]) {
                    Poll::Ready(Ok(0) | Err(_)) => return Err(CloseReason::WriteError),
                    Poll::Ready(Ok(count)) => {
                        self.written += count;
                        self.timers.blocked = None;
                    }
                    Poll::Pending => return self.blocked(cx),
                }
            }
            if !self.writing.is_empty() {
                self.outbound.give_back(std::mem::take(&mut self.writing));
                self.written = 0;
            }
            match self.outbound.take(then) {
                Output::Bytes(bytes, stats) => {
                    self.session.count_out(stats.messages, stats.bytes);
                    self.writing = bytes;
                }
                Output::Closed(reason) => return Err(reason),
                Output::Nothing => break,
            }
        }
        match self.socket.poll_flush(cx) {
            Poll::Ready(Ok(())) => Ok(()),
            Poll::Ready(Err(_)) => Err(CloseReason::WriteError),
            Poll::Pending => self.blocked(cx),
        }
    }

    /// Notes that the socket takes no more, and sees to it that this does not last.
    fn blocked(&mut self, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        if let Some(reason) = self.outbound.close_reason() {
            return Err(reason);
        }
        self.outbound.set_in_flight(self.writing.len() - self.written);
        let deadline = self.timers.keep_alive.write_deadline;
        let timer = self.timers.blocked.get_or_insert_with(|| Box::pin(sleep_until(after(deadline))));
        if timer.as_mut().poll(cx).is_ready() { Err(CloseReason::SlowConsumerDeadline) } else { Ok(()) }
    }
}

impl Timers {
    fn reset(&mut self) {
        self.next.as_mut().reset(self.auth_at.map_or(self.ping_at, |auth_at| auth_at.min(self.ping_at)));
    }
}

/// Whether a step did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// It did; there may be more.
    Made,
    /// There was nothing to do; the task is woken when there is.
    None,
}

/// What is left of a connection that ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) socket: Socket,
    pub(super) session: Session,
    /// What was taken and not written.
    pub(super) writing: Vec<u8>,
}

/// Returns the time at which `span` is over; one that is too long to reckon is about 30 years.
fn after(span: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(span).unwrap_or_else(|| now + FAR)
}

const FAR: Duration = Duration::from_secs(30 * 365 * 86_400);
