//! Places beyond a connection, for the conformance suite of the library and for tests that kill servers: our server in this
//! process, one reference server, and a cluster of three.
//!
//! What needs the reference server is marked `#[ignore]`; `cargo xtask places` runs it.

mod accounts;
mod clock;
mod cluster;
mod leader;
mod operator;
mod served;
mod shared;

pub use accounts::Account;
pub use cluster::Cluster;
pub use leader::Placement;
pub use operator::Operated;
pub use served::{Served, ServedError};
pub use shared::{Held, cluster, reference};
