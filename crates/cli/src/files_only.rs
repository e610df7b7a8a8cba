//! Commands that need the files of a store: what they say, before anything else, where a server has them.

use crate::cli::{Command, RestoreArgs};
use crate::exit::{Exit, Failure, Stop};
use crate::place::{Door, shell_word};
use std::path::Path;

/// A command that no server does for somebody else.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FilesOnly<'a> {
    Check,
    Repair,
    /// The backup file that is restored.
    Restore(&'a Path),
}

impl<'a> FilesOnly<'a> {
    /// Returns what `command` is, if it needs the files.
    pub(crate) fn of(command: &'a Command) -> Option<Self> {
        match command {
            Command::Check => Some(Self::Check),
            Command::Repair(_) => Some(Self::Repair),
            Command::Restore(RestoreArgs { file, .. }) => Some(Self::Restore(file)),
            _ => None,
        }
    }

    /// Refuses a place whose files this process cannot have: nothing was asked, read or changed yet.
    ///
    /// # Errors
    /// With what works instead.
    pub(crate) fn admit(self, door: &Door) -> Result<(), Stop> {
        if door.names_servers() {
            let message =
                format!("{} needs the files of a store, and {} is a server", self.name(), door.name());
            let hint = match self {
                Self::Restore(file) => restore_elsewhere(file, &door.argument()),
                Self::Check | Self::Repair => format!(
                    "stop the server and run `jetkv --store DIR {}` on its directory{}",
                    self.name(),
                    self.meanwhile()
                ),
            };
            return Err(Failure::new(Exit::Usage, "invalid", message).hint(hint).into());
        }
        let Some(pid) = door.serving_process() else { return Ok(()) };
        let store = door.path().display();
        let message = format!("process {pid} serves {store}, and {} needs its files", self.name());
        let hint = match self {
            Self::Restore(file) => {
                format!("stop it first; or {}", restore_elsewhere(file, &door.argument()))
            }
            Self::Check | Self::Repair => format!("stop it first{}", self.meanwhile()),
        };
        Err(Failure::new(Exit::Unavailable, "unavailable", message).hint(hint).into())
    }

    fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Repair => "repair",
            Self::Restore(_) => "restore",
        }
    }

    /// Returns what tells of damage while a server runs; it reads everything by itself.
    fn meanwhile(self) -> &'static str {
        match self {
            Self::Check => "; while it runs, its log and /healthz?details=1 of its HTTP port tell of damage",
            Self::Repair | Self::Restore(_) => "",
        }
    }
}

/// Spells how a backup gets into a place that takes no restore.
fn restore_elsewhere(file: &Path, to: &str) -> String {
    let file = file.display().to_string();
    format!(
        "restore into another directory with `jetkv --store OTHER restore {}`, then `jetkv copy OTHER {}`",
        shell_word(&file),
        shell_word(to)
    )
}
