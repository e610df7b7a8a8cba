//! The disk: how long syncs take, and whether they can be true.

use super::device::{self, Cache, Device, Mount};
use super::finding::{Finding, Verdict};
use crate::clock;
use crate::exit::{Failure, Stop};
use crate::span::{nanos, shown};
use jetkv::env::{Env, File, OpenMode};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Measures syncs in `dir` as a store makes them.
pub(super) fn measure(dir: &Path, samples: u32) -> Result<Vec<Finding>, Stop> {
    let (mount, device) = (device::mount_of(dir), Device::of(dir));
    let mut findings = vec![judge_mount(mount.as_ref())];
    let before = device.as_ref().and_then(Device::flushes);
    let appends = Spans::measure(dir, samples, Way::Append)?;
    let overwrites = Spans::measure(dir, samples, Way::Overwrite)?;
    let after = device.as_ref().and_then(Device::flushes);
    let flushes = before.zip(after).map(|(before, after)| after.saturating_sub(before));
    findings.push(appends.finding("append"));
    findings.push(overwrites.finding("overwrite"));
    let seen = Seen {
        syncs: u64::from(samples) * 2,
        median: overwrites.at(50),
        in_memory: mount.as_ref().is_some_and(Mount::is_memory),
        flushes,
    };
    findings.push(seen.judge(device.as_ref()));
    Ok(findings)
}

/// Where each write goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Behind the end of the file, so that a sync must save its length, too.
    Append,
    /// Into zeros that are there already: what a store does nearly always.
    Overwrite,
}

/// How long syncs took, in order.
struct Spans(Vec<Duration>);

impl Spans {
    fn measure(dir: &Path, samples: u32, way: Way) -> Result<Self, Stop> {
        let path = dir.join("syncs");
        let failed = |what: &str, error: &std::io::Error| {
            Stop::from(Failure::io(format!("cannot {what} {}", path.display()), error))
        };
        let env = Env::system();
        let file: Arc<dyn File> =
            env.fs.open(&path, OpenMode::Replace).map_err(|error| failed("create", &error))?;
        let record = [0x5a; RECORD_BYTES];
        let length = u64::from(samples) * RECORD_BYTES_U64;
        if way == Way::Overwrite {
            let zeros = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
            file.write_at(&zeros, 0).map_err(|error| failed("write", &error))?;
        }
        file.sync_data().map_err(|error| failed("sync", &error))?;
        let mut spans = Vec::new();
        for number in 0..u64::from(samples) {
            file.write_at(&record, number * RECORD_BYTES_U64).map_err(|error| failed("write", &error))?;
            let began = clock::start();
            file.sync_data().map_err(|error| failed("sync", &error))?;
            spans.push(began.elapsed());
        }
        spans.sort_unstable();
        env.fs.remove_file(&path).map_err(|error| failed("remove", &error))?;
        Ok(Self(spans))
    }

    fn at(&self, percent: usize) -> Duration {
        self.0.get(self.0.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default()
    }

    fn finding(&self, way: &str) -> Finding {
        let (median, p99, most) = (self.at(50), self.at(99), self.at(100));
        let verdict = if p99 > SLOW { Verdict::Warning } else { Verdict::Good };
        let text = format!(
            "{way} of {RECORD_BYTES} bytes: median {}, 99 % within {}, longest {}{}",
            shown(nanos(median)),
            shown(nanos(p99)),
            shown(nanos(most)),
            if verdict == Verdict::Warning { "; each durable write waits for one" } else { "" }
        );
        Finding::new("sync", verdict, text).with(serde_json::json!({
            "way": way, "samples": self.0.len(), "median_ns": nanos(median), "p99_ns": nanos(p99), "max_ns": nanos(most),
        }))
    }
}

/// What tells whether syncs can be true.
#[derive(Debug, Clone, Copy)]
struct Seen {
    syncs: u64,
    median: Duration,
    in_memory: bool,
    /// Flushes that the device was sent meanwhile; those of others are among them.
    flushes: Option<u64>,
}

impl Seen {
    fn judge(self, device: Option<&Device>) -> Finding {
        let figures = serde_json::json!({
            "syncs": self.syncs, "flushes": self.flushes, "device": device.map(Device::name),
            "volatile_cache": device.and_then(|device| device.cache).map(|cache| cache == Cache::Volatile),
        });
        let (verdict, text) = self.verdict(device);
        Finding::new("honesty", verdict, text).with(figures)
    }

