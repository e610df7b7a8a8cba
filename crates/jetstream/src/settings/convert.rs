//! Between stream settings and what the engine stores.

use super::attributes as names;
use super::{SettingsRule, Source, lists};
use super::{StreamSettings, validate};
use crate::{JetStreamError, limit_marker_headers};
use jetkv_engine::{LimitMarker, StreamConfig};
use jetkv_types::SubjectFilter;
use std::collections::BTreeMap;

impl StreamSettings {
    /// Checks the settings and turns them into the engine's configuration for a single embedded store.
    ///
    /// # Errors
    /// [`JetStreamError::InvalidSettings`] and [`JetStreamError::InvalidOrigin`] for a broken rule,
    /// [`JetStreamError::Unsupported`] for what one store cannot do.
    pub fn to_engine(&self) -> Result<StreamConfig, JetStreamError> {
        let settings = self.clone().normalized();
        validate::settings(&settings).map_err(|(_, error)| error)?;
        validate::embedded(&settings)?;
        settings.into_engine()
    }

    /// Checks the settings and turns them into the engine's configuration for a server, which copies from other streams
    /// and publishes again by itself.
    ///
    /// # Errors
    /// [`JetStreamError::InvalidSettings`] and [`JetStreamError::InvalidOrigin`] for a broken rule.
    pub fn to_engine_for_server(&self) -> Result<StreamConfig, JetStreamError> {
        let settings = self.clone().normalized();
        validate::settings(&settings).map_err(|(_, error)| error)?;
        settings.into_engine()
    }

    /// Returns the first rule that the settings break, with what is wrong.
    ///
    /// # Errors
    /// As [`Self::to_engine_for_server`].
    pub fn check_for_server(&self) -> Result<(), (SettingsRule, JetStreamError)> {
        validate::settings(&self.clone().normalized())
    }

    fn into_engine(self) -> Result<StreamConfig, JetStreamError> {
        let mut attributes = self.attributes();
        let mut subjects = self.subjects;
        if self.mirror.is_some() || !self.sources.is_empty() || self.subject_transform.is_some() {
            // Copies keep subjects that the stream itself does not take, and a transform makes such.
            attributes.insert(names::SUBJECTS.into(), names::subjects_text(&subjects));
            subjects = vec![SubjectFilter::all()];
        }
        let marker = |ttl| Ok::<_, JetStreamError>(LimitMarker { ttl, headers: limit_marker_headers(ttl)? });
        Ok(StreamConfig {
            name: self.name,
            subjects,
            storage: self.storage,
            messages_max: self.max_msgs,
            bytes_max: self.max_bytes,
            age_max: self.max_age,
            messages_per_subject_max: self.max_msgs_per_subject,
            message_bytes_max: self.max_msg_size,
            discard: self.discard,
            compression: self.compression,
            limit_marker: self.subject_delete_marker_ttl.map(marker).transpose()?,
            first_sequence: self.first_sequence,
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
            mirror_direct: flag(names::MIRROR_DIRECT),
            allow_atomic: flag(names::ALLOW_ATOMIC),
            sealed: flag(names::SEALED),
            no_ack: flag(names::NO_ACK),
            persist_async: flag(names::PERSIST_ASYNC),
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
        if names::FLAGS.contains(&name) {
            // Read as flags above.
            return Ok(());
        }
        let unreadable = || JetStreamError::InvalidSettings {
            stream: self.name.clone(),
            reason: format!("cannot read the stored {name} {text:?}"),
        };
        match name {
            names::RETENTION => self.retention = names::parse_retention(text).ok_or_else(unreadable)?,
            names::DESCRIPTION => self.description = text.into(),
            names::DUPLICATE_WINDOW => {
                self.duplicate_window = Some(names::parse_nanos(text).ok_or_else(unreadable)?);
            }
            names::INACTIVE_THRESHOLD => {
                self.consumer_limits.inactive_threshold =
                    Some(names::parse_nanos(text).ok_or_else(unreadable)?);
            }
            names::MAX_ACK_PENDING => {
                self.consumer_limits.max_ack_pending = Some(text.parse().map_err(|_| unreadable())?);
            }
            names::MAX_CONSUMERS => self.max_consumers = Some(text.parse().map_err(|_| unreadable())?),
            names::SUBJECTS => self.subjects = names::parse_subjects(text).ok_or_else(unreadable)?,
            names::SUBJECT_TRANSFORM => {
                self.subject_transform = Some(lists::parse_transform(text).ok_or_else(unreadable)?);
            }
            names::REPUBLISH => self.republish = Some(lists::parse_republish(text).ok_or_else(unreadable)?),
            names::PLACEMENT => self.placement = Some(lists::parse_placement(text).ok_or_else(unreadable)?),
            names::MIRROR => self.mirror = Some(lists::parse_source(text).ok_or_else(unreadable)?),
            _ if name.starts_with(names::SOURCE_PREFIX) => {
                // Numbers have one width, so the order of names is the order of the sources.
                let source: Source = lists::parse_source(text).ok_or_else(unreadable)?;
                self.sources.push(source);
            }
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
            (names::MIRROR_DIRECT, self.mirror_direct),
            (names::ALLOW_ATOMIC, self.allow_atomic),
            (names::SEALED, self.sealed),
            (names::NO_ACK, self.no_ack),
            (names::PERSIST_ASYNC, self.persist_async),
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
        let limits = self.consumer_limits;
        let texts = [
            (names::RETENTION, names::retention_text(self.retention)),
            (names::INACTIVE_THRESHOLD, limits.inactive_threshold.map(names::nanos_text)),
            (names::MAX_ACK_PENDING, limits.max_ack_pending.map(|most| most.to_string())),
            (names::MAX_CONSUMERS, self.max_consumers.map(|most| most.to_string())),
            (names::SUBJECT_TRANSFORM, self.subject_transform.as_ref().map(lists::transform_text)),
            (names::REPUBLISH, self.republish.as_ref().map(lists::republish_text)),
            (names::PLACEMENT, self.placement.as_ref().map(lists::placement_text)),
            (names::MIRROR, self.mirror.as_ref().map(lists::source_text)),
        ];
        for (name, text) in texts {
            attributes.extend(text.map(|text| (name.into(), text)));
        }
        for (number, source) in self.sources.iter().enumerate() {
            attributes.insert(format!("{}{number:06}", names::SOURCE_PREFIX), lists::source_text(source));
        }
        for (word, text) in &self.metadata {
            attributes.insert(format!("{}{word}", names::METADATA_PREFIX), text.clone());
        }
        attributes
    }
}
