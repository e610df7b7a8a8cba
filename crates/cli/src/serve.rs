//! `jetkv serve`, and the same under the name `nats-server`.

mod about;
mod args;
mod banner;
mod descriptors;
mod door;
mod entry;
mod local;
mod log;
mod notify;
mod ports_file;
mod process;
mod remote_signal;
mod spelling;
mod start_lines;
#[cfg(feature = "otel")]
mod telemetry;

pub(crate) use args::ServeArgs;
pub(crate) use entry::{as_reference, respelled, serve};
pub(crate) use spelling::Role;
