//! Telling the operator what is wrong with streams (RELIABILITY 1.10).

use super::events::Events;
use super::scrub;
use super::state::JetStream;
use crate::log::LogLevel;
use crate::router::{Origin, Publisher};
use crate::state::Shared;
use jetkv_engine::{Damage, DamageKind, Stream};
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Damage, and the stream that has it; none has what lists the streams.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) stream: Option<String>,
    pub(super) damage: Damage,
}

/// Returns everything that is known to be damaged.
pub(super) fn known(jetstream: &JetStream) -> Vec<Trouble> {
    let mut found = Vec::new();
    for stream in jetstream.store.streams() {
        if stream.has_troubles() {
            let name = stream.name().as_str();
            let of_it = |damage| Trouble { stream: Some(name.to_owned()), damage };
            found.extend(stream.damages().into_iter().map(of_it));
        }
    }
    for damage in jetstream.store.own_damages() {
        let broken = jetstream.store.broken().into_iter().find(|(_, broken)| *broken == damage);
        found.push(Trouble { stream: broken.map(|(name, _)| name), damage });
    }
    found
}

/// Begins to look for trouble, and to tell of it.
pub(super) fn watch(shared: &Arc<Shared>, jetstream: &Arc<JetStream>) {
    let mut told = Told::default();
    told.look(shared, jetstream);
    let of = (Arc::downgrade(shared), Arc::downgrade(jetstream));
    let scrubbing = tokio::spawn(scrub::run(of.0.clone(), of.1.clone()));
    let tasks = [tokio::spawn(tell(of, told)), scrubbing];
    jetstream.watch.lock().extend(tasks);
}

type Of = (Weak<Shared>, Weak<JetStream>);

async fn tell(of: Of, mut told: Told) {
    loop {
        let (Some(shared), Some(jetstream)) = (of.0.upgrade(), of.1.upgrade()) else { return };
        told.look(&shared, &jetstream);
        drop((shared, jetstream));
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// What was told.
#[derive(Debug, Default)]
struct Told {
    logged: HashSet<(PathBuf, u64, DamageKind)>,
    /// Damage for which nobody has listened yet.
    unheard: Vec<(String, Damage)>,
    read_only: HashSet<String>,
    disk: Room,
    file_store: Room,
    memory_store: Room,
}

/// Whether it was told that there is no room.
#[derive(Debug, Default)]
struct Room {
    told_full: bool,
    /// How often in a row there was room since.
    seen: u32,
}

impl Told {
    /// Tells what is new, and what is old to those who listen only now.
    fn look(&mut self, shared: &Shared, jetstream: &JetStream) {
        for Trouble { stream, damage } in known(jetstream) {
            let id = (damage.path.clone(), damage.offset, damage.kind);
            if self.logged.len() >= TOLD_MAX || !self.logged.insert(id) {
                continue;
            }
            let account = &jetstream.settings.account;
            match &stream {
                Some(stream) => shared.log(
                    level_of(damage.kind),
                    format_args!("Damage in account {account:?}, stream {stream:?}: {damage}"),
                ),
                None => {
                    shared.log(level_of(damage.kind), format_args!("Damage in account {account:?}: {damage}"))
                }
            }
            if let Some(stream) = stream.filter(|_| damage.kind.affects_data()) {
                self.unheard.push((stream, damage));
            }
        }
        for stream in jetstream.store.streams() {
            if let Some(error) = read_only(&stream)
                && self.read_only.insert(stream.name().as_str().to_owned())
            {
                shared.log(LogLevel::Error, format_args!("{error}"));
            }
        }
        self.look_for_room(shared, jetstream);
        self.advise(jetstream);
    }

    fn look_for_room(&mut self, shared: &Shared, jetstream: &JetStream) {
        let account = &jetstream.settings.account;
        match self.disk.look(jetstream.store.is_full()) {
            Some(true) => shared.log(LogLevel::Error, format_args!("{}", full(account, jetstream))),
            Some(false) => shared.log(
                LogLevel::Info,
                format_args!("There is room again on the disk of account {account:?}: values are stored"),
            ),
            None => {}
        }
        for (memory, room) in [(false, &mut self.file_store), (true, &mut self.memory_store)] {
            let name = if memory { "memory" } else { "file" };
            let most = limit(jetstream, memory).unwrap_or_default();
            match room.look(is_refusing(jetstream, memory)) {
                Some(true) => shared.log(
                    LogLevel::Error,
                    format_args!(
                        "JetStream {name} resource limits exceeded for account {account:?}: its streams have the {most} bytes of \
                         max_{name}_store, and take neither values nor deletes"
                    ),
                ),
                Some(false) => shared.log(
                    LogLevel::Info,
                    format_args!("The streams of account {account:?} are below max_{name}_store again"),
                ),
                None => {}
            }
        }
    }

    fn advise(&mut self, jetstream: &JetStream) {
        let Some(account) = jetstream.account().filter(|_| !self.unheard.is_empty()) else { return };
        let mut publisher = Publisher::new(Origin::Server, 1);
        let mut events = Events { jetstream, publisher: &mut publisher, router: &account.router };
        self.unheard.retain(|(stream, damage)| {
            let is_heard = events.has_interest_in_damage(stream);
            if is_heard {
                events.damaged(stream, damage);
            }
            !is_heard
        });
        publisher.flush();
    }
}

impl Room {
    /// Returns what has to be told now: that the disk is full, or that it is no more.
    fn look(&mut self, is_full: bool) -> Option<bool> {
        self.seen = if is_full { 0 } else { self.seen.saturating_add(1) };
        // Room that is gone at once was none; else every bit of it would be two lines.
        let changed = if self.told_full { self.seen >= LOOKS_WITH_ROOM } else { is_full };
        self.told_full ^= changed;
        changed.then_some(self.told_full)
    }
}

/// Says whether messages are refused as the streams of the account have all that they may.
fn is_refusing(jetstream: &JetStream, memory: bool) -> bool {
    let allowance = if memory { &jetstream.memory_allowance } else { &jetstream.file_allowance };
    limit(jetstream, memory).is_some_and(|most| allowance.is_refusing(most, || jetstream.usage(memory).0))
}

fn limit(jetstream: &JetStream, memory: bool) -> Option<u64> {
    if memory { jetstream.settings.memory_bytes_max } else { jetstream.settings.file_bytes_max }
}

/// Says that the disk is full.
pub(super) fn full(account: &str, jetstream: &JetStream) -> String {
    let dir = jetstream.store.dir().display();
    format!(
        "The disk of account {account:?} is full ({dir}): values are refused until there is room, reads and deletes go on"
    )
}

/// Returns why a stream takes no writes.
pub(super) fn read_only(stream: &Stream) -> Option<jetkv_engine::EngineError> {
    if stream.has_troubles() { stream.read_only() } else { None }
}

fn level_of(kind: DamageKind) -> LogLevel {
    match kind {
        // What a power cut leaves behind.
        DamageKind::UnexplainedTail => LogLevel::Info,
        DamageKind::Metadata => LogLevel::Warning,
        _ => LogLevel::Error,
    }
}

/// How soon trouble is told that nobody asked about.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How many looks in a row must find room before that is told.
const LOOKS_WITH_ROOM: u32 = 8;
/// Most damages that are told one by one.
const TOLD_MAX: usize = 10_000;

#[cfg(test)]
mod tests;
