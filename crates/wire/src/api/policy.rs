//! The words that a field of a configuration may have.

use crate::json::{RAW, quote};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};
use std::fmt;

/// Declares an enumeration whose values have words on the wire; the first one is the default.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident, $fault:expr, {
        $($(#[$value_doc:meta])* $value:ident = $word:literal $(| $other:literal)*,)*
    })*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub enum $name { $($(#[$value_doc])* $value,)* }

        impl $name {
            /// Returns the word that stands for the value.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word,)* }
            }

            fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word $(| $other)* => Some(Self::$value),)*
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let raw = from.deserialize_newtype_struct(RAW, Raw)?;
                let word = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                word.and_then(Self::from_word).ok_or_else(|| D::Error::custom($fault(&raw)))
            }
        }
    )* };
}

words! {
    /// When messages leave a stream on their own.
    Retention, cannot_unmarshal, {
        /// When a limit is reached.
        #[default]
        Limits = "limits",
        /// When every consumer that wants them has acknowledged them.
        Interest = "interest",
        /// When one consumer has acknowledged them.
        WorkQueue = "workqueue",
    }

    /// What happens to a message that would exceed a limit of its stream.
    Discard, cannot_unmarshal, {
        /// It is stored, and the oldest ones go.
        #[default]
        Old = "old",
        /// It is refused.
        New = "new",
    }

    /// Where a stream is kept.
    Storage, cannot_unmarshal, {
        /// On disk.
        #[default]
        File = "file",
        /// In memory.
        Memory = "memory",
    }

    /// How a stream's messages are compressed on disk.
    Compression, unknown_compression, {
        /// Not at all.
        #[default]
        None = "none",
        /// With S2.
        S2 = "s2",
    }

    /// When a publish is acknowledged.
    PersistMode, cannot_unmarshal, {
        /// When the message is stored.
        #[default]
        Default = "default" | "",
        /// Before it is written.
        Async = "async",
    }

    /// Where a consumer begins.
    DeliverPolicy, cannot_unmarshal, {
        /// At the first message.
        #[default]
        All = "all" | "undefined",
        /// At the last message.
        Last = "last",
        /// Behind the last message.
        New = "new",
        /// At a sequence.
        ByStartSequence = "by_start_sequence",
        /// At a time.
        ByStartTime = "by_start_time",
        /// At the last message of each subject.
        LastPerSubject = "last_per_subject",
    }

    /// How deliveries are acknowledged.
    AckPolicy, cannot_unmarshal, {
        /// Not at all.
        #[default]
        None = "none",
        /// With all before them.
        All = "all",
        /// One by one.
        Explicit = "explicit",
        /// By answers to flow control.
        FlowControl = "flow_control",
    }

    /// How fast old messages are delivered.
    ReplayPolicy, cannot_unmarshal, {
        /// At once.
        #[default]
        Instant = "instant",
        /// As they came.
        Original = "original",
    }

    /// How pull requests of a consumer take turns.
    PriorityPolicy, unknown_priority, {
        /// In order.
        #[default]
        None = "none",
        /// Some only when there is more than others can take.
        Overflow = "overflow",
        /// One client gets all.
        PinnedClient = "pinned_client",
        /// By their priority.
        Prioritized = "prioritized",
    }

    /// What a request to create a consumer may do.
    ConsumerAction, unknown_action, {
        /// Create or update.
        #[default]
        CreateOrUpdate = "",
        /// Create, and fail if there is another one.
        Create = "create",
        /// Update, and fail if there is none.
        Update = "update",
    }
}

fn cannot_unmarshal(raw: &str) -> String {
    format!("can not unmarshal {}", quote(raw))
}

fn unknown_compression(raw: &str) -> String {
    if raw.starts_with('"') || raw == "null" {
        return "unknown compression algorithm".into();
    }
    let kind = match raw.as_bytes().first() {
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b't' | b'f') => "bool",
        _ => "number",
    };
    format!("json: cannot unmarshal {kind} into Go value of type string")
}

fn unknown_priority(raw: &str) -> String {
    format!("unknown priority policy: {raw}")
}

fn unknown_action(raw: &str) -> String {
    format!("unknown consumer action: {raw}")
}

/// Takes the JSON text of a value. Other deserializers than the one of this crate give the word without its quotes.
struct Raw;

impl<'de> Visitor<'de> for Raw {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word")
    }

    fn visit_str<E: Error>(self, raw: &str) -> Result<String, E> {
        Ok(raw.into())
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<String, D::Error> {
        String::deserialize(from).map(|word| format!("\"{word}\""))
    }
}
