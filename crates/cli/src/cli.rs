//! The commands and their arguments.

mod parse;

use crate::console::ConsoleArgs;
use crate::serve::ServeArgs;
use crate::{duration, size};
use clap::{Args, Parser, Subcommand, ValueEnum};
use parse::{parse_header, parse_metadata, parse_sync, parse_ttl};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// A key/value store with revisions, history, compare-and-set and watches.
///
/// Works on a store in a directory, through the server that has it open if one runs, or on any NATS server with JetStream.
/// Data goes to standard output, everything else to standard error.
#[derive(Debug, Parser)]
#[command(name = "jetkv", version, max_term_width = 100, after_help = AFTER_HELP, disable_help_subcommand = false)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// Print JSON, one object per line; errors too, on standard error
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the store is and how it is opened.
#[derive(Debug, Clone, Args)]
pub(crate) struct PlaceArgs {
    /// Directory of the store [default: ./jetkv-data]
    #[arg(long, global = true, value_name = "DIR", env = "JETKV_STORE", help_heading = GLOBAL)]
    pub(crate) store: Option<PathBuf>,
    /// Work on a server or cluster instead of a directory: nats://HOST:PORT, or several, separated by commas [env: NATS_URL=]
    #[arg(long, global = true, value_name = "URL", help_heading = GLOBAL)]
    pub(crate) server: Option<String>,
    /// Work on the servers of a context of the `nats` tool, with its login [env: NATS_CONTEXT=]
    #[arg(long, global = true, value_name = "NAME", help_heading = GLOBAL)]
    pub(crate) context: Option<String>,
    /// When writes reach the disk: always (before they are acknowledged), every=DURATION, or os
    #[arg(long, global = true, value_name = "WHEN", value_parser = parse_sync, help_heading = GLOBAL)]
    pub(crate) sync: Option<jetkv::Sync>,
    /// How long to wait while another command holds the store
    #[arg(long, global = true, value_name = "DURATION", default_value = "2s", value_parser = duration::parse, help_heading = GLOBAL)]
    pub(crate) wait: Duration,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Import a real data set into the bucket `world` and show what the other commands do with it
    Tour,
    /// Create a bucket, and the store if there is none
    #[command(visible_alias = "new")]
    Add(AddArgs),
    /// Change the settings of a bucket; what is not given stays
    Edit(EditArgs),
    /// List the buckets, or the keys of a bucket
    #[command(visible_alias = "list")]
    Ls(LsArgs),
    /// Show the settings and figures of a bucket, or of the store
    #[command(visible_alias = "status", alias = "view")]
    Info(InfoArgs),
    /// Store a value under a key
    Put(PutArgs),
    /// Show the value of a key
    Get(GetArgs),
    /// Store a value under a key that has none
    Create(PutArgs),
    /// Store a value if the key is still at a revision
    Update(UpdateArgs),
    /// Delete a key, keeping its history, or a whole bucket
    #[command(visible_alias = "rm")]
    Del(DelArgs),
    /// Delete a key and its history
    Purge(PurgeArgs),
    /// Show the revisions of a key
    History(KeyArgs),
    /// Store the value of an earlier revision again
    Revert(RevertArgs),
    /// Show the keys of a bucket as they change
    Watch(WatchArgs),
    /// Remove old delete markers and give space back
    Compact(CompactArgs),
    /// Write the entries of a bucket as JSON lines
    Export(ExportArgs),
    /// Read entries as JSON lines into a bucket
    Import(ImportArgs),
    /// Save buckets, with settings and all revisions, in one file; also while a server has them
    Backup(BackupArgs),
    /// Bring the buckets of a backup back
    Restore(RestoreArgs),
    /// Copy buckets from one place to another, and go on where an earlier copy stopped
    Copy(CopyArgs),
    /// Read everything and name each damage
    Check,
    /// Give up what is damaged, so that the rest works again
    Repair(RepairArgs),
    /// Ask the server whether it serves; the files of the store are left alone
    Ping,
    /// Measure puts, gets, updates and watches on this disk, or on the servers that are named
    Bench(BenchArgs),
    /// Find out whether this machine and its disk keep what they are given
    Doctor(DoctorArgs),
    /// Serve the store to NATS clients of any language, and the web console
    Serve(Box<ServeArgs>),
    /// Open the web console on a store, or on servers elsewhere
    Console(ConsoleArgs),
    /// Print the completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write one per command into a directory
    Man(ManArgs),
}

