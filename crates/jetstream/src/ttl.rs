//! The time to live of a single message: header `Nats-TTL` (PROTOCOL 3.4).

use crate::{JetStreamError, duration};
use jetkv_engine::Ttl;
use std::time::Duration;

/// How long a message asks to live: whole seconds, at least one, or for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageTtl {
    /// This many seconds, at least 1.
    Seconds(u64),
    /// For ever, whatever the stream's `max_age` says.
    Never,
}

impl MessageTtl {
    /// Reads the text of the header: whole seconds, a Go duration, or `never`. Fractions of a second are cut off.
    ///
    /// # Errors
    /// [`JetStreamError::InvalidTtl`] for any other text, and for less than one second.
    pub fn parse(text: &str) -> Result<Self, JetStreamError> {
        if text.eq_ignore_ascii_case("never") {
            return Ok(Self::Never);
        }
        // As in the reference, a duration is tried first: `0` is one and therefore too short.
        if let Ok(span) = duration::parse(text) {
            return whole_seconds(span).map_err(|reason| invalid(text, reason));
        }
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(invalid(text, "expected seconds, a duration like 1h30m, or never"));
        }
        let seconds = text.parse().map_err(|_| invalid(text, TOO_LONG))?;
        whole_seconds(Duration::from_secs(seconds)).map_err(|reason| invalid(text, reason))
    }

    /// Reads the text of the header as [`Self::parse`] does, but takes more seconds than there can be for the most, as the
    /// reference does.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn clamped(text: &str) -> Result<Self, JetStreamError> {
        if text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let seconds: u64 = text.parse().unwrap_or(SECONDS_MAX);
            return match seconds {
                0 => Err(invalid(text, "at least 1s is needed")),
                seconds => Ok(Self::Seconds(seconds.min(SECONDS_MAX))),
            };
        }
        Self::parse(text)
    }

    /// Takes a span of time; fractions of a second are cut off.
    ///
    /// # Errors
    /// [`JetStreamError::InvalidTtl`] for less than one second or more than 292 years.
    pub fn from_span(span: Duration) -> Result<Self, JetStreamError> {
        whole_seconds(span).map_err(|reason| invalid(&duration::format(span), reason))
    }

    /// Returns the text for the header: whole seconds or `never`.
    #[must_use]
    pub fn header_value(self) -> String {
        match self {
            Self::Seconds(seconds) => seconds.to_string(),
            Self::Never => "never".into(),
        }
    }

    /// Returns at least `seconds_min`, as a stream with markers and a history asks for.
    #[must_use]
    pub fn raised_to(self, seconds_min: u64) -> Self {
        match self {
            Self::Seconds(seconds) => Self::Seconds(seconds.max(seconds_min)),
            Self::Never => Self::Never,
        }
    }
}

impl From<MessageTtl> for Ttl {
    fn from(ttl: MessageTtl) -> Self {
        match ttl {
            MessageTtl::Seconds(seconds) => Self::After(Duration::from_secs(seconds)),
            MessageTtl::Never => Self::Never,
        }
    }
}

fn whole_seconds(span: Duration) -> Result<MessageTtl, &'static str> {
    match span.as_secs() {
        0 => Err("at least 1s is needed"),
        seconds if seconds > SECONDS_MAX => Err(TOO_LONG),
        seconds => Ok(MessageTtl::Seconds(seconds)),
    }
}

fn invalid(text: &str, reason: &'static str) -> JetStreamError {
    JetStreamError::InvalidTtl { text: text.into(), reason }
}

const TOO_LONG: &str = "more than 292 years";
/// The reference keeps times as signed 64-bit nanoseconds.
const SECONDS_MAX: u64 = 9_223_372_036;

#[cfg(test)]
mod tests;
