//! The machine: room, open files, memory, the clock, and who may read the store.

use super::finding::{Finding, Verdict};
use crate::clock;
use crate::size::human;
use jetkv::Timestamp;
use rustix::fs::statvfs;
use rustix::process::{Resource, getrlimit};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

/// Looks at everything that needs no measuring; `scratch` is on the disk of `store`.
pub(super) fn look(store: &Path, scratch: &Path) -> Vec<Finding> {
    let mut findings = vec![space(scratch), files(), memory(), time(scratch)];
    findings.extend(access(store));
    findings
}

fn space(dir: &Path) -> Finding {
    let Ok(found) = statvfs(dir) else {
        return Finding::new("space", Verdict::Warning, "the system does not tell how much is free");
    };
    let (free, all) = (found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize);
    judge_space(free, all, (found.f_favail, found.f_files))
}

/// `nodes` are how many files can still be made, and how many there can be; 0 of 0 is no limit.
fn judge_space(free: u64, all: u64, nodes: (u64, u64)) -> Finding {
    let figures = serde_json::json!({ "free_bytes": free, "bytes": all, "free_files": nodes.0 });
    let (verdict, text) = if free < FREE_NEEDED {
        (Verdict::Bad, format!("{} are free: writes would be refused at once", human(free)))
    } else if nodes.1 > 0 && nodes.0 < FILES_NEEDED {
        (Verdict::Bad, format!("{} files can still be made on this disk", nodes.0))
    } else if free < all / 10 {
        (Verdict::Warning, format!("{} of {} are free, less than a tenth", human(free), human(all)))
    } else {
        (Verdict::Good, format!("{} of {} are free", human(free), human(all)))
    };
    Finding::new("space", verdict, text).with(figures)
}

fn files() -> Finding {
    let limit = getrlimit(Resource::Nofile);
    judge_files(limit.maximum)
}

/// The server raises its limit to `hard`; `None` is no limit.
fn judge_files(hard: Option<u64>) -> Finding {
    let figures = serde_json::json!({ "max_open_files": hard });
    let (verdict, text) = match hard {
        None => (Verdict::Good, "no limit of open files".to_owned()),
        Some(hard) if hard < 256 => {
            (Verdict::Bad, format!("{hard} open files are allowed: too few for a server (ulimit -Hn)"))
        }
        Some(hard) if hard < 65_536 => {
            let text = format!("{hard} open files are allowed, so fewer than 65,536 clients (ulimit -Hn)");
            (Verdict::Warning, text)
        }
        Some(hard) => (Verdict::Good, format!("{hard} open files are allowed")),
    };
    Finding::new("files", verdict, text).with(figures)
}

fn memory() -> Finding {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let field = |name: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1_024)
    };
    let group = fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let group = group.and_then(|text| text.trim().parse().ok());
    judge_memory(field("MemTotal:"), field("MemAvailable:"), group, getrlimit(Resource::As).current)
}

fn judge_memory(
    all: Option<u64>,
    available: Option<u64>,
    group: Option<u64>,
    address_space: Option<u64>,
) -> Finding {
    let figures = serde_json::json!({
        "bytes": all, "available_bytes": available, "control_group_bytes": group, "address_space_bytes": address_space,
    });
    let Some(most) = [all, group, address_space].into_iter().flatten().min() else {
        return Finding::new("memory", Verdict::Warning, "the system does not tell").with(figures);
    };
    let within = if group == Some(most) {
        " (limit of the control group)"
    } else if address_space == Some(most) {
        " (limit of the address space, ulimit -v)"
    } else {
        ""
    };
    let (verdict, text) = if most < MEMORY_NEEDED {
        (Verdict::Bad, format!("{}{within} are too few for a server", human(most)))
    } else if most < MEMORY_WANTED {
        (Verdict::Warning, format!("{}{within}: about 90 MiB go to each million short keys", human(most)))
    } else {
        (Verdict::Good, format!("{}{within}", human(most)))
    };
    Finding::new("memory", verdict, text).with(figures)
}

/// Compares the clock with what stamps files on the disk, and with what is possible.
fn time(dir: &Path) -> Finding {
    let path = dir.join("time");
    let stamped = fs::write(&path, b"x").and_then(|()| fs::metadata(&path)).ok();
    let stamped = stamped.and_then(|data| u64::try_from(data.mtime()).ok());
    let stamped = stamped.map(|seconds| Timestamp::from_nanos(seconds.saturating_mul(1_000_000_000)));
    judge_time(clock::now(), stamped)
}

