//! Telling watchers that a matching message is visible, and keeping the most recent messages at hand for them.

use super::spin::Spin;
use crate::convert::to_u64;
use crate::error::EngineError;
use crate::wakes;
use jetkv_types::{Message, Sequence, SubjectFilter};
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Tells when a message that matches becomes visible; made by [`crate::Stream::listen`].
#[derive(Debug)]
pub struct Listener {
    slot: Arc<Slot>,
    listeners: Arc<Listeners>,
}

#[derive(Debug)]
struct Slot {
    filters: Vec<SubjectFilter>,
    state: Mutex<SlotState>,
    changed: Condvar,
    /// What the state says, for who looks before sleeping; the greatest number once it ended.
    latest: AtomicU64,
    spin: Spin,
}

#[derive(Debug, Default)]
struct SlotState {
    latest: Sequence,
    ended: Option<EngineError>,
    waker: Option<Waker>,
}

impl Listener {
    /// Returns the last visible sequence that matches, once one above `seen` is there.
    ///
    /// # Errors
    /// `StreamDeleted` or `Closed` when nothing more will come.
    pub fn poll_beyond(&self, cx: &mut Context<'_>, seen: Sequence) -> Poll<Result<Sequence, EngineError>> {
        let waker = cx.waker().clone();
        let mut state = self.slot.state.lock();
        if state.latest > seen {
            return Poll::Ready(Ok(state.latest));
        }
        if let Some(error) = &state.ended {
            return Poll::Ready(Err(error.clone()));
        }
        let before = state.waker.replace(waker);
        drop(state);
        // The last waker of a task may take the task with it, and that may hold this listener.
        drop(before);
        Poll::Pending
    }

