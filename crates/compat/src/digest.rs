//! The digest of a directory of sources, by which a build that is still good is known.

use crate::CompatError;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// Returns a text that changes when a file in `directory`, or its name, changes.
///
/// # Errors
/// If something in it cannot be read.
pub(crate) fn of_directory(directory: &Path) -> Result<String, CompatError> {
    let mut hasher = DefaultHasher::new();
    for path in files_below(directory)? {
        path.strip_prefix(directory).unwrap_or(&path).hash(&mut hasher);
        std::fs::read(&path).map_err(CompatError::file(&path))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Returns all files below `directory` in the order of their names.
///
/// # Errors
/// If a directory cannot be read.
#[expect(clippy::disallowed_methods, reason = "the sources of the suites are real files")]
pub(crate) fn files_below(directory: &Path) -> Result<BTreeSet<PathBuf>, CompatError> {
    let mut files = BTreeSet::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        let fault = |source| CompatError::File { path: directory.clone(), source };
        for entry in std::fs::read_dir(&directory).map_err(fault)? {
            let path = entry.map_err(fault)?.path();
            if path.is_dir() {
                directories.push(path);
            } else {
                files.insert(path);
            }
        }
    }
    Ok(files)
}