/// Settings that `add` and `edit` share.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// Revisions kept of each key, 1 to 64
    #[arg(long, allow_negative_numbers = true, value_name = "N")]
    pub(crate) history: Option<u32>,
    /// How long values live, 0 for ever
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub(crate) ttl: Option<Duration>,
    /// Size limit of the bucket, 0 for none
    #[arg(long, visible_alias = "max-bucket-size", value_name = "SIZE", value_parser = size::parse_limit)]
    pub(crate) max_bytes: Option<u64>,
    /// Size limit of one value, 0 for none
    #[arg(long, value_name = "SIZE", value_parser = size::parse_limit_u32)]
    pub(crate) max_value_size: Option<u32>,
    /// Where the entries are kept
    #[arg(long, value_enum)]
    pub(crate) storage: Option<StorageArg>,
    /// What the bucket is for
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Compress what is stored
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    pub(crate) compress: Option<bool>,
    /// Leave a marker of this age where a value expired, 0 for none
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub(crate) marker_ttl: Option<Duration>,
    /// Metadata, may be repeated; an empty value removes the name
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_metadata)]
    pub(crate) metadata: Vec<(String, String)>,
    /// Copies kept in a cluster
    #[arg(long, allow_negative_numbers = true, value_name = "N")]
    pub(crate) replicas: Option<u32>,
}

/// Where entries are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StorageArg {
    /// On disk
    File,
    /// In memory, gone when the store closes
    Memory,
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// Name of the bucket: letters, digits, `-` and `_`
    pub(crate) bucket: String,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