    /// As [`Self::poll_beyond`], blocking; `None` after `timeout`, which counts from now (`None` waits for ever).
    ///
    /// # Errors
    /// As [`Self::poll_beyond`].
    pub fn wait_beyond(
        &self,
        seen: Sequence,
        timeout: Option<Duration>,
    ) -> Result<Option<Sequence>, EngineError> {
        let is_there = || self.slot.latest.load(Ordering::Relaxed) > seen;
        if timeout != Some(Duration::ZERO) && !is_there() {
            self.slot.spin.look(is_there);
        }
        let mut state = self.slot.state.lock();
        loop {
            if state.latest > seen {
                return Ok(Some(state.latest));
            }
            if let Some(error) = &state.ended {
                return Err(error.clone());
            }
            match timeout {
                None => self.slot.changed.wait(&mut state),
                Some(limit) => {
                    if self.slot.changed.wait_for(&mut state, limit).timed_out() && state.latest <= seen {
                        return Ok(None);
                    }
                }
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.listeners.forget(&self.slot);
    }
}

/// All listeners of a stream, and the recent messages that they share.
#[derive(Debug)]
pub(crate) struct Listeners {
    state: Mutex<State>,
    recent_bytes_max: u64,
}

#[derive(Debug, Default)]
struct State {
    slots: Vec<Weak<Slot>>,
    /// Without a gap from `first` to before `next`, as long as there is a listener.
    recent: VecDeque<Message>,
    recent_bytes: u64,
    first: Sequence,
    next: Sequence,
    ended: Option<EngineError>,
}

/// What the recent messages know.
#[derive(Debug)]
pub(crate) enum Recent {
    /// This is the first match.
    Found(Message),
    /// There is no match up to the present.
    None,
    /// They do not reach back far enough.
    Unknown,
}

impl Listeners {
    pub(crate) fn new(recent_bytes_max: usize) -> Self {
        Self { state: Mutex::default(), recent_bytes_max: to_u64(recent_bytes_max) }
    }

    /// Adds a listener; `next` tells the sequence of the next message to become visible.
    pub(crate) fn listen(self: &Arc<Self>, filters: &[SubjectFilter], next: Sequence) -> Listener {
        let mut state = self.state.lock();
        if state.slots.is_empty() {
            state.restart(next);
        }
        let slot = Arc::new(Slot {
            filters: filters.to_vec(),
            state: Mutex::new(SlotState { ended: state.ended.clone(), ..SlotState::default() }),
            changed: Condvar::new(),
            latest: AtomicU64::new(if state.ended.is_some() { Sequence::MAX } else { 0 }),
            spin: Spin::default(),
        });
        state.slots.push(Arc::downgrade(&slot));
        Listener { slot, listeners: Arc::clone(self) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.state.lock().slots.is_empty()
    }

    /// Announces messages that have just become visible, in order; `next` tells the sequence of the next one, as some may have
    /// been left out.
    pub(crate) fn announce(&self, messages: Vec<Message>, next: Sequence) {
        let _wakes = wakes::hold();
        let mut state = self.state.lock();
        if state.slots.is_empty() {
            return;
        }
        let slots: Vec<_> = state.slots.iter().filter_map(Weak::upgrade).collect();
        for slot in &slots {
            let matching = |message: &&Message| {
                slot.filters.iter().any(|filter| filter.matches(message.subject.as_str()))
            };
            if let Some(message) = messages.iter().rfind(matching) {
                slot.notify(|state| state.latest = message.sequence);
            }
        }
        for message in messages {
            state.push(message);
        }
        state.next = state.next.max(next);
        while state.recent_bytes > self.recent_bytes_max {
            let Some(dropped) = state.recent.pop_front() else { break };
            state.recent_bytes -= message_bytes(&dropped);
            state.first = dropped.sequence + 1;
        }
    }

    /// Tells every listener that nothing more will come.
    pub(crate) fn end(&self, error: &EngineError) {
        let _wakes = wakes::hold();
        let mut state = self.state.lock();
        state.ended = Some(error.clone());
        state.recent.clear();
        for slot in state.slots.iter().filter_map(Weak::upgrade) {
            slot.notify(|state| state.ended = Some(error.clone()));
        }
    }

    /// Forgets recent messages, because some of them were removed on request.
    pub(crate) fn forget_recent(&self) {
        let mut state = self.state.lock();
        let next = state.next;
        state.restart(next);
    }

    /// Looks for the first recent message at or after `from` that matches.
    pub(crate) fn recent(&self, filters: &[SubjectFilter], from: Sequence) -> Recent {
        let state = self.state.lock();
        if state.slots.is_empty() || from < state.first {
            return Recent::Unknown;
        }
        let start = state.recent.partition_point(|message| message.sequence < from);
        let matching =
            |message: &&Message| filters.iter().any(|filter| filter.matches(message.subject.as_str()));
        state.recent.range(start..).find(matching).map_or(Recent::None, |found| Recent::Found(found.clone()))
    }

    /// Adds recent messages from `from` on to `into`, at most `limit`, and returns where to go on; `None` if they do not
    /// reach back so far.
    pub(crate) fn recent_from(
        &self,
        from: Sequence,
        limit: usize,
        into: &mut Vec<Message>,
    ) -> Option<Sequence> {
        let state = self.state.lock();
        if state.slots.is_empty() || from < state.first {
            return None;
        }
        let start = state.recent.partition_point(|message| message.sequence < from);
        let before = into.len();
        into.extend(state.recent.range(start..).take(limit).cloned());
        let full = into.len() - before == limit;
        let next = into.last().filter(|_| full).map_or(state.next, |last| last.sequence + 1);
        Some(next.max(from))
    }

    fn forget(&self, slot: &Arc<Slot>) {
        let mut state = self.state.lock();
        state.slots.retain(|known| !std::ptr::eq(known.as_ptr(), Arc::as_ptr(slot)));
        if state.slots.is_empty() {
            state.restart(0);
            state.recent.shrink_to_fit();
        }
    }
}

impl State {
    fn restart(&mut self, next: Sequence) {
        self.recent.clear();
        self.recent_bytes = 0;
        self.first = next;
        self.next = next;
    }

    fn push(&mut self, message: Message) {
        if message.sequence < self.next {
            // It became visible before the first listener came, which knows it already.
            return;
        }
        self.next = message.sequence + 1;
        self.recent_bytes += message_bytes(&message);
        self.recent.push_back(message);
    }
}

impl Slot {
    fn notify(&self, change: impl FnOnce(&mut SlotState)) {
        let mut state = self.state.lock();
        change(&mut state);
        let latest = if state.ended.is_some() { Sequence::MAX } else { state.latest };
        let waker = state.waker.take();
        drop(state);
        self.latest.store(latest, Ordering::Relaxed);
        self.changed.notify_all();
        wakes::wake(waker);
    }
}

fn message_bytes(message: &Message) -> u64 {
    to_u64(message.payload.len() + message.headers.as_block().len() + message.subject.as_str().len()) + 128
}
