//! A large bucket, a million keys unless said otherwise: what it takes, what its parts cost, and how soon it is back.

use super::load::Load;
use super::requests::Kind;
use super::site::Site;
use super::sizes::Sizes;
use crate::Outcome;
use std::time::Duration;

/// Puts every key once.
pub(super) fn load(site: &mut Site, _: &Sizes) -> Outcome<()> {
    site.fill()?;
    site.push_room("the bucket after its load")
}

/// Puts half of the keys again.
pub(super) fn half(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    again(site, sizes.keys / 2)?;
    site.push_room("the bucket after half was overwritten")
}

/// Puts all of the keys again.
pub(super) fn all(site: &mut Site, sizes: &Sizes) -> Outcome<()> {
    again(site, sizes.keys)?;
    site.push_room("the bucket after all was overwritten")
}

fn again(site: &mut Site, keys: u64) -> Outcome<()> {
    let done = Load::windowed(Kind::Load, keys, Duration::MAX).run(&site.bucket)?;
    site.wrote(done.writes, 1)
}
