//! The console in a real browser, and the HTTP door under a generic fuzzer of APIs.

use crate::peers::{Peers, run};
use crate::{CompatError, digest};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where Debian's browser is.
const BROWSER: &str = "/usr/bin/chromium";

/// The fuzzer, as PyPI has it.
const FUZZER: &str = "schemathesis==4.32.5";

/// What checks the console and the door of a program.
#[derive(Debug)]
pub struct ConsoleCheck {
    browser: PathBuf,
    scenes: PathBuf,
    fuzzer: PathBuf,
}

impl ConsoleCheck {
    /// Fetches the browser, what drives it, and the fuzzer.
    ///
    /// # Errors
    /// [`CompatError::Unavailable`] if one of them cannot be had here.
    pub fn prepare(peers: &Peers) -> Result<Self, CompatError> {
        let browser = std::env::var_os("CHROMIUM").map_or_else(|| BROWSER.into(), PathBuf::from);
        if !browser.exists() {
            // A new machine has no lists of packages yet.
            let install = || run(Command::new("apt-get").args(["install", "--yes", "--quiet", "chromium"]));
            if install().is_err() {
                run(Command::new("apt-get").args(["update", "--quiet"])).map_err(CompatError::unavailable)?;
                install().map_err(CompatError::unavailable)?;
            }
        }
        let sources = sources();
        let scenes = peers.make("browser", &digest::of_directory(&sources)?, |directory| {
            for file in digest::files_below(&sources)? {
                let to = directory.join(file.file_name().unwrap_or_default());
                std::fs::copy(&file, &to).map_err(CompatError::file(&to))?;
            }
            let arguments = ["install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"];
            run(Command::new("npm").args(arguments).current_dir(directory)).map_err(CompatError::unavailable)
        })?;
        let fuzzer = peers.python_packages("schemathesis", &[FUZZER])?;
        Ok(Self { browser, scenes, fuzzer })
    }

    /// Plays the scenes in the browser, and sends the fuzzer's requests, to servers of `program`.
    ///
    /// # Errors
    /// [`CompatError::Command`] with what was printed, if something is not as it should be.
    pub fn run(&self, program: &Path) -> Result<(), CompatError> {
        let tests = ["console.test.mjs", "looks.test.mjs", "door.test.mjs"];
        tests.iter().try_for_each(|test| run(&mut self.node(test, program)))
    }

    /// Makes the pictures of the README anew.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn make_pictures(&self, program: &Path, directory: &Path) -> Result<(), CompatError> {
        let mut node = self.node("looks.test.mjs", program);
        run(node.env("JETKV_PICTURES", directory).arg("--test-name-pattern=README"))
    }

    fn node(&self, test: &str, program: &Path) -> Command {
        let mut node = Command::new("node");
        node.arg("--test").env("JETKV", program);
        node.env("CHROMIUM", &self.browser).env("SCHEMATHESIS", &self.fuzzer);
        node.arg(self.scenes.join(test));
        node
    }
}

/// Where the scenes are written down.
fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join("console").join("browser")
}
