//! The keys of the file: what each means, what type its value has (PROTOCOL 8.3, 8.4).
//!
//! Keys are compared without regard to case, as in the reference.

mod accounts;
mod authorization;
mod blocks;
mod jetstream;
mod permissions;
mod tls;
mod top;
mod users;

pub(super) use top::top;
