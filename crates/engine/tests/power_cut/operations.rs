//! The operations of a history: each is done to the store and to the model, and the answers are compared.

use super::draw::{self, Drawn};
use super::world::{Focus, Stop, World};
use jetkv_engine::{Commit, EngineError, Purge, Sync};
use jetkv_types::Message;
use std::time::Duration;
use testkit::{Model, Refusal, SimFs};

impl World {
    /// Does something.
    pub(crate) fn operate(&mut self) -> Result<(), Stop> {
        let focused = self.setup.focus == Focus::Dead;
        let which = if focused { 0 } else { self.rng.index(self.streams.len()) };
        let exists = self.streams[which].1.now().is_some();
        if !exists {
            return self.create(which);
        }
        if focused {
            match self.rng.below(20) {
                0..4 => return self.remove(which),
                4..6 => return self.upkeep(),
                6..13 => return self.append(which),
                13 => return self.purge_oldest(which),
                _ => {}
            }
        }
        match self.rng.below(100) {
            0..50 => self.append(which),
            50..58 => self.purge(which),
            58..63 => self.remove(which),
            63..70 => self.configure(which),
            70..76 => self.wait_and_expire(),
            76..84 => self.compact(),
            84..88 => self.reopen(),
            88..92 => self.kill(),
            92..94 => self.sync(),
            94..96 => self.delete(which),
            96..98 => self.create_again(which),
            _ => {
                self.note("read everything".to_owned());
                if self.fs.fault_fired() { Err(Stop::Cut) } else { self.look() }
            }
        }
    }

    /// Reads everything; a cut while reading is none.
    fn look(&mut self) -> Result<(), Stop> {
        let outcome = self.judge_present();
        match outcome {
            Err(_) if self.fs.fault_fired() => Err(Stop::Cut),
            Err(text) => Err(Stop::Wrong(text)),
            Ok(()) => Ok(()),
        }
    }

    fn append(&mut self, which: usize) -> Result<(), Stop> {
        let count = if self.rng.chance(1, 3) { 2 + self.rng.index(4) } else { 1 };
        let (mut commits, mut now) = (Vec::new(), None);
        let stream = self.handle(which)?;
        let present = self.streams[which].1.now().unwrap().clone();
        for _ in 0..count {
            if self.rng.chance(1, 5) {
                commits.push(self.discard(which, &present)?);
            }
            let model = self.streams[which].1.now().unwrap();
            let batch = draw::batch(&mut self.rng, model, &self.keys, &mut self.payloads);
            let (rng_filter, time) = (self.rng.pick(&self.filters).clone(), *now.get_or_insert(self.now()));
            let appends: Vec<_> = batch.iter().map(|drawn| drawn.append(&rng_filter)).collect();
            let mut after = model.clone();
            let expected = after.append(&appends, time);
            let commit = stream.append(&appends);
            let possible = &mut self.streams[which].1;
            if expected.is_ok() {
                possible.push(Some(after));
            }
            commits.push((commit, expected, possible.mark()));
            let text: Vec<_> = batch.iter().map(Drawn::text).collect();
            self.note(format!("append to {}: {} -> {expected:?}", stream.name(), text.join(" + ")));
        }
        let queued = commits.iter().any(|(_, expected, _)| expected.is_ok());
        let mut limited = self.streams[which].1.now().unwrap().clone();
        if queued && limited.enforce_limits() {
            self.streams[which].1.push(Some(limited));
        }
        for (commit, expected, mark) in commits {
            let outcome = commit.wait();
            match (outcome, expected) {
                (Ok(committed), Ok(())) => {
                    let last = self.streams[which].1.now().map_or(0, Model::last_sequence);
                    if committed.last > last {
                        return Err(Stop::Wrong(format!("got sequence {}, expected {last}", committed.last)));
                    }
                }
                (Err(error), Err(refusal)) if Refusal::is(&refusal, &error) => {}
                (Err(_), _) if self.fs.fault_fired() => return Err(Stop::Cut),
                (outcome, expected) => {
                    return Err(Stop::Wrong(format!("the append gave {outcome:?}, expected {expected:?}")));
                }
            }
            if self.setup.sync == Sync::Always {
                self.streams[which].1.acknowledge(mark);
            }
        }
        self.acknowledge(which);
        Ok(())
    }

