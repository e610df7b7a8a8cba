//! The program `jetkv`: the Key/Value store from the shell.

mod backup;
mod bench;
mod bucket;
mod cli;
mod clock;
mod connection;
mod console;
mod copy;
mod doctor;
mod exit;
mod export;
mod files;
mod files_only;
mod import;
mod line;
mod local;
mod output;
mod ping;
mod place;
mod progress;
mod prompt;
mod read;
mod restore;
mod run;
mod serve;
mod shell;
mod size;
mod span;
mod table;
mod text;
mod tour;
mod upkeep;
mod watch;
mod write;

use jetkv_console::duration;
use std::process::ExitCode;

fn main() -> ExitCode {
    run::main()
}
