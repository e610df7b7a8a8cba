//! The bucket that a copy goes into.

use super::CopyOptions;
use crate::{JetStream, KeyValue, KeyValueConfig, KvError, Revision, Status};

/// What there is of it.
#[derive(Debug)]
pub(super) enum Found {
    /// A copy that was begun earlier, and what of the options it does not follow.
    Copy(KeyValue, Vec<String>),
    /// Nothing; this is how it is to be.
    Nothing(Box<Plan>),
}

/// A bucket to create.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) config: KeyValueConfig,
    /// What of the source's configuration the target cannot take over.
    pub(super) changed: Vec<String>,
    /// Whether the number of replicas was asked for, and not only taken over.
    is_demanded: bool,
}

/// Looks for the target of a copy of `source`.
pub(super) async fn find(
    source: &Status,
    to: &JetStream,
    name: &str,
    options: CopyOptions,
) -> Result<Found, KvError> {
    let origin = format!("{}@{}", source.bucket, source.created);
    match to.key_value(name).await {
        Ok(bucket) => {
            let config = bucket.status().await?.config;
            if config.metadata.get(ORIGIN) != Some(&origin) {
                return Err(KvError::BucketExists { bucket: name.into() });
            }
            let is = config.replicas;
            let other = options.replicas.filter(|&wanted| wanted != is);
            let changed =
                other.map(|wanted| format!("it was there already, with replicas {is} instead of {wanted}"));
            return Ok(Found::Copy(bucket, changed.into_iter().collect()));
        }
        Err(KvError::BucketNotFound { .. }) => {}
        Err(error) => return Err(error),
    }
    let mut changed = Vec::new();
    let mut config = KeyValueConfig { bucket: name.into(), ..source.config.clone() };
    config.metadata.insert(ORIGIN.into(), origin);
    // What an earlier copy said of the source is not said of this one.
    config.metadata.remove(COPIED_UP_TO);
    // A copy is filled by the copy alone.
    if config.mirror.take().is_some() || !std::mem::take(&mut config.sources).is_empty() {
        changed.push("it copies the entries of its origin and no longer its origin's origins".into());
    }
    let is_demanded = options.replicas.is_some();
    config.replicas = options.replicas.unwrap_or(config.replicas);
    let mut plan = Plan { config, changed, is_demanded };
    if to.place() == "embedded" {
        if plan.config.placement.take().is_some() {
            plan.changed.push("placement is left out".into());
        }
        if plan.config.republish.take().is_some() {
            plan.changed.push("republish is left out".into());
        }
        if plan.may_give_up_replicas() {
            plan.give_up_replicas();
        }
    }
    Ok(Found::Nothing(Box::new(plan)))
}

impl Plan {
    /// Creates the bucket, empty.
    pub(super) async fn create(&mut self, to: &JetStream) -> Result<KeyValue, KvError> {
        match to.create_key_value(self.config.clone()).await {
            Err(KvError::Unsupported { .. }) if self.may_give_up_replicas() => {
                self.give_up_replicas();
                to.create_key_value(self.config.clone()).await
            }
            created => created,
        }
    }

    pub(super) fn may_give_up_replicas(&self) -> bool {
        self.config.replicas > 1 && !self.is_demanded
    }

    pub(super) fn give_up_replicas(&mut self) {
        self.changed.push(format!("1 replica instead of {}", self.config.replicas));
        self.config.replicas = 1;
    }

    /// Returns the configuration of a bucket that comes with everything up to a revision of the source.
    #[cfg(feature = "remote")]
    pub(super) fn config_up_to(&self, revision: Revision) -> KeyValueConfig {
        let mut config = self.config.clone();
        config.metadata.insert(COPIED_UP_TO.into(), revision.to_string());
        config
    }
}

/// Returns up to which revision of the source a copy came as a whole, with the same revisions; 0 if it did not.
pub(super) fn copied_as_a_whole(config: &KeyValueConfig) -> Revision {
    config.metadata.get(COPIED_UP_TO).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// In the metadata of a copy: the bucket that it is one of, and when that was created.
const ORIGIN: &str = "jetkv.copy-of";
/// And up to which revision it came as a whole.
const COPIED_UP_TO: &str = "jetkv.copied-up-to";
