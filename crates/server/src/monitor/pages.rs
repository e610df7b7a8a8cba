//! The pages, each a function of snapshots and a query.

mod accounts;
mod connz;
mod healthz;
mod index;
mod jsz;
mod metrics;
mod nothing;
mod spans;
mod subsz;
mod varz;

pub(super) use accounts::{accountz, accstatz};
pub(super) use connz::connz;
pub(super) use healthz::{healthz, readyz};
pub(super) use index::index;
pub(super) use jsz::jsz;
pub(super) use metrics::metrics;
pub(super) use nothing::nothing;
pub(super) use subsz::subsz;
pub(super) use varz::varz;

#[cfg(test)]
mod tests;
