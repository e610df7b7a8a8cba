//! The workspace as `cargo metadata` and `git` tell it.

use crate::error::XtaskError;
use crate::shell;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// All packages that the lock file names, those of the workspace among them.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Workspace {
    /// Every package, ours and foreign ones.
    pub(crate) packages: Vec<Package>,
    /// The ids of our packages.
    pub(crate) workspace_members: BTreeSet<String>,
    /// The directory that holds everything.
    pub(crate) workspace_root: PathBuf,
    /// The directory into which cargo builds.
    pub(crate) target_directory: PathBuf,
}

/// One package.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    /// The licence expression, for example `MIT OR Apache-2.0`.
    pub(crate) license: Option<String>,
    /// Where a foreign package came from; `None` for a package of the workspace or of a path.
    pub(crate) source: Option<String>,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) targets: Vec<Target>,
    /// The registries the package may go to: `None` for all, empty for none.
    pub(crate) publish: Option<Vec<String>>,
}

/// One line of a package's dependency tables.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// The version asked for, for example `^1`.
    pub(crate) req: String,
    /// `None` for a normal dependency, else `build` or `dev`.
    pub(crate) kind: Option<String>,
    /// The directory, if the dependency is given by path.
    pub(crate) path: Option<PathBuf>,
}

/// Something that cargo can build from a package.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Vec<String>,
    #[serde(default, rename = "required-features")]
    pub(crate) required_features: Vec<String>,
}

impl Workspace {
    /// Asks cargo about the workspace that the current directory belongs to.
    ///
    /// # Errors
    /// If cargo fails, for example because the lock file is out of date, or answers something unknown.
    pub(crate) fn load() -> Result<Self, XtaskError> {
        let arguments = ["metadata", "--format-version", "1", "--locked"];
        let answer = shell::output(&mut shell::cargo(Path::new("."), &arguments))?;
        serde_json::from_slice(&answer).map_err(|source| XtaskError::Metadata { source })
    }

    /// Returns our own packages.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// Returns our package called `name`, if the workspace has it.
    pub(crate) fn member(&self, name: &str) -> Option<&Package> {
        self.members().find(|package| package.name == name)
    }

    /// Returns where a plain `cargo build` puts the program `name`.
    pub(crate) fn program(&self, name: &str) -> String {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        self.target_directory.join("debug").join(file).to_string_lossy().into_owned()
    }

    /// Returns where `cargo build --release` puts the program `name`.
    pub(crate) fn release_program(&self, name: &str) -> PathBuf {
        self.target_directory.join("release").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// Returns the paths, relative to the root, of all files that git tracks or would track once they are added.
    ///
    /// # Errors
    /// If git is not there or fails.
    pub(crate) fn files(&self) -> Result<Vec<PathBuf>, XtaskError> {
        let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let mut command = Command::new("git");
        let listing = shell::output(command.args(arguments).current_dir(&self.workspace_root))?;
        let listing = String::from_utf8_lossy(&listing).into_owned();
        let paths: BTreeSet<&str> = listing.split('\0').filter(|path| !path.is_empty()).collect();
        let is_file = |path: &PathBuf| self.workspace_root.join(path).is_file();
        Ok(paths.into_iter().map(PathBuf::from).filter(is_file).collect())
    }
}

impl Package {
    /// Returns the package's targets of one kind, for example `example` or `test`.
    pub(crate) fn targets_of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Target> {
        self.targets.iter().filter(move |target| target.kind.iter().any(|each| each == kind))
    }
}
