//! The directory of foreign programs and libraries, `target/peers`, and the package managers that fill it.

use crate::CompatError;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// The file in a peer's directory that holds its recipe.
const STAMP: &str = ".recipe";

/// How many bytes of a failed program's output are shown.
const OUTPUT_TAIL_BYTES: usize = 4096;

/// How often something is fetched before it counts as not to be had, and the pause in between.
const ATTEMPTS_MAX: u32 = 3;
const PAUSE: Duration = Duration::from_secs(3);

/// The peers that were fetched, each in a directory of its own below `target/peers`.
///
/// A directory is made once for each recipe (packages with their versions). It is filled under another name first, so
/// a fetch that was interrupted is not taken for a good one, and under a lock, so several test programs may ask at once.
#[derive(Debug, Clone)]
pub struct Peers {
    directory: PathBuf,
}

impl Peers {
    /// Returns the peers in cargo's target directory: `CARGO_TARGET_DIR`, or `target` of this workspace.
    #[must_use]
    pub fn in_target() -> Self {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join("..");
        let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let target = target.unwrap_or_else(|| "target".into());
        Self { directory: workspace.join(target).join("peers") }
    }

    /// Returns the peers in `directory`, for tests.
    #[cfg(test)]
    fn in_directory(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// Returns the directory into which pip has installed `packages` with all that they need.
    ///
    /// # Errors
    /// If pip is not installed or does not find them.
    pub fn python_packages(&self, name: &str, packages: &[&str]) -> Result<PathBuf, CompatError> {
        self.make(name, &packages.join(" "), |directory| {
            pip_install(|| Command::new("python3"), directory, packages)
        })
    }

    /// Returns the directory of the peer `name`, filled by `fill` if it is not there yet or was made by another recipe.
    ///
    /// `recipe` is any text that changes when the content must change.
    ///
    /// # Errors
    /// Those of `fill`, and faults of the file system.
    #[expect(clippy::disallowed_methods, reason = "the real file system, beside what cargo builds")]
    pub fn make(
        &self,
        name: &str,
        recipe: &str,
        fill: impl FnOnce(&Path) -> Result<(), CompatError>,
    ) -> Result<PathBuf, CompatError> {
        let home = self.directory.join(name);
        std::fs::create_dir_all(&self.directory).map_err(CompatError::file(&self.directory))?;
        let _lock = self.lock(name)?;
        if std::fs::read_to_string(home.join(STAMP)).is_ok_and(|text| text == recipe) {
            return Ok(home);
        }
        let unfinished = self.directory.join(format!("{name}.unfinished"));
        for old in [&home, &unfinished] {
            if old.exists() {
                std::fs::remove_dir_all(old).map_err(CompatError::file(old))?;
            }
        }
        std::fs::create_dir_all(&unfinished).map_err(CompatError::file(&unfinished))?;
        fill(&unfinished)?;
        let stamp = unfinished.join(STAMP);
        std::fs::write(&stamp, recipe).map_err(CompatError::file(&stamp))?;
        // Content and stamp come into being at once.
        std::fs::rename(&unfinished, &home).map_err(CompatError::file(&home))?;
        Ok(home)
    }

    /// Takes the lock of one peer; it is given back when the file is dropped.
    #[expect(clippy::disallowed_methods, reason = "a lock between processes is a real file")]
    fn lock(&self, name: &str) -> Result<File, CompatError> {
        let path = self.directory.join(format!("{name}.lock"));
        let file = File::create(&path).map_err(CompatError::file(&path))?;
        file.lock().map_err(CompatError::file(&path))?;
        Ok(file)
    }
}

/// Installs Python packages into `directory` by the pip of `python`.
///
/// # Errors
/// As for [`fetch`].
pub(crate) fn pip_install(
    python: impl Fn() -> Command,
    directory: &Path,
    packages: &[&str],
) -> Result<(), CompatError> {
    fetch(|| {
        let mut pip = python();
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        // What an attempt before has left is replaced.
        pip.arg("--upgrade").arg("--target").arg(directory).args(packages);
        pip
    })
}

/// Runs a program that fetches something, again if it fails, since networks do.
///
/// # Errors
/// [`CompatError::Unavailable`]: it cannot be had here, which does not mean that something of ours is wrong.
pub(crate) fn fetch(command: impl Fn() -> Command) -> Result<(), CompatError> {
    let mut attempts = 1;
    loop {
        match run(&mut command()) {
            Err(CompatError::Command { .. }) if attempts < ATTEMPTS_MAX => {
                attempts += 1;
                thread::sleep(PAUSE);
            }
            result => return result.map_err(CompatError::unavailable),
        }
    }
}

/// Runs a package manager or a compiler; what it prints is kept for the error.
///
/// # Errors
/// If it is not installed, or reports a failure.
pub(crate) fn run(command: &mut Command) -> Result<(), CompatError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| CompatError::Start { command: name.clone(), source })?;
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stdout, output.stderr].concat();
    let tail = &printed[printed.len().saturating_sub(OUTPUT_TAIL_BYTES)..];
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
    Err(CompatError::Command {
        command: format!("{name} {}", arguments.join(" ")),
        status: output.status,
        output: String::from_utf8_lossy(tail).into_owned(),
    })
}

#[cfg(test)]
mod tests;
