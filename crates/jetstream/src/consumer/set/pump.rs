//! The engine room: new messages to those at the tail, then turns for the others, within a budget.

use super::super::deliver::{Context, Offer};
use super::super::member::Gate;
use super::super::sink::Sink;
use super::{ConsumerSet, timers};
use jetkv_engine::EngineError;
use jetkv_types::Timestamp;

impl ConsumerSet {
    /// Delivers what may be delivered, at most about `budget` messages, and does what is due at `now`. Returns when it
    /// must be called next even if nothing happens: at once (`now`) if the budget was too small, `None` for never.
    ///
    /// # Errors
    /// `StreamDeleted` or `Closed`: nothing more will come. `Io` if new messages cannot be read now.
    pub fn pump(
        &mut self,
        now: Timestamp,
        budget: usize,
        sink: &mut dyn Sink,
    ) -> Result<Option<Timestamp>, EngineError> {
        self.run_timers(now, sink);
        self.wake_held();
        self.tail.tidy(&self.stream, &mut self.members);
        let outcome = self.pump_on(now, budget, sink);
        self.judge_settled()?;
        outcome
    }

    fn pump_on(
        &mut self,
        now: Timestamp,
        budget: usize,
        sink: &mut dyn Sink,
    ) -> Result<Option<Timestamp>, EngineError> {
        let mut left = budget.max(1);
        loop {
            for key in self.tail.fetch(&self.stream, &mut self.members, now)? {
                self.wake(key);
            }
            self.hand_out(now, &mut left, sink);
            if !self.tail.is_done() {
                return Ok(Some(now));
            }
            self.take_turns(now, &mut left, sink)?;
            if self.ready.is_empty() && !self.tail.has_new(&self.stream) {
                return Ok(self.timers.first().map(|(at, _)| *at));
            }
            if left == 0 {
                return Ok(Some(now));
            }
        }
    }

    /// Hands new messages to the consumers that have got everything before.
    fn hand_out(&mut self, now: Timestamp, left: &mut usize, sink: &mut dyn Sink) {
        let is_keeping = !self.keeps_all();
        let Self { stream, members, tail, ready, entropy, outgoing, .. } = self;
        let cx = Context { stream_name: stream.name().as_str(), entropy: &**entropy, now };
        let seen = tail.seen();
        while *left > 0 {
            let Some((offered, key)) = tail.next_match() else { return };
            let sequence = offered.message.sequence;
            let Some(consumer) = members.get_mut(key) else { continue };
            if !consumer.cursor.wants(sequence) {
                continue;
            }
            *left -= 1;
            if is_keeping {
                outgoing.touch(key);
            }
            // What this message replaced may have awaited its ack.
            consumer.note_removals(stream, now);
            let pending = consumer.cursor.pending().saturating_sub(1);
            if consumer.takes_new(now) && consumer.offer(&cx, offered, pending, sink) == Offer::Taken {
                consumer.cursor.passed_new(sequence);
                if pending == 0 && consumer.gate(now) == Gate::Open {
                    consumer.looked = seen.saturating_sub(1);
                }
            } else {
                consumer.cursor.fall_behind(sequence);
                // It may be able to go on by itself: redeliveries come first, requests that do not wait are answered.
                if !consumer.queued {
                    consumer.queued = true;
                    ready.push_back(key);
                }
            }
            if consumer.needs_arming() {
                timers::arm(&mut self.timers, consumer, now);
            }
        }
    }

    /// Gives each consumer that is ready one turn.
    fn take_turns(
        &mut self,
        now: Timestamp,
        left: &mut usize,
        sink: &mut dyn Sink,
    ) -> Result<(), EngineError> {
        let seen = self.tail.seen();
        for _ in 0..self.ready.len() {
            if *left == 0 {
                return Ok(());
            }
            let Some(key) = self.ready.pop_front() else { return Ok(()) };
            self.touch(key);
            let Self { stream, members, ready, entropy, .. } = self;
            let Some(consumer) = members.get_mut(key) else { continue };
            consumer.queued = false;
            let cx = Context { stream_name: stream.name().as_str(), entropy: &**entropy, now };
            let turn = consumer.turn(&cx, stream, seen, *left, sink)?;
            *left -= turn.used.min(*left);
            if turn.again {
                consumer.queued = true;
                ready.push_back(key);
            }
            if consumer.is_full() {
                self.held.insert(key);
            }
            timers::arm(&mut self.timers, consumer, now);
        }
        Ok(())
    }

    /// Gives those a turn that wait for acks if messages went: those may be the ones that they wait for.
    fn wake_held(&mut self) {
        let removals = self.stream.removals();
        if removals != self.held_since {
            self.held_since = removals;
            for key in std::mem::take(&mut self.held) {
                self.wake(key);
            }
        }
    }
}
