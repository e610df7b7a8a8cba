//! Small files kept in two copies, replaced as a whole: manifests and the catalog.
//!
//! Both copies are written under a temporary name and synced, then renamed over the old ones; the sync of the directory
//! makes the new ones durable. After a cut each copy is the old or the new one, whole.

use crate::damage::{Damage, DamageKind};
use crate::env::{Env, Fs, OpenMode, read_file};
use crate::error::EngineError;
use crate::format::FORMAT_VERSION;
use crate::format::manifest::Read;
use std::io;
use std::path::{Path, PathBuf};

/// What reading two copies gave.
#[derive(Debug)]
pub(crate) struct Copies<T> {
    /// The newest intact copy.
    pub(crate) newest: Option<T>,
    /// Copies that are there and not intact, or missing while the other one is there.
    pub(crate) damages: Vec<Damage>,
}

/// Reads both copies of `base` in `dir`.
///
/// # Errors
/// `NewerFormat` if a copy was written by a newer version; `Io` if a copy cannot be read.
pub(crate) fn read<T>(
    fs: &dyn Fs,
    dir: &Path,
    base: &str,
    open: impl Fn(&[u8]) -> Read<T>,
    generation: impl Fn(&T) -> u64,
) -> Result<Copies<T>, EngineError> {
    let mut copies = Copies { newest: None, damages: Vec::new() };
    let mut missing = Vec::new();
    for suffix in SUFFIXES {
        let path = dir.join(format!("{base}.{suffix}"));
        let bytes = match read_file(fs, &path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                missing.push(path);
                continue;
            }
            Err(error) => return Err(EngineError::io("read", &path)(error)),
        };
        match open(&bytes) {
            Read::Newer { version } => {
                return Err(EngineError::NewerFormat { path, found: version, supported: FORMAT_VERSION });
            }
            Read::Invalid => copies.damages.push(metadata_damage(path, bytes.len())),
            Read::Valid(found) => {
                if copies.newest.as_ref().is_none_or(|known| generation(known) < generation(&found)) {
                    copies.newest = Some(found);
                }
            }
        }
    }
    if copies.newest.is_some() || !copies.damages.is_empty() {
        copies.damages.extend(missing.into_iter().map(|path| metadata_damage(path, 0)));
    }
    Ok(copies)
}

/// Replaces both copies; they are durable when it returns.
///
/// # Errors
/// `Io` or `StorageFull`; then the old copies, the new ones or one of each are there, all of them whole.
pub(crate) fn write(env: &Env, dir: &Path, base: &str, bytes: &[u8]) -> Result<(), EngineError> {
    for suffix in SUFFIXES {
        let path = temporary(dir, base, suffix);
        let file = env.fs.open(&path, OpenMode::Replace).map_err(EngineError::io("create", &path))?;
        file.write_at(bytes, 0).map_err(EngineError::io("write", &path))?;
        file.sync_data().map_err(EngineError::io("sync", &path))?;
    }
    for suffix in SUFFIXES {
        let path = dir.join(format!("{base}.{suffix}"));
        env.fs.rename(&temporary(dir, base, suffix), &path).map_err(EngineError::io("replace", &path))?;
    }
    env.fs.sync_dir(dir).map_err(EngineError::io("sync", dir))
}

/// Moves damaged copies aside, so that writing new ones destroys no evidence.
///
/// # Errors
/// `Io` if a file cannot be moved.
pub(crate) fn set_aside(env: &Env, damages: &[Damage], quarantine: &Path) -> Result<(), EngineError> {
    for damage in damages.iter().filter(|damage| damage.length > 0) {
        quarantine_file(env, &damage.path, quarantine)?;
    }
    Ok(())
}

/// Moves a file into the quarantine under a name that tells where it came from; returns the new place.
///
/// # Errors
/// `Io` if the file cannot be moved.
pub(crate) fn quarantine_file(env: &Env, path: &Path, quarantine: &Path) -> Result<PathBuf, EngineError> {
    env.fs.create_dir_all(quarantine).map_err(EngineError::io("create", quarantine))?;
    let part = |path: Option<&Path>| {
        path.and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned()
    };
    let unique = env.entropy.next_u64();
    let to = quarantine.join(format!("{}-{}-{unique:016x}", part(path.parent()), part(Some(path))));
    env.fs.rename(path, &to).map_err(EngineError::io("move", path))?;
    env.fs.sync_dir(quarantine).map_err(EngineError::io("sync", quarantine))?;
    Ok(to)
}

fn temporary(dir: &Path, base: &str, suffix: &str) -> PathBuf {
    dir.join(format!("{base}.{suffix}.tmp"))
}

fn metadata_damage(path: PathBuf, length: usize) -> Damage {
    let length = crate::convert::to_u64(length);
    Damage { path, offset: 0, length, sequences: None, subject: None, kind: DamageKind::Metadata }
}

const SUFFIXES: [&str; 2] = ["a", "b"];