    fn verdict(self, device: Option<&Device>) -> (Verdict, String) {
        let (median, syncs) = (shown(nanos(self.median)), self.syncs);
        if self.in_memory {
            return (Verdict::Bad, "what is synced stays in memory: a power cut takes everything".into());
        }
        let Some(device) = device else {
            let text = if self.median < TOO_QUICK {
                format!(
                    "syncs take {median}, quicker than disks, and the system does not tell which one it is"
                )
            } else {
                "the system does not tell which device it is; syncs take the time that disks need".into()
            };
            let verdict = if self.median < TOO_QUICK { Verdict::Warning } else { Verdict::Good };
            return (verdict, text);
        };
        let name = device.name();
        match (device.cache, self.flushes) {
            (Some(Cache::Volatile), Some(flushes)) if flushes < syncs / 2 => (
                Verdict::Bad,
                format!(
                    "{name} has a volatile cache and was sent {flushes} flushes for {syncs} syncs: power cuts cost data"
                ),
            ),
            _ if device.turns && self.median < TURN / 8 && device.cache == Some(Cache::Volatile) => (
                Verdict::Warning,
                format!(
                    "{name} calls itself a turning disk, and syncs take {median}: a virtual disk, or one that lies"
                ),
            ),
            _ if self.median < TOO_QUICK => (
                Verdict::Warning,
                format!(
                    "syncs to {name} take {median}: a disk with a protected cache can do that, others lie"
                ),
            ),
            (Some(Cache::Volatile), Some(flushes)) => (
                Verdict::Good,
                format!("{name} has a volatile cache and was sent {flushes} flushes for {syncs} syncs"),
            ),
            (Some(Cache::Safe), _) => (
                Verdict::Good,
                format!(
                    "{name} says that its cache survives a power cut, or that it has none; that is believed"
                ),
            ),
            _ => (Verdict::Good, format!("syncs to {name} take the time that disks need")),
        }
    }
}

impl Mount {
    fn is_memory(&self) -> bool {
        matches!(self.kind.as_str(), "tmpfs" | "ramfs")
    }
}

fn judge_mount(mount: Option<&Mount>) -> Finding {
    let Some(mount) = mount else {
        return Finding::new("mount", Verdict::Warning, "the system does not tell which file system it is");
    };
    let kind = &mount.kind;
    let figures = serde_json::json!({ "file_system": kind, "options": mount.options });
    let unsafe_options = ["nobarrier", "barrier=0", "eatmydata"];
    let found = mount.options.iter().find(|option| unsafe_options.contains(&option.as_str()));
    let (verdict, text) = if let Some(option) = found {
        (Verdict::Bad, format!("{kind}, mounted with {option}: syncs do not reach the disk"))
    } else if mount.is_memory() {
        (Verdict::Bad, format!("{kind}: a file system in memory"))
    } else if mount.options.iter().any(|option| option == "ro") {
        (Verdict::Bad, format!("{kind}, mounted to be read only"))
    } else if kind == "overlay" {
        (Verdict::Warning, "overlay: the data goes when the container does; give the store a volume".into())
    } else if ["nfs", "cifs", "smb", "9p", "fuse", "virtiofs"].iter().any(|each| kind.starts_with(each)) {
        (Verdict::Warning, format!("{kind}: what a sync means there is up to somebody else"))
    } else {
        (Verdict::Good, kind.clone())
    };
    Finding::new("mount", verdict, text).with(figures)
}

/// What a small value takes in a segment.
const RECORD_BYTES: usize = 160;
const RECORD_BYTES_U64: u64 = 160;
/// No device with a flush to do is that quick.
const TOO_QUICK: Duration = Duration::from_micros(15);
/// What slows every durable write down.
const SLOW: Duration = Duration::from_millis(100);
/// One turn of a disk with 7,200 turns a minute.
const TURN: Duration = Duration::from_micros(8_333);

#[cfg(test)]
mod tests;
