//! The file system and the device under a directory, as Linux tells of them.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What carries a directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Mount {
    /// The kind of file system.
    pub(super) kind: String,
    /// How it is mounted.
    pub(super) options: Vec<String>,
}

/// A block device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Device {
    /// Directory of the whole device in `/sys`.
    pub(super) sys: String,
    /// Whether it has a cache that a power cut empties: what makes flushes needed.
    pub(super) cache: Option<Cache>,
    /// Whether it has disks that turn.
    pub(super) turns: bool,
}

/// What a device says of its cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cache {
    /// It loses power with the machine.
    Volatile,
    /// There is none, or it keeps its content.
    Safe,
}

/// Finds what carries `path`; `None` where the system does not tell.
pub(super) fn mount_of(path: &Path) -> Option<Mount> {
    let path = fs::canonicalize(path).ok()?;
    mount_in(&fs::read_to_string("/proc/self/mountinfo").ok()?, &path)
}

/// Finds the mount of a path in the text of `mountinfo`: the longest that holds it, the last of several.
fn mount_in(text: &str, path: &Path) -> Option<Mount> {
    let mut found: Option<(usize, Mount)> = None;
    for line in text.lines() {
        let (place, of) = line.split_once(" - ")?;
        let mut place = place.split(' ').skip(4);
        let (point, options) = (place.next()?.replace("\\040", " "), place.next()?);
        let mut of = of.split(' ');
        let (kind, device_options) = (of.next()?, of.nth(1).unwrap_or_default());
        let length = point.len();
        if path.starts_with(&point) && found.as_ref().is_none_or(|(known, _)| length >= *known) {
            let options = options.split(',').chain(device_options.split(',')).map(str::to_owned);
            found = Some((length, Mount { kind: kind.into(), options: options.collect() }));
        }
    }
    found.map(|(_, mount)| mount)
}

impl Device {
    /// Finds the device of a directory; `None` where there is none, as below overlays and networks.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let device = fs::metadata(path).ok()?.dev();
        let link = format!("/sys/dev/block/{}:{}", rustix::fs::major(device), rustix::fs::minor(device));
        let found = fs::canonicalize(link).ok()?;
        // A partition stands below its device, which has the queue.
        let whole = found.ancestors().find(|each| each.join("queue").is_dir())?;
        let read = |name: &str| fs::read_to_string(whole.join(name)).ok();
        let cache = match read("queue/write_cache")?.trim() {
            "write back" => Some(Cache::Volatile),
            "write through" => Some(Cache::Safe),
            _ => None,
        };
        let turns = read("queue/rotational").is_some_and(|text| text.trim() == "1");
        Some(Self { sys: whole.display().to_string(), cache, turns })
    }

    /// Returns its name.
    pub(super) fn name(&self) -> &str {
        self.sys.rsplit('/').next().unwrap_or_default()
    }

    /// Returns how many flushes it was sent; `None` where that is not counted.
    pub(super) fn flushes(&self) -> Option<u64> {
        let text = fs::read_to_string(format!("{}/stat", self.sys)).ok()?;
        // Linux 5.5 and later count them in the sixteenth field.
        text.split_whitespace().nth(15)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mount_of_a_path_is_the_longest_that_holds_it() {
        let text = "22 27 0:21 / /proc rw,relatime - proc proc rw\n\
                    27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,nobarrier\n\
                    28 27 0:30 / /data rw,noexec - xfs /dev/vdb1 rw,attr2\n\
                    29 27 0:31 / /data\\040two rw - tmpfs tmpfs rw,size=1k\n";
        let kind = |path: &str| mount_in(text, Path::new(path)).unwrap().kind;
        assert_eq!(kind("/srv/x"), "ext4");
        assert_eq!(kind("/data/x"), "xfs");
        assert_eq!(kind("/data two/x"), "tmpfs");
        assert_eq!(kind("/database"), "ext4");
        let root = mount_in(text, Path::new("/x")).unwrap();
        assert_eq!(root.options, ["rw", "relatime", "rw", "nobarrier"]);
    }
}
