//! The areas that are compared, each with its generator of scripts.

use crate::generate;
use crate::script::Script;
use std::fmt::{self, Display};
use std::str::FromStr;
use testkit::nats::DEFAULT_CONNECT;

/// A part of what a server does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    /// Subscriptions, queue groups, publishing, malformed operations, options of `CONNECT`.
    Core,
    /// Streams: configurations, information, paging, purging, reading and deleting messages.
    Streams,
    /// Publishing into streams with every header.
    Publish,
    /// Direct gets.
    Direct,
    /// Consumers: configurations and their changes.
    Consumers,
    /// Consumers: what they deliver, acknowledgements, pull requests.
    Delivery,
    /// Atomic batches.
    Batches,
    /// Limits of streams, expiry, mirrors, sources, republishing.
    Limits,
    /// Bodies of requests that are no proper JSON.
    Bodies,
    /// Users with permissions for buckets and keys.
    Permissions,
}

/// How the servers of an area are started.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    /// The configuration file.
    pub config: &'static str,
    /// What an administrator sends with `CONNECT`.
    pub admin: &'static str,
}

impl Area {
    /// All areas.
    pub const ALL: [Self; 10] = [
        Self::Core,
        Self::Streams,
        Self::Publish,
        Self::Direct,
        Self::Consumers,
        Self::Delivery,
        Self::Batches,
        Self::Limits,
        Self::Bodies,
        Self::Permissions,
    ];

    /// Returns the script of a seed; always the same.
    #[must_use]
    pub fn script(self, seed: u64) -> Script {
        let steps = match self {
            Self::Core => generate::core::steps(seed),
            Self::Streams => generate::streams::steps(seed),
            Self::Publish => generate::publish::steps(seed),
            Self::Direct => generate::direct::steps(seed),
            Self::Consumers => generate::consumers::steps(seed),
            Self::Delivery => generate::delivery::steps(seed),
            Self::Batches => generate::batches::steps(seed),
            Self::Limits => generate::limits::steps(seed),
            Self::Bodies => generate::bodies::steps(seed),
            Self::Permissions => generate::permissions::steps(seed),
        };
        Script { area: self, seed, steps }
    }

    /// Returns how its servers are started.
    #[must_use]
    pub const fn setup(self) -> Setup {
        match self {
            Self::Permissions => {
                Setup { config: generate::permissions::CONFIG, admin: generate::permissions::ADMIN }
            }
            _ => Setup { config: "jetstream: enabled\n", admin: DEFAULT_CONNECT },
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Streams => "streams",
            Self::Publish => "publish",
            Self::Direct => "direct",
            Self::Consumers => "consumers",
            Self::Delivery => "delivery",
            Self::Batches => "batches",
            Self::Limits => "limits",
            Self::Bodies => "bodies",
            Self::Permissions => "permissions",
        }
    }
}

impl Display for Area {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Area {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|area| area.name() == name)
            .ok_or_else(|| format!("there is no area {name}"))
    }
}
