//! The place that commands work at: a store in a directory, the server that holds it, or servers elsewhere.

use crate::cli::{PlaceArgs, STORE_DEFAULT};
use crate::connection::Connection;
use crate::exit::{Failure, Stop};
use crate::local::LocalServer;
use crate::output::{Form, warn};
use crate::text;
use jetkv::blocking::{JetStream, KeyValue};
use jetkv::{KvError, OpenOptions};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A place that is not open yet.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    store: PathBuf,
    /// Servers, if any were named; the directory is then of no account.
    servers: Option<Connection>,
    sync: Option<jetkv::Sync>,
    wait: Duration,
    form: Form,
}

impl Door {
    /// Finds out which place is meant: what a flag names, then what the environment names, then the default directory.
    ///
    /// # Errors
    /// A context that cannot be read, and contradictions.
    pub(crate) fn new(args: &PlaceArgs, form: Form) -> Result<Self, Failure> {
        let variables = |name: &str| std::env::var(name).ok();
        let (server, context) = (args.server.as_deref(), args.context.as_deref());
        let servers = Connection::of(server, context, args.store.is_none(), &variables)?;
        Ok(Self { servers, ..Self::of_directory(args, form) })
    }

    /// Returns the directory, whatever servers are named.
    pub(crate) fn of_directory(args: &PlaceArgs, form: Form) -> Self {
        let store = args.store.clone().unwrap_or_else(|| STORE_DEFAULT.into());
        Self { store, servers: None, sync: args.sync, wait: args.wait, form }
    }

    /// Returns the door of a place that an argument names: servers, `context:NAME`, or a directory.
    ///
    /// # Errors
    /// A context that cannot be read, and what [`check_directory`] refuses.
    pub(crate) fn of_text(&self, text: &str) -> Result<Self, Failure> {
        let variables = |name: &str| std::env::var(name).ok();
        let servers = match text.strip_prefix("context:") {
            Some(name) => Connection::of(None, Some(name), false, &variables)?,
            None if text.contains("://") => Connection::of(Some(text), None, false, &variables)?,
            None => {
                check_directory(Path::new(text))?;
                None
            }
        };
        Ok(Self { store: text.into(), servers, ..self.clone() })
    }

    /// Returns the directory of the store.
    pub(crate) fn path(&self) -> &Path {
        &self.store
    }

    /// Says whether servers were named, by a flag or by the environment.
    pub(crate) fn names_servers(&self) -> bool {
        self.servers.is_some()
    }

    /// Says whether a flag names servers, and not only the environment.
    pub(crate) fn has_server_flag(&self) -> bool {
        self.servers.as_ref().is_some_and(|servers| !servers.flags().is_empty())
    }

    /// Says whether both are one directory, however it is spelled.
    pub(crate) fn is_same_directory(&self, other: &Self) -> bool {
        let real = |door: &Self| std::fs::canonicalize(&door.store).ok();
        !self.names_servers()
            && !other.names_servers()
            && real(self).is_some_and(|path| real(other) == Some(path))
    }

    /// Returns what messages call the place: the directory, or the servers.
    pub(crate) fn name(&self) -> String {
        match &self.servers {
            Some(servers) => servers.servers(),
            None => self.store.display().to_string(),
        }
    }

