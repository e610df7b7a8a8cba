//! What a user may publish and subscribe to (PROTOCOL 1.15).

use super::patterns::Patterns;
use super::users::AuthError;
use crate::options::{PermissionOptions, ResponsePermission, SubjectPermission};
use std::sync::Arc;

/// The permissions of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Permissions {
    publish: Rules,
    subscribe: Rules,
    options: PermissionOptions,
}

/// What is allowed, and what of it is not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Rules {
    /// None is everything.
    allow: Option<Patterns>,
    deny: Option<Arc<Patterns>>,
}

/// The answer to a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SubscribeAnswer {
    /// It is allowed.
    Yes,
    /// It is allowed, but messages to these subjects must not be delivered.
    Except(Arc<Patterns>),
    /// It is not allowed.
    No,
}

impl Permissions {
    /// Makes permissions of what the configuration says about `user`.
    ///
    /// # Errors
    /// [`AuthError::BadSubject`] names an entry that is no subject.
    pub(crate) fn new(options: &PermissionOptions, user: &str) -> Result<Self, AuthError> {
        let mut publish = Rules::new(options.publish.as_ref(), user)?;
        if options.allow_responses.is_some() && publish.allow.is_none() {
            // Who is allowed responses and has no list of its own may publish nothing else.
            publish.allow = Some(Patterns::default());
        }
        let subscribe = Rules::new(options.subscribe.as_ref(), user)?;
        Ok(Self { publish, subscribe, options: options.clone() })
    }

    /// Says whether messages may be published to the literal `subject`, responses aside.
    pub(crate) fn may_publish(&self, subject: &[u8]) -> bool {
        self.publish.allow.as_ref().is_none_or(|allow| allow.matches(subject))
            && !self.publish.deny.as_ref().is_some_and(|deny| deny.matches(subject))
    }

    /// Says whether everything that matches `pattern` may be published to.
    pub(crate) fn may_publish_all(&self, pattern: &[u8]) -> bool {
        self.publish.allow.as_ref().is_none_or(|allow| allow.cover(pattern, None).plain)
            && !self.publish.deny.as_ref().is_some_and(|deny| deny.overlaps(pattern))
    }

    /// Says whether a subscription is allowed.
    pub(crate) fn may_subscribe(&self, subject: &[u8], queue: Option<&[u8]>) -> SubscribeAnswer {
        if let Some(allow) = &self.subscribe.allow {
            let covered = allow.cover(subject, queue);
            let allowed = if queue.is_some() && covered.queued { covered.in_group } else { covered.plain };
            if !allowed {
                return SubscribeAnswer::No;
            }
        }
        let Some(deny) = &self.subscribe.deny else { return SubscribeAnswer::Yes };
        let covered = deny.cover(subject, queue);
        if covered.plain || covered.in_group {
            return SubscribeAnswer::No;
        }
        if deny.overlaps(subject) { SubscribeAnswer::Except(Arc::clone(deny)) } else { SubscribeAnswer::Yes }
    }

    /// Returns whether the user may answer what it receives.
    pub(crate) fn responses(&self) -> Option<&ResponsePermission> {
        self.options.allow_responses.as_ref()
    }

    /// Returns what the configuration says.
    pub(crate) fn options(&self) -> &PermissionOptions {
        &self.options
    }
}

impl Rules {
    fn new(options: Option<&SubjectPermission>, user: &str) -> Result<Self, AuthError> {
        let Some(options) = options else { return Ok(Self::default()) };
        let parse = |list: &[String]| {
            Patterns::parse(list.iter().map(String::as_str))
                .map_err(|entry| AuthError::BadSubject { user: user.to_owned(), entry: entry.to_owned() })
        };
        let allow = options.allow.as_deref().filter(|list| !list.is_empty()).map(parse).transpose()?;
        let deny = parse(&options.deny)?;
        Ok(Self { allow, deny: (!deny.is_empty()).then(|| Arc::new(deny)) })
    }
}

#[cfg(test)]
mod tests;
