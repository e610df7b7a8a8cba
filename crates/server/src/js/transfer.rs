//! Backup and restore of streams (PROTOCOL 2.7): what is under way, and where acks and chunks go.
//!
//! Each transfer is a task of its own with a bounded part of the archive in memory; files are read and written on threads
//! that may block, never on a connection's task.

mod backup;
mod intake;
mod restore;
mod source;
mod window;

pub(super) use backup::begin as begin_backup;
pub(super) use restore::begin as begin_restore;

use super::context::Ctx;
use super::errors::fixed;
use super::publish::Handled;
use super::state::JetStream;
use crate::router::Msg;
use jetkv_wire::error::ApiError;
use parking_lot::Mutex;
use restore::Inlet;
use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use tokio::task::JoinSet;
use window::Window;

/// The backups and restores of an account.
#[derive(Debug, Default)]
pub(crate) struct Transfers {
    /// Of backups that wait for acks, by the word in their subjects.
    windows: Mutex<HashMap<Box<str>, Arc<Window>>>,
    /// Of restores, by the word in their subjects.
    inlets: Mutex<HashMap<Box<str>, Inlet>>,
    backups: Mutex<JoinSet<()>>,
    restores: Mutex<JoinSet<()>>,
}

impl Transfers {
    /// Ends all of them.
    pub(crate) fn stop(&self) {
        self.backups.lock().abort_all();
        self.restores.lock().abort_all();
    }
}

/// Takes a message to `$JS.SNAPSHOT.>`: an ack of a backup, or a chunk of a restore.
pub(super) fn take(jetstream: &JetStream, ctx: &mut Ctx<'_>, rest: &str, msg: &Msg<'_>) -> Handled {
    let transfers = &jetstream.transfers;
    if let Some(ack) = rest.strip_prefix("ACK.") {
        // `<stream>.<word>.<length>.<index>`
        let mut words = ack.rsplit('.');
        let (index, _length, word) = (words.next(), words.next(), words.next());
        let Some((index, word)) = index.and_then(|index| index.parse().ok()).zip(word) else {
            return Handled::No;
        };
        let Some(window) = transfers.windows.lock().get(word).cloned() else { return Handled::No };
        window.acknowledge(index);
        return Handled::Yes;
    }
    let Some((_, word)) = rest.strip_prefix("RESTORE.").and_then(|rest| rest.rsplit_once('.')) else {
        return Handled::No;
    };
    let Some(inlet) = transfers.inlets.lock().get(word).cloned() else { return Handled::No };
    if inlet.offer(msg).is_err() {
        transfers.inlets.lock().remove(word);
        restore::refuse_flood(ctx, msg);
    }
    Handled::Yes
}

/// Begins a transfer, unless there are as many as there may be.
fn spawn(set: &Mutex<JoinSet<()>>, task: impl Future<Output = ()> + Send + 'static) -> Result<(), ApiError> {
    let mut set = set.lock();
    while set.try_join_next().is_some() {}
    if set.len() >= TRANSFERS_MAX {
        return Err(fixed::NO_RESOURCES);
    }
    set.spawn(task);
    Ok(())
}

/// Most backups, and most restores, of an account at a time.
const TRANSFERS_MAX: usize = 16;
