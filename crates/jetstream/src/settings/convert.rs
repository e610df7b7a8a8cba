//! Between stream settings and what the engine stores.

use super::attributes as names;
use super::{StreamSettings, validate};
use crate::{JetStreamError, limit_marker_headers};
use jetkv_engine::{LimitMarker, StreamConfig};
use std::collections::BTreeMap;

impl StreamSettings {
    /// Checks the settings and turns them into the engine's configuration for a single embedded store.
    ///
    /// # Errors
    /// [`JetStreamError::InvalidSettings`] for a broken rule, [`JetStreamError::Unsupported`] for what one store cannot do.
    pub fn to_engine(&self) -> Result<StreamConfig, JetStreamError> {
        let settings = self.clone().normalized();
        validate::settings(&settings)?;
        validate::embedded(&settings)?;
        let attributes = settings.attributes();
        let marker = |ttl| Ok::<_, JetStreamError>(LimitMarker { ttl, headers: limit_marker_headers(ttl)? });
        Ok(StreamConfig {
            name: settings.name,
            subjects: settings.subjects,
            storage: settings.storage,
            messages_max: settings.max_msgs,
            bytes_max: settings.max_bytes,
            age_max: settings.max_age,
            messages_per_subject_max: settings.max_msgs_per_subject,
            message_bytes_max: settings.max_msg_size,
            discard: settings.discard,
            compression: settings.compression,
            limit_marker: settings.subject_delete_marker_ttl.map(marker).transpose()?,
            first_sequence: settings.first_sequence,
            attributes,
        })
    }

    /// Checks that a stream with the settings `current` may get these.
    ///
    /// # Errors
    /// [`JetStreamError::InvalidSettings`] for a change that is not allowed.
    pub fn check_update_of(&self, current: &Self) -> Result<(), JetStreamError> {
        validate::update(current, &self.clone().normalized())
    }

    /// Reads the settings of a stream back from what the engine stored.
    ///
    /// # Errors
    /// [`JetStreamError::InvalidSettings`] for a text that this version cannot read.
    pub fn from_engine(config: &StreamConfig) -> Result<Self, JetStreamError> {
        let flag = |name| names::is_set(config, name);
        let mut settings = Self {
            max_msgs: config.messages_max,
            max_bytes: config.bytes_max,
            max_age: config.age_max,
            max_msgs_per_subject: config.messages_per_subject_max,
            max_msg_size: config.message_bytes_max,
            discard: config.discard,
            storage: config.storage,
            compression: config.compression,
            first_sequence: config.first_sequence,
            allow_rollup: flag(names::ALLOW_ROLLUP),
            deny_delete: flag(names::DENY_DELETE),
            deny_purge: flag(names::DENY_PURGE),
            allow_direct: flag(names::ALLOW_DIRECT),
            allow_msg_ttl: flag(names::ALLOW_MSG_TTL),
            subject_delete_marker_ttl: config.limit_marker.as_ref().map(|marker| marker.ttl),
            ..Self::new(config.name.clone(), config.subjects.clone())
        };
        for (name, text) in &config.attributes {
            settings.read_attribute(name, text)?;
        }
        Ok(settings)
    }

    fn read_attribute(&mut self, name: &str, text: &str) -> Result<(), JetStreamError> {
        if let Some(word) = name.strip_prefix(names::METADATA_PREFIX) {
            self.metadata.insert(word.into(), text.into());
            return Ok(());
        }
        match name {
            names::DESCRIPTION => self.description = text.into(),
            names::DUPLICATE_WINDOW => {
                let window = names::parse_nanos(text).ok_or_else(|| JetStreamError::InvalidSettings {
                    stream: self.name.clone(),
                    reason: format!("stored {name} {text:?} is no number of nanoseconds"),
                })?;
                self.duplicate_window = Some(window);
            }
            // Read as flags above.
            names::ALLOW_ROLLUP
            | names::DENY_DELETE
            | names::DENY_PURGE
            | names::ALLOW_DIRECT
            | names::ALLOW_MSG_TTL => {}
            _ => drop(self.other.insert(name.into(), text.into())),
        }
        Ok(())
    }

    fn attributes(&self) -> BTreeMap<String, String> {
        let mut attributes = self.other.clone();
        let flags = [
            (names::ALLOW_ROLLUP, self.allow_rollup),
            (names::DENY_DELETE, self.deny_delete),
            (names::DENY_PURGE, self.deny_purge),
            (names::ALLOW_DIRECT, self.allow_direct),
            (names::ALLOW_MSG_TTL, self.allow_msg_ttl),
        ];
        for (name, _) in flags.into_iter().filter(|&(_, is_set)| is_set) {
            attributes.insert(name.into(), names::TRUE.into());
        }
        if !self.description.is_empty() {
            attributes.insert(names::DESCRIPTION.into(), self.description.clone());
        }
        if let Some(window) = self.duplicate_window {
            attributes.insert(names::DUPLICATE_WINDOW.into(), names::nanos_text(window));
        }
        for (word, text) in &self.metadata {
            attributes.insert(format!("{}{word}", names::METADATA_PREFIX), text.clone());
        }
        attributes
    }
}
