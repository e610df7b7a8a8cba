//! A bucket that comes to a server as a whole, as the backup of its stream, so that it keeps revisions and times.

use super::fit::Plan;
use super::{BucketCopy, CopiedRevisions, CopyStep, Way, watch};
use crate::backend::{Backend, Restore, StreamHandle};
use crate::names::BucketNames;
use crate::{Entry, JetStream, KeyValue, KvError, Status};
use std::time::Duration;

/// A bucket on its way.
#[derive(Debug)]
pub(super) struct Whole {
    restore: Restore,
    names: BucketNames,
    plan: Plan,
}

impl Whole {
    /// Begins, if the target is one that may take it: a server, and something to bring there.
    pub(super) async fn begin(
        from: &KeyValue,
        to: &JetStream,
        plan: &Plan,
        status: &Status,
    ) -> Result<Option<Way>, KvError> {
        let Backend::Remote(place) = to.backend() else { return Ok(None) };
        if status.values == 0 {
            return Ok(None);
        }
        let mut state = from.stream().state().await.map_err(|fault| from.explain(None, fault))?;
        // The copy counts up to here, whatever has come since.
        state.last_sequence = status.last_revision;
        let names = BucketNames::new(&plan.config.bucket)?;
        let mut plan = plan.clone();
        loop {
            let settings = plan.config_up_to(status.last_revision).to_settings(&names)?;
            let begun = place.begin_restore(&settings, &state).await;
            match begun.map_err(|fault| crate::config::explain(&names.bucket, "remote", fault)) {
                Ok(restore) => return Ok(Some(Way::Whole(Box::new(Self { restore, names, plan })))),
                Err(error @ KvError::BucketExists { .. }) => return Err(error),
                Err(_) if plan.may_give_up_replicas() => plan.give_up_replicas(),
                // Writing anew may work, and names what is wrong if it does not.
                Err(_) => return Ok(None),
            }
        }
    }

    /// Sends entries, in the order of their revisions.
    pub(super) async fn push(&mut self, entries: &[Entry]) -> Result<(), KvError> {
        let messages = entries.iter().map(|entry| entry.to_message(&self.names)).collect::<Result<_, _>>()?;
        self.restore.push(messages).await.map_err(|fault| self.explain(fault))
    }

    fn explain(&self, fault: crate::backend::Fault) -> KvError {
        crate::config::explain(&self.names.bucket, "remote", fault)
    }
}

/// Waits a moment for the servers.
pub(super) async fn pause(at: &JetStream) {
    if let Backend::Remote(place) = at.backend() {
        place.pause(HELD_PAUSE).await;
    }
}

impl BucketCopy {
    /// Ends what comes as a whole, and goes on writing into it; `None` if that did not work and everything is written anew.
    pub(super) async fn finish_whole(&mut self) -> Result<Option<KeyValue>, KvError> {
        let Way::Whole(whole) = &mut self.way else { return Ok(None) };
        let Whole { restore, names, plan } = &mut **whole;
        // The bucket is put in its place in any case.
        let finished = restore.finish().await;
        match finished {
            Ok(stream) => {
                let backend = self.place.backend().clone();
                let bucket = KeyValue::new(backend, StreamHandle::Remote(stream), names.clone());
                self.changed.clone_from(&plan.changed);
                self.way = Way::New(bucket.clone());
                Ok(Some(bucket))
            }
            Err(fault) => {
                let error = whole.explain(fault);
                self.give_up_whole(error).await.map(|_| None)
            }
        }
    }

    /// Writes everything anew, since the server does not take it as a whole.
    pub(super) async fn give_up_whole(&mut self, error: KvError) -> Result<CopyStep, KvError> {
        let Way::Whole(whole) = &mut self.way else { return Err(error) };
        let mut plan = whole.plan.clone();
        let bucket = plan.create(&self.place).await?;
        self.changed = plan.changed;
        self.changed.push(format!(
            "revisions and times are new, since the server takes no backup of a stream: {error}"
        ));
        self.way = Way::New(bucket);
        self.revisions = CopiedRevisions::New;
        self.watcher = watch(&self.from, 0).await?;
        (self.position, self.entries, self.has_ended) = (0, 0, false);
        Ok(CopyStep::Copied { entries: 0, left: 0 })
    }
}

const HELD_PAUSE: Duration = Duration::from_millis(500);
