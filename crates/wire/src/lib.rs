//! Everything that appears on the wire, as pure functions: bytes in, values out, and back.
//!
//! [`parse`] reads the operations of clients, [`encode`] writes those of the server; [`connect`] and [`info`] are their
//! JSON. [`header`] works on raw header blocks, [`subject`] on raw subjects, [`ack`] on the subjects and bodies of
//! acknowledgements, [`pub_ack`] on the answers to publishers. [`api`] has the requests and responses of JetStream,
//! [`archive`] and [`s2`] what snapshots are made of, [`err_text`] and [`error`] the errors of both levels, [`mod@json`] what all JSON has in common.
//! There are no sockets here and no clock; nothing allocates by a length that the input names but does not hold.

pub mod ack;
pub mod advisory;
pub mod api;
pub mod archive;
pub mod connect;
pub mod encode;
pub mod err_text;
pub mod error;
pub mod header;
pub mod info;
pub mod json;
mod number;
pub mod parse;
pub mod pub_ack;
pub mod s2;
pub mod subject;
pub mod user_info;
mod varint;
