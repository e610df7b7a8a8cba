//! The bucket that a copy goes into.

use crate::{JetStream, KeyValue, KeyValueConfig, KvError, Status};

/// Opens or creates the target, and says what of the configuration it could not take over.
pub(super) async fn target(
    source: &Status,
    to: &JetStream,
    name: &str,
) -> Result<(KeyValue, Vec<String>), KvError> {
    let origin = format!("{}@{}", source.bucket, source.created);
    match to.key_value(name).await {
        Ok(bucket) => {
            let config = bucket.status().await?.config;
            if config.metadata.get(ORIGIN) != Some(&origin) {
                return Err(KvError::BucketExists { bucket: name.into() });
            }
            return Ok((bucket, Vec::new()));
        }
        Err(KvError::BucketNotFound { .. }) => {}
        Err(error) => return Err(error),
    }
    let mut changed = Vec::new();
    let mut config = KeyValueConfig { bucket: name.into(), ..source.config.clone() };
    config.metadata.insert(ORIGIN.into(), origin);
    // A copy is filled by the copy alone.
    if config.mirror.take().is_some() || !std::mem::take(&mut config.sources).is_empty() {
        changed.push("it copies the entries of its origin and no longer its origin's origins".into());
    }
    if to.place() == "embedded" {
        if config.placement.take().is_some() {
            changed.push("placement is left out".into());
        }
        if config.republish.take().is_some() {
            changed.push("republish is left out".into());
        }
        if config.replicas > 1 {
            changed.push(format!("1 replica instead of {}", config.replicas));
            config.replicas = 1;
        }
    }
    match to.create_key_value(config.clone()).await {
        Err(KvError::Unsupported { .. }) if config.replicas > 1 => {
            changed.push(format!("1 replica instead of {}", config.replicas));
            Ok((to.create_key_value(config.replicas(1)).await?, changed))
        }
        created => created.map(|bucket| (bucket, changed)),
    }
}

/// In the metadata of a copy: the bucket that it is one of, and when that was created.
const ORIGIN: &str = "jetkv.copy-of";
