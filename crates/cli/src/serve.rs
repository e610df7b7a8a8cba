//! `jetkv serve`, and the same under the name `nats-server`.

mod args;
mod log;
mod notify;
mod ports_file;
mod remote_signal;
mod spelling;

pub(crate) use args::ServeArgs;
pub(crate) use spelling::{Role, respell};
