//! Keys that are created, each only if it is not there, and then deleted.

use super::bucket::{Bucket, Shape};
use super::load::Load;
use super::requests::Kind;
use super::site::Site;
use super::sizes::Sizes;
use crate::Outcome;
use std::time::Duration;

/// Creates every key of a new bucket, then deletes every one.
pub(super) fn create_and_delete(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    let bucket = Bucket::create(site.server.address(), "once", Shape::of(sizes.keys))?;
    let mut writes = 0;
    for (kind, work) in [(Kind::Create, CREATE), (Kind::Delete, DELETE)] {
        let meter = site.meter()?;
        let done = Load::windowed(kind, u64::MAX, Duration::MAX).run(&bucket)?;
        let spent = meter.stop()?;
        writes += done.writes;
        bucket.check(writes, 1)?;
        site.push_requests(work, &done, spent);
    }
    Ok(())
}

const CREATE: &str = "create a key that is not there, 1,000 in flight";
const DELETE: &str = "delete a key, 1,000 in flight";