fn judge_time(now: Timestamp, stamped: Option<Timestamp>) -> Finding {
    let figures = serde_json::json!({ "now": now.to_string(), "disk": stamped.map(|time| time.to_string()) });
    let apart = stamped.map(|stamped| now.since(stamped).max(stamped.since(now)));
    let (verdict, text) = if now < BUILT {
        (Verdict::Bad, format!("it is {now} by the clock of this machine: values would expire wrongly"))
    } else if let Some(apart) = apart.filter(|apart| *apart > CLOCKS_APART) {
        (
            Verdict::Warning,
            format!("the disk stamps files {} s apart from this machine's clock", apart.as_secs()),
        )
    } else {
        (Verdict::Good, now.to_string())
    };
    Finding::new("clock", verdict, text).with(figures)
}

/// Says whether others may read the store, if there is one.
fn access(store: &Path) -> Option<Finding> {
    let found = fs::metadata(store).ok()?;
    let mode = found.permissions().mode() & 0o777;
    let (verdict, text) = if !found.is_dir() {
        (Verdict::Bad, format!("{} is no directory", store.display()))
    } else if mode & 0o077 != 0 {
        (
            Verdict::Warning,
            format!("others may look into {} (mode {mode:03o}); chmod 700 ends that", store.display()),
        )
    } else {
        (Verdict::Good, format!("only its owner may look into {}", store.display()))
    };
    let figures = serde_json::json!({ "mode": format!("{mode:03o}") });
    Some(Finding::new("access", verdict, text).with(figures))
}

const FREE_NEEDED: u64 = 64 << 20;
const FILES_NEEDED: u64 = 1_000;
const MEMORY_NEEDED: u64 = 64 << 20;
const MEMORY_WANTED: u64 = 512 << 20;
/// No clock that is right shows less: the first of January 2026.
const BUILT: Timestamp = Timestamp::from_nanos(1_767_225_600_000_000_000);
/// How far a disk's clock, of another machine perhaps, may be from ours.
const CLOCKS_APART: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_scarce_is_told() {
        let gib = 1_u64 << 30;
        assert_eq!(judge_space(50 * gib, 100 * gib, (1 << 20, 1 << 21)).verdict, Verdict::Good);
        assert_eq!(judge_space(5 * gib, 100 * gib, (1 << 20, 1 << 21)).verdict, Verdict::Warning);
        assert_eq!(judge_space(1 << 20, 100 * gib, (1 << 20, 1 << 21)).verdict, Verdict::Bad);
        assert_eq!(judge_space(50 * gib, 100 * gib, (7, 1 << 21)).verdict, Verdict::Bad);
        assert_eq!(judge_space(50 * gib, 100 * gib, (0, 0)).verdict, Verdict::Good);
        assert_eq!(judge_files(None).verdict, Verdict::Good);
        assert_eq!(judge_files(Some(1 << 20)).verdict, Verdict::Good);
        assert_eq!(judge_files(Some(4_096)).verdict, Verdict::Warning);
        assert_eq!(judge_files(Some(64)).verdict, Verdict::Bad);
        assert_eq!(judge_memory(Some(8 * gib), Some(gib), None, None).verdict, Verdict::Good);
        let group = judge_memory(Some(8 * gib), Some(gib), Some(1 << 28), None);
        assert_eq!(group.verdict, Verdict::Warning);
        assert!(group.text.contains("control group"), "{}", group.text);
        assert_eq!(judge_memory(Some(8 * gib), None, None, Some(1 << 20)).verdict, Verdict::Bad);
        assert_eq!(judge_memory(None, None, None, None).verdict, Verdict::Warning);
    }

    #[test]
    fn a_clock_that_cannot_be_right_is_told() {
        let now: Timestamp = "2026-11-28T10:00:00Z".parse().unwrap();
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        assert_eq!(judge_time(now, at("2026-11-28T10:00:02Z")).verdict, Verdict::Good);
        assert_eq!(judge_time(now, None).verdict, Verdict::Good);
        assert_eq!(judge_time(now, at("2026-11-28T09:58:00Z")).verdict, Verdict::Warning);
        assert_eq!(judge_time(now, at("2026-11-28T10:02:00Z")).verdict, Verdict::Warning);
        assert_eq!(judge_time("1970-01-01T00:10:00Z".parse().unwrap(), None).verdict, Verdict::Bad);
    }
}
