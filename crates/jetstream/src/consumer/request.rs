//! What the subject of a create request says, and how it goes with the body (PROTOCOL 2.6.1).

use super::{ConsumerConfig, ConsumerError};

/// By which subject a consumer is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CreateForm {
    /// `CONSUMER.CREATE.<stream>`.
    Unnamed,
    /// `CONSUMER.CREATE.<stream>.<name>`, with or without a filter behind it.
    Named,
    /// `CONSUMER.DURABLE.CREATE.<stream>.<name>`.
    Durable,
}

/// A create request as it came: the parts of the subject and the body.
#[derive(Debug, Clone)]
pub struct CreateRequest<'a> {
    /// Which subject.
    pub form: CreateForm,
    /// The stream in the subject.
    pub stream: &'a str,
    /// The name in the subject, empty if there is none.
    pub name: &'a str,
    /// The filter in the subject.
    pub filter: Option<&'a str>,
    /// The stream in the body.
    pub stream_in_body: &'a str,
    /// The configuration in the body.
    pub config: ConsumerConfig,
}

impl CreateRequest<'_> {
    /// Returns the configuration with the name that counts; the one in the subject beats the one in the body.
    ///
    /// # Errors
    /// In the order of PROTOCOL 2.6.1: `StreamMismatch`, `NameWithPathSeparator`, `DurableNameNotSet`,
    /// `DurableNameMismatch`, `DurableAndNameDiffer`, `EphemeralWithDurableName`, `FilterInSubjectAndFilters`,
    /// `FilterMismatch`.
    pub fn resolve(self) -> Result<ConsumerConfig, ConsumerError> {
        let mut config = self.config;
        if self.stream_in_body != self.stream {
            return Err(ConsumerError::StreamMismatch);
        }
        if [self.name, &config.name].iter().any(|name| name.contains(['/', '\\'])) {
            return Err(ConsumerError::NameWithPathSeparator);
        }
        match self.form {
            CreateForm::Durable if config.durable_name.is_empty() => {
                return Err(ConsumerError::DurableNameNotSet);
            }
            CreateForm::Durable | CreateForm::Named
                if !config.durable_name.is_empty() && config.durable_name != self.name =>
            {
                return Err(ConsumerError::DurableNameMismatch);
            }
            CreateForm::Durable if !config.name.is_empty() && config.name != self.name => {
                return Err(ConsumerError::DurableAndNameDiffer);
            }
            CreateForm::Unnamed if !config.durable_name.is_empty() => {
                return Err(ConsumerError::EphemeralWithDurableName);
            }
            CreateForm::Durable | CreateForm::Named => self.name.clone_into(&mut config.name),
            CreateForm::Unnamed => {}
        }
        if let Some(filter) = self.filter {
            if !config.filter_subjects.is_empty() {
                return Err(ConsumerError::FilterInSubjectAndFilters);
            }
            if config.filter_subject != filter {
                return Err(ConsumerError::FilterMismatch);
            }
        }
        if config.num_replicas > 1 {
            return Err(ConsumerError::Replicas);
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests;