    /// Discards a message of those that were there before anything was queued.
    fn discard(
        &mut self,
        which: usize,
        present: &Model,
    ) -> Result<(Commit, Result<(), Refusal>, usize), Stop> {
        let mut after = self.streams[which].1.now().unwrap().clone();
        let live = |wanted: &Message| after.messages().any(|message| message.sequence == wanted.sequence);
        let choices: Vec<_> = present.messages().filter(|message| live(message)).collect();
        let sequence = if choices.is_empty() { 7 } else { self.rng.pick(&choices).sequence };
        let commit = self.handle(which)?.discard(&[sequence, 1 << 40, sequence]);
        let is_there = !choices.is_empty() && after.remove(sequence);
        self.note(format!("discard {sequence} of {}: {is_there}", self.streams[which].0));
        let possible = &mut self.streams[which].1;
        if is_there {
            possible.push(Some(after));
        }
        Ok((commit, Ok(()), possible.mark()))
    }

    fn purge(&mut self, which: usize) -> Result<(), Stop> {
        let model = self.streams[which].1.now().unwrap().clone();
        let filter = self.rng.chance(2, 3).then(|| self.rng.pick(&self.filters).clone());
        let purge = Purge {
            filter,
            below: self.rng.chance(1, 4).then(|| self.rng.below(model.last_sequence() + 2)),
            keep: self.rng.chance(1, 4).then(|| 1 + self.rng.below(2)),
        };
        self.purge_as(which, purge)
    }

    /// Purges the oldest few messages.
    fn purge_oldest(&mut self, which: usize) -> Result<(), Stop> {
        let model = self.streams[which].1.now().unwrap();
        let below = Some(model.first_sequence() + 1 + self.rng.below(4));
        self.purge_as(which, Purge { below, ..Purge::default() })
    }

    fn purge_as(&mut self, which: usize, purge: Purge) -> Result<(), Stop> {
        let model = self.streams[which].1.now().unwrap().clone();
        self.note(format!("purge {}: {purge:?}", self.streams[which].0));
        let mut after = model.clone();
        let expected = after.purge(&purge);
        self.take_away(which, &model, after, expected > 0);
        let outcome = self.handle(which)?.purge(&purge);
        let removed = self.finish("the purge", outcome)?;
        self.compare_count("purged", removed, expected)?;
        self.acknowledge(which);
        Ok(())
    }

    fn remove(&mut self, which: usize) -> Result<(), Stop> {
        let model = self.streams[which].1.now().unwrap().clone();
        let live: Vec<_> = model.messages().map(|message| message.sequence).collect();
        let sequence = if live.is_empty() { 7 } else { *self.rng.pick(&live) };
        self.note(format!("remove {sequence} of {}", self.streams[which].0));
        let mut after = model.clone();
        let expected = after.remove(sequence);
        self.take_away(which, &model, after, expected);
        let outcome = self.handle(which)?.remove(sequence);
        let removed = self.finish("the removal", outcome)?;
        self.compare_count("removed", u64::from(removed), u64::from(expected))?;
        self.acknowledge(which);
        Ok(())
    }

    /// Adds the states of a removal. Limits that were exceeded until then are met as well, as of the state before.
    fn take_away(&mut self, which: usize, before: &Model, mut after: Model, any: bool) {
        if !any {
            return;
        }
        let possible = &mut self.streams[which].1;
        possible.push(Some(after.clone()));
        let mut limited = before.clone();
        if limited.enforce_limits() {
            after.keep_only(&limited);
            possible.push(Some(after));
        }
    }

