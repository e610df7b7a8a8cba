//! `ping`: whether a server answers. It never opens the files of a store itself, so probes can use it at any time.

use crate::clock;
use crate::exit::{Exit, Failure, Stop};
use crate::output::Out;
use crate::place::Door;
use crate::span;
use std::io::Write;

/// `ping`
pub(crate) fn ping(door: &Door, out: &mut Out) -> Result<(), Stop> {
    let Some(store) = door.connect()? else {
        let text = format!("no server has the store {}", door.path().display());
        let failure = Failure::new(Exit::Unavailable, "unavailable", text);
        return Err(failure.hint("name another place with --store DIR or --server URL").into());
    };
    // Making the connection has loaded code and names; what is measured is the request.
    let began = clock::start();
    let buckets = store.key_value_names()?.len();
    let took = began.elapsed();
    let server = store.server_id().unwrap_or_default();
    store.close()?;
    if out.is_json() {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        return Ok(out.json(&serde_json::json!({ "server": server, "buckets": buckets, "micros": micros }))?);
    }
    let buckets = crate::text::count(u64::try_from(buckets).unwrap_or(u64::MAX), "bucket", "buckets");
    Ok(writeln!(out, "server {server} answers in {}, {buckets}", span::shown(span::nanos(took)))?)
}