    /// Opens the store that is there.
    pub(crate) fn open(&self) -> Result<Place<'_>, Stop> {
        self.open_damaged()?.warn_of_damage()
    }

    /// Opens the store that is there without a word about its damages: the command has its own.
    pub(crate) fn open_damaged(&self) -> Result<Place<'_>, Stop> {
        self.enter(&self.options().existing_only())
    }

    /// Opens the store, or makes one.
    pub(crate) fn open_or_create(&self) -> Result<Place<'_>, Stop> {
        self.enter(&self.options())?.warn_of_damage()
    }

    /// Connects to the servers that are named, or to the one that has the directory; `None` if nobody has it. No file of the
    /// store is opened.
    pub(crate) fn connect(&self) -> Result<Option<JetStream>, Stop> {
        if let Some(servers) = &self.servers {
            return Ok(Some(JetStream::connect_with(servers.options()?)?));
        }
        match LocalServer::of(&self.store) {
            Some(server) => Ok(server.connect()?),
            None => Ok(None),
        }
    }

    /// Returns the process that serves the directory, if one does, whether or not it lets this one in.
    pub(crate) fn serving_process(&self) -> Option<u32> {
        let server = LocalServer::of(&self.store)?;
        match server.connect() {
            Ok(None) => None,
            Ok(Some(js)) => {
                js.close().ok();
                Some(server.pid)
            }
            Err(_) => Some(server.pid),
        }
    }

    /// Says whether commands go to a server.
    pub(crate) fn is_served(&self) -> bool {
        self.names_servers() || self.serving_process().is_some()
    }

    /// Returns what names this place as an argument of `copy`.
    pub(crate) fn argument(&self) -> String {
        match &self.servers {
            Some(servers) => servers.argument(),
            // A command on the directory of a server goes there, with a login of its own.
            None => self.store.display().to_string(),
        }
    }

    /// Spells a command so that it works at this place when it is pasted into a shell.
    pub(crate) fn spell(&self, command: &str) -> String {
        if let Some(servers) = &self.servers {
            return format!("jetkv{} {command}", servers.flags());
        }
        if self.store == Path::new(STORE_DEFAULT) {
            return format!("jetkv {command}");
        }
        format!("jetkv --store {} {command}", shell_word(&self.store.display().to_string()))
    }

    fn options(&self) -> OpenOptions {
        let options = OpenOptions::new();
        match self.sync {
            Some(sync) => options.sync(sync),
            None => options,
        }
    }

    /// Tries again while another command holds the store: commands are short, and two shells should not notice each other. If it is
    /// a server that holds it, the command goes there.
    fn enter(&self, options: &OpenOptions) -> Result<Place<'_>, Stop> {
        if let Some(servers) = &self.servers {
            let store = JetStream::connect_with(servers.options()?)?;
            return Ok(Place { door: self, store });
        }
        let mut waited = Duration::ZERO;
        loop {
            let locked = match JetStream::open_with(&self.store, options.clone()) {
                Ok(store) => return Ok(Place { door: self, store }),
                Err(locked @ KvError::StoreLocked { .. }) => locked,
                Err(error) => return Err(error.into()),
            };
            if let Some(server) = LocalServer::of(&self.store)
                && let Some(store) = server.connect()?
            {
                return Ok(Place { door: self, store });
            }
            if waited >= self.wait {
                return Err(locked.into());
            }
            std::thread::sleep(RETRY_EVERY);
            waited += RETRY_EVERY;
        }
    }
}

/// A place that is open.
pub(crate) struct Place<'a> {
    pub(crate) door: &'a Door,
    pub(crate) store: JetStream,
}

impl Place<'_> {
    /// Says whether the files of the store are open in this process.
    pub(crate) fn is_embedded(&self) -> bool {
        self.store.place() == "embedded"
    }

    fn warn_of_damage(self) -> Result<Self, Stop> {
        if !self.is_embedded() {
            // The server tells its operator.
            return Ok(self);
        }
        let damages = self.store.health()?.len();
        if damages > 0 {
            let store = self.door.path().display();
            let check = self.door.spell("check");
            let places =
                text::count(u64::try_from(damages).unwrap_or(u64::MAX), "damaged place", "damaged places");
            warn(self.door.form, format_args!("{places} in store {store}; `{check}` names them"));
        }
        Ok(self)
    }

    /// Opens a bucket; if there is none of this name, the error proposes the ones that it could be.
    pub(crate) fn bucket(&self, name: &str) -> Result<KeyValue, Stop> {
        self.store.key_value(name).map_err(|error| self.with_similar_bucket(error))
    }

    /// Adds "did you mean" to a bucket that was not found.
    pub(crate) fn with_similar_bucket(&self, error: KvError) -> Stop {
        let KvError::BucketNotFound { bucket } = &error else { return error.into() };
        let names = self.store.key_value_names().unwrap_or_default();
        let failure = Failure::of(&error, self.door);
        match text::most_similar(bucket, names.iter().map(String::as_str)) {
            Some(similar) => failure.hint(format!("did you mean {similar:?}?")).into(),
            None => failure.into(),
        }
    }

    /// Stops the store cleanly.
    pub(crate) fn close(self) -> Result<(), Stop> {
        Ok(self.store.close()?)
    }
}

/// Refuses what names no directory where one is asked for, before one of that name is made.
///
/// # Errors
/// An address of servers, `memory:`, a file, and nothing at all.
pub(crate) fn check_directory(path: &Path) -> Result<(), Failure> {
    let text = path.display().to_string();
    let is_address = !text.contains('/')
        && text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    let (message, hint) = if text.is_empty() {
        (
            "\"\" names no directory".to_owned(),
            "name the directory of the store, or nats://HOST:PORT".to_owned(),
        )
    } else if text == "memory:" {
        let message = "a store in memory would be gone when this command ends";
        (message.to_owned(), "name a directory; one that is called so is ./memory:".to_owned())
    } else if text.contains("://") {
        (format!("{text} is the address of a server, and no directory"), format!("use --server {text}"))
    } else if is_address && !path.exists() {
        let hint = format!("a server is nats://{text}, a directory of that name ./{text}");
        (format!("{text} looks like the address of a server, and there is no such directory"), hint)
    } else if path.exists() && !path.is_dir() {
        (format!("{text} is no directory"), "name the directory of the store".to_owned())
    } else {
        return Ok(());
    };
    Err(Failure::usage(message).hint(hint))
}

/// Quotes `word` if a shell would not take it as it is.
pub(crate) fn shell_word(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
    }
}

const RETRY_EVERY: Duration = Duration::from_millis(20);
