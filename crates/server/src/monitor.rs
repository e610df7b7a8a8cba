//! HTTP monitoring (PROTOCOL 8.7): what an operator, a dashboard or a harness asks a running server.
//!
//! Pages are functions of plain snapshots and a query, so they can be tested alone; [`collect`] takes the snapshots. No page
//! shows a secret, every list is bounded, and nothing here can change the server.

mod again;
mod collect;
mod extension;
mod facts;
mod gathered;
mod http;
mod json;
pub(crate) mod machine;
mod pages;
mod port;
mod query;
mod route;

pub use extension::{BodyError, HttpAnswer, HttpBody, HttpExtension, HttpIncoming, Request, Response};
pub(crate) use facts::{AccountStreams, Consumers, StreamFacts, StreamFigures};
pub(crate) use http::Monitor;
pub use port::{HttpPort, HttpService};
