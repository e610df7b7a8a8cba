//! The directory of foreign programs and libraries, `target/peers`, and the package managers that fill it.

use crate::CompatError;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How many bytes of a failed program's output are shown.
const OUTPUT_TAIL_BYTES: usize = 4096;

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

    /// Returns the directory into which pip has installed `packages` with all that they need.
    ///
    /// # Errors
    /// If pip is not installed or does not find them.
    pub fn python_packages(&self, name: &str, packages: &[&str]) -> Result<PathBuf, CompatError> {
        self.make(name, &packages.join(" "), |directory| {
            let mut pip = Command::new("python3");
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
            pip.arg("--target").arg(directory).args(packages);
            run(&mut pip).map_err(CompatError::unavailable)
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
        let stamp = self.directory.join(format!("{name}.recipe"));
        std::fs::create_dir_all(&self.directory).map_err(CompatError::file(&self.directory))?;
        let _lock = self.lock(name)?;
        if home.is_dir() && std::fs::read_to_string(&stamp).is_ok_and(|text| text == recipe) {
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
        std::fs::rename(&unfinished, &home).map_err(CompatError::file(&home))?;
        std::fs::write(&stamp, recipe).map_err(CompatError::file(&stamp))?;
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