    fn configure(&mut self, which: usize) -> Result<(), Stop> {
        let mut after = self.streams[which].1.now().unwrap().clone();
        draw::change(&mut self.rng, &mut after.config);
        let config = after.config.clone();
        self.note(format!("configure {:?}", draw::describe(&config)));
        let possible = &mut self.streams[which].1;
        possible.push(Some(after.clone()));
        let durable = possible.mark();
        after.trim();
        possible.push(Some(after));
        let outcome = self.store().update_stream(config);
        self.finish("the change of the configuration", outcome)?;
        self.streams[which].1.acknowledge(durable);
        self.acknowledge(which);
        Ok(())
    }

    fn wait_and_expire(&mut self) -> Result<(), Stop> {
        let seconds = self.rng.below(6);
        self.clock.advance(Duration::from_secs(seconds));
        self.note(format!("wait {seconds} s"));
        self.upkeep()
    }

    fn upkeep(&mut self) -> Result<(), Stop> {
        self.note("upkeep".to_owned());
        let now = self.now();
        for (_, possible) in &mut self.streams {
            let Some(mut model) = possible.now().cloned() else { continue };
            for step in model.expire(now) {
                possible.push(Some(step));
            }
        }
        let outcome = self.store().run_upkeep();
        self.finish("upkeep", outcome)?;
        self.acknowledge_all(Sync::Always);
        Ok(())
    }

    fn compact(&mut self) -> Result<(), Stop> {
        self.note("compact".to_owned());
        let outcome = self.store().compact();
        self.finish("compaction", outcome)
    }

    fn sync(&mut self) -> Result<(), Stop> {
        self.note("sync".to_owned());
        let outcome = self.store().sync();
        self.finish("the sync", outcome)?;
        self.acknowledge_all(self.setup.sync);
        Ok(())
    }

    /// Stops and starts.
    pub(crate) fn reopen(&mut self) -> Result<(), Stop> {
        self.note("close and open".to_owned());
        let outcome = self.store().close();
        self.finish("the close", outcome)?;
        self.acknowledge_all(self.setup.sync);
        self.open()?;
        self.look()
    }

    /// The process dies and starts again.
    fn kill(&mut self) -> Result<(), Stop> {
        if self.fs.fault_fired() {
            return Err(Stop::Cut);
        }
        self.note("kill and open".to_owned());
        self.go_on_after(SimFs::kill);
        self.open()?;
        self.acknowledge_all(self.setup.sync);
        self.look()
    }

    fn create(&mut self, which: usize) -> Result<(), Stop> {
        let config = draw::config(&mut self.rng, &self.streams[which].0, self.setup.focus);
        self.note(format!("create {:?}", draw::describe(&config)));
        self.streams[which].1.push(Some(Model::new(config.clone())));
        let outcome = self.store().create_stream(config);
        self.finish("the creation", outcome)?;
        self.streams[which].1.settle();
        Ok(())
    }

    fn create_again(&mut self, which: usize) -> Result<(), Stop> {
        let config = draw::config(&mut self.rng, &self.streams[which].0, self.setup.focus);
        match self.store().create_stream(config) {
            Err(EngineError::StreamExists { .. }) => Ok(()),
            outcome => Err(Stop::Wrong(format!("a second creation gave {outcome:?}"))),
        }
    }

    fn delete(&mut self, which: usize) -> Result<(), Stop> {
        let name = self.streams[which].0.clone();
        self.note(format!("delete {name}"));
        self.streams[which].1.push(None);
        let outcome = self.store().delete_stream(&name);
        self.finish("the deletion", outcome)?;
        self.streams[which].1.settle();
        Ok(())
    }

    fn compare_count(&self, what: &str, found: u64, expected: u64) -> Result<(), Stop> {
        if found == expected {
            return Ok(());
        }
        Err(Stop::Wrong(format!("{what} {found} messages, expected {expected}")))
    }

    /// An operation on a stream was acknowledged.
    fn acknowledge(&mut self, which: usize) {
        if self.setup.sync == Sync::Always {
            self.streams[which].1.settle();
        }
    }

    /// Something was done to all streams that makes everything durable in this mode.
    fn acknowledge_all(&mut self, mode: Sync) {
        if self.setup.sync == mode {
            self.streams.iter_mut().for_each(|(_, possible)| possible.settle());
        }
    }
}
