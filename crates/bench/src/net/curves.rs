//! Sessions that measure one thing at many sizes: clients, values, watches that do not match, buckets.

use super::bucket::{Bucket, Shape};
use super::load::Load;
use super::memory::{self, Filters};
use super::requests::Kind;
use super::sessions::windowed;
use super::site::Site;
use super::sizes::Sizes;
use crate::Outcome;
use crate::data::VALUE_BYTES;
use std::time::Duration;

/// Puts and gets of so many clients at once, each with one request in flight.
pub(super) fn clients(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    for clients in CLIENTS {
        for (kind, name) in KINDS {
            let load = Load {
                kind,
                connections: clients,
                window: 1,
                requests: sizes.requests,
                time_max: sizes.time_max(),
            };
            site.requests(&format!("{name}, {clients} clients"), load)?;
        }
    }
    Ok(())
}

/// Puts and gets of values of so many bytes, in a bucket of their own.
pub(super) fn values(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    for bytes in VALUES {
        let shape = Shape { value_bytes: bytes, ..Shape::of(VALUE_KEYS) };
        let bucket = Bucket::create(site.server.address(), &format!("values{bytes}"), shape)?;
        let filled = fill(&bucket)?;
        let requests = sizes.requests.min(VALUE_ROOM / u64::try_from(bytes)?);
        let mut writes = filled;
        for (kind, name) in KINDS {
            let meter = site.meter()?;
            let done = Load::windowed(kind, requests, sizes.time_max()).run(&bucket)?;
            let spent = meter.stop()?;
            writes += done.writes;
            bucket.check(writes, 1)?;
            site.push_requests(&format!("{name} of {bytes} bytes"), &done, spent);
        }
    }
    Ok(())
}

/// Puts beside so many watches, none of which matches.
pub(super) fn strangers(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    let mut connections = Vec::new();
    let mut watches = 0;
    for count in STRANGERS {
        connections.push(memory::watch(&site.bucket, watches..count, Filters::NoKey)?);
        watches = count;
        site.requests(&format!("put beside {count} watches"), windowed(Kind::Put, sizes))?;
    }
    Ok(())
}

/// Puts over so many buckets, each into another one than the one before.
pub(super) fn buckets(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    for count in BUCKETS {
        let shape = Shape { buckets: count, ..Shape::of(sizes.keys.max(BUCKETS_KEYS_MIN)) };
        let bucket = Bucket::create(site.server.address(), &format!("of{count}x"), shape)?;
        let filled = fill(&bucket)?;
        let meter = site.meter()?;
        let done = windowed(Kind::Put, sizes).run(&bucket)?;
        let spent = meter.stop()?;
        bucket.check(filled + done.writes, 1)?;
        site.push_requests(&format!("put over {count} buckets"), &done, spent);
    }
    Ok(())
}

/// Puts every key once and returns how many.
fn fill(bucket: &Bucket) -> Outcome<u64> {
    Ok(Load::windowed(Kind::Load, u64::MAX, Duration::MAX).run(bucket)?.writes)
}

const KINDS: [(Kind, &str); 2] = [(Kind::Put, "put"), (Kind::Get, "get")];
const CLIENTS: [u64; 7] = [1, 2, 4, 8, 16, 32, 64];
const VALUES: [usize; 5] = [16, VALUE_BYTES, 1 << 10, 8 << 10, 64 << 10];
const VALUE_KEYS: u64 = 2_000;
/// Bytes that the puts, or the gets, of one size carry at most.
const VALUE_ROOM: u64 = 512 << 20;
const STRANGERS: [u64; 6] = [0, 1, 10, 100, 1_000, 10_000];
const BUCKETS: [u64; 4] = [1, 10, 100, 1_000];
/// One for each request in flight, and one for each bucket.
const BUCKETS_KEYS_MIN: u64 = 2_000;
