//! The web console and the HTTP door: buckets and keys over HTTP, for browsers, shells and probes.
//!
//! [`Console`] is the whole of it as a service that any HTTP server can carry: the door under `/v1`, and the pages of the
//! console, which use nothing but the door. It works on every place that the library reaches. `docs/http.md` describes
//! the door for its users, and `/v1/openapi.json` for programs.

mod access;
mod assets;
mod at_once;
mod door;
pub mod duration;
pub mod form;
mod guard;
mod limits;
mod problem;
mod routes;

pub use access::{Access, Credentials, Front, Login, LoginError, LoginFuture, Rights, Seat, Way, WayFuture};
pub use guard::{Guard, Hosts};
pub use limits::VALUE_BYTES_MAX;
pub use routes::{About, Console, Options};
