//! Entries and buckets as JSON: one form for the door, the command line's `--json`, `export` and `backup`.

mod bucket;
mod entry;

pub use bucket::{ConfigForm, ConfigProblem, ConfigRequest, StatusForm, storage_name, sync_name};
pub use entry::{EntryForm, operation_name, user_headers};