#[derive(Debug, Args)]
pub(crate) struct EditArgs {
    /// The bucket
    pub(crate) bucket: String,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

#[derive(Debug, Args)]
pub(crate) struct LsArgs {
    /// List the keys of this bucket
    pub(crate) bucket: Option<String>,
    /// Only keys that match; `*` stands for one token, a last `>` for the rest
    pub(crate) filter: Option<String>,
    /// Print names only
    #[arg(short, long, conflicts_with = "values")]
    pub(crate) names: bool,
    /// Print values, too
    #[arg(short = 'v', long, visible_alias = "display-value")]
    pub(crate) values: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InfoArgs {
    /// The bucket; without it the store is shown
    pub(crate) bucket: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    /// The bucket
    pub(crate) bucket: String,
    /// The key
    pub(crate) key: String,
}

/// What goes along with a value.
#[derive(Debug, Args)]
pub(crate) struct WriteArgs {
    /// How long the value lives, or `never`; at least 1s
    #[arg(long, value_name = "DURATION", value_parser = parse_ttl)]
    pub(crate) ttl: Option<Lifetime>,
    /// A header, may be repeated
    #[arg(long, short = 'H', value_name = "NAME:VALUE", value_parser = parse_header)]
    pub(crate) header: Vec<(String, String)>,
}

/// How long a value lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// This long.
    For(Duration),
    /// For ever, even in a bucket whose values expire.
    Never,
}

#[derive(Debug, Args)]
pub(crate) struct PutArgs {
    /// The bucket
    pub(crate) bucket: String,
    /// The key: tokens of letters, digits and `-/_=` with dots between them
    pub(crate) key: String,
    /// The value; `-` or nothing reads it from standard input
    #[arg(allow_negative_numbers = true)]
    pub(crate) value: Option<OsString>,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    /// The bucket
    pub(crate) bucket: String,
    /// The key
    pub(crate) key: String,
    /// The value; `-` reads it from standard input
    #[arg(allow_negative_numbers = true)]
    pub(crate) value: OsString,
    /// The revision that the key must be at, 0 for none
    #[arg(value_name = "REVISION", allow_negative_numbers = true)]
    pub(crate) at: Option<u64>,
    /// The same as the last argument
    #[arg(
        long,
        allow_negative_numbers = true,
        value_name = "REVISION",
        conflicts_with = "at",
        required_unless_present = "at"
    )]
    pub(crate) revision: Option<u64>,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    /// Show this revision instead of the last one
    #[arg(long, allow_negative_numbers = true, value_name = "REVISION", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) revision: Option<u64>,
    /// Print the bytes of the value and nothing else
    #[arg(long)]
    pub(crate) raw: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DelArgs {
    /// The bucket
    pub(crate) bucket: String,
    /// The key; without it the whole bucket is deleted
    pub(crate) key: Option<String>,
    /// Only if the key is at this revision
    #[arg(long, allow_negative_numbers = true, value_name = "REVISION", requires = "key")]
    pub(crate) revision: Option<u64>,
    /// Delete the bucket without asking
    #[arg(short, long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PurgeArgs {
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    /// Only if the key is at this revision
    #[arg(long, allow_negative_numbers = true, value_name = "REVISION")]
    pub(crate) revision: Option<u64>,
    /// How long the purge marker stays; at least 1s
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub(crate) ttl: Option<Duration>,
    /// Do not ask on a terminal
    #[arg(short, long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RevertArgs {
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    /// The revision whose value is stored again
    #[arg(allow_negative_numbers = true, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) revision: u64,
    /// Accepted as in `nats kv revert`; nothing is asked, because nothing is lost
    #[arg(short, long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// The bucket
    pub(crate) bucket: String,
    /// Only keys that match; `*` stands for one token, a last `>` for the rest
    #[arg(default_value = ">", hide_default_value = true)]
    pub(crate) filter: String,
    /// Show all revisions that are kept first, not only the last ones
    #[arg(long)]
    pub(crate) history: bool,
    /// Leave delete and purge markers out
    #[arg(long)]
    pub(crate) no_deletes: bool,
    /// Show changes only, not what is there now
    #[arg(long, conflicts_with_all = ["history", "revision"])]
    pub(crate) updates: bool,
    /// Start at this revision
    #[arg(long, allow_negative_numbers = true, value_name = "REVISION", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) revision: Option<u64>,
    /// Stop after so many entries
    #[arg(long, allow_negative_numbers = true, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// Stop when everything that is there now was shown
    #[arg(long)]
    pub(crate) until_current: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompactArgs {
    /// The bucket
    pub(crate) bucket: String,
    /// Remove markers older than this; of younger ones only the history before them goes
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = duration::parse)]
    pub(crate) older_than: Duration,
    /// Accepted as in `nats kv compact`; nothing is asked
    #[arg(short, long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The bucket
    pub(crate) bucket: String,
    /// Only keys that match; `*` stands for one token, a last `>` for the rest
    #[arg(default_value = ">", hide_default_value = true)]
    pub(crate) filter: String,
    /// All revisions that are kept, with their delete and purge markers
    #[arg(long)]
    pub(crate) history: bool,
    /// Write to this file; it is replaced when the export is complete
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The bucket
    pub(crate) bucket: String,
    /// File of JSON lines; `-` or nothing reads standard input
    pub(crate) file: Option<PathBuf>,
    /// Create the bucket, and the store, if there is none
    #[arg(long)]
    pub(crate) create: bool,
    /// History of the bucket that is created
    #[arg(long, allow_negative_numbers = true, value_name = "N", requires = "create")]
    pub(crate) history: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The buckets; all of them if none is given
    pub(crate) buckets: Vec<String>,
    /// The backup file; it is replaced when the backup is complete
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The backup file
    pub(crate) file: PathBuf,
    /// Restore the only bucket of the backup under this name
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CopyArgs {
    /// Where the buckets are: a directory, nats://HOST:PORT, or context:NAME
    pub(crate) from: String,
    /// Where they go
    pub(crate) to: String,
    /// Only these buckets, separated by commas
    #[arg(long, value_name = "BUCKETS", value_delimiter = ',')]
    pub(crate) buckets: Vec<String>,
    /// How many servers keep each bucket that is created
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) replicas: Option<u32>,
    /// Go on copying changes until stopped
    #[arg(long)]
    pub(crate) follow: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RepairArgs {
    /// Do not ask
    #[arg(short, long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Threads that work at once
    #[arg(long, allow_negative_numbers = true, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) threads: u32,
    /// Size of each value
    #[arg(long, value_name = "SIZE", default_value = "128", value_parser = size::parse)]
    pub(crate) size: u64,
    /// Puts, gets and updates, over all threads; a tenth of the default on a server
    #[arg(long, allow_negative_numbers = true, value_name = "N", default_value_t = crate::bench::COUNT_DEFAULT, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub(crate) count: u64,
    /// Durable puts, over all threads; not on a server, which decides by itself
    #[arg(long, allow_negative_numbers = true, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub(crate) durable_count: u64,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Syncs that are measured, each way
    #[arg(long, allow_negative_numbers = true, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) samples: u32,
    /// How often a writer is killed on this disk; 0 for not at all
    #[arg(long, allow_negative_numbers = true, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub(crate) kills: u32,
    /// Be the writer that is killed
    #[arg(long, value_name = "ROUND", hide = true)]
    pub(crate) write_until_killed: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Write one page per command into this directory
    #[arg(long, short, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}

impl Settings {
    /// The metadata as given, later ones first served.
    pub(crate) fn metadata_into(&self, metadata: &mut BTreeMap<String, String>) {
        for (name, value) in &self.metadata {
            if value.is_empty() {
                metadata.remove(name);
            } else {
                metadata.insert(name.clone(), value.clone());
            }
        }
    }
}

/// The store if nothing else is said.
pub(crate) const STORE_DEFAULT: &str = "./jetkv-data";
const GLOBAL: &str = "Global options";
const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 conflict,
5 store in use by another process, no server or time-out, 6 denied.

First steps:
  jetkv tour
  jetkv add config --history 5
  jetkv put config web.port 8080
  jetkv get config web.port
  jetkv watch config 'web.>'";

#[cfg(test)]
mod tests;
