//! From arguments to an exit code: reads the command line, runs the command, closes the store, reports what went wrong.

use crate::cli::{Cli, Command};
use crate::exit::{Exit, Failure, Stop};
use crate::files_only::FilesOnly;
use crate::output::{self, Out};
use crate::place::{Door, Place, check_directory};
use crate::{
    backup, bench, bucket, console, copy, doctor, export, import, ping, read, restore, serve, shell, tour,
    upkeep, watch, write,
};
use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Parser};
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::process::ExitCode;

/// Runs the command that the arguments name.
pub(crate) fn main() -> ExitCode {
    let mut args: Vec<OsString> = std::env::args_os().collect();
    if serve::Role::of_program(args.first().map(OsString::as_os_str)) == serve::Role::Reference {
        return serve::as_reference(args.drain(1..));
    }
    let args = match serve::respelled(args) {
        Ok(args) => args,
        Err(error) => return refused(&Cli::command().error(clap::error::ErrorKind::InvalidValue, error)),
    };
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return refused(&error),
    };
    let form = if cli.json { output::Form::Json } else { output::Form::Human };
    if let Some(Err(failure)) = cli.place.store.as_deref().map(check_directory) {
        output::report(&failure, form);
        return failure.exit.into();
    }
    // The server holds neither a store of its own here nor standard output.
    if let Command::Serve(args) = cli.command {
        let door = Door::of_directory(&cli.place, form);
        return match serve::serve(*args, cli.place, form) {
            Ok(()) => Exit::Done.into(),
            Err(stop) => reported(stop, &door, form),
        };
    }
    let door = match Door::new(&cli.place, form) {
        Ok(door) => door,
        Err(failure) => {
            output::report(&failure, form);
            return failure.exit.into();
        }
    };
    let mut out = Out::stdout(form);
    let result = run(cli.command, &door, &mut out).and_then(|()| Ok(out.flush()?));
    match result {
        Ok(()) => Exit::Done.into(),
        Err(Stop::ClosedPipe) => Exit::Done.into(),
        Err(stop) => {
            // What was printed before the failure belongs to the user, too.
            out.flush().ok();
            reported(stop, &door, form)
        }
    }
}

/// Tells the user why the command failed.
fn reported(stop: Stop, door: &Door, form: output::Form) -> ExitCode {
    let failure = stop.into_failure(door);
    output::report(&failure, form);
    failure.exit.into()
}

/// Runs one command.
pub(crate) fn run(command: Command, door: &Door, out: &mut Out) -> Result<(), Stop> {
    if let Some(needs) = FilesOnly::of(&command) {
        needs.admit(door)?;
    }
    match command {
        Command::Tour => tour::tour(door, out),
        Command::Add(args) => with(door.open_or_create()?, |place| bucket::add(place, args, out)),
        Command::Edit(args) => with(door.open()?, |place| bucket::edit(place, args, out)),
        Command::Ls(args) => with(door.open()?, |place| read::ls(place, args, out)),
        Command::Info(args) => with(door.open_damaged()?, |place| bucket::info(place, args, out)),
        Command::Put(args) => write::put(door, args, out),
        Command::Create(args) => write::create(door, args, out),
        Command::Update(args) => write::update(door, args, out),
        Command::Get(args) => with(door.open()?, |place| read::get(place, args, out)),
        Command::Del(args) => write::del(door, args, out),
        Command::Purge(args) => write::purge(door, args, out),
        Command::History(args) => with(door.open()?, |place| read::history(place, args, out)),
        Command::Revert(args) => with(door.open()?, |place| write::revert(place, args, out)),
        Command::Watch(args) => with(door.open()?, |place| watch::watch(place, args, out)),
        Command::Compact(args) => with(door.open()?, |place| upkeep::compact(place, args, out)),
        Command::Export(args) => with(door.open()?, |place| export::export(place, args, out)),
        Command::Import(args) => import::import(door, args, out),
        Command::Backup(args) => with(door.open()?, |place| backup::backup(place, args, out)),
        Command::Restore(args) => restore::restore(door, args, out),
        Command::Copy(args) => copy::copy(door, &args, out),
        Command::Check => with(door.open_damaged()?, |place| upkeep::check(place, out)),
        Command::Repair(args) => upkeep::repair(door, args, out),
        Command::Ping => ping::ping(door, out),
        Command::Bench(args) => bench::bench(door, args, out),
        Command::Doctor(args) => match args.write_until_killed {
            Some(round) => doctor::write_until_killed(door.path(), round, out),
            None => doctor::doctor(door, &args, out),
        },
        // It needs no store of its own: the server opens it.
        Command::Serve(_) => Ok(()),
        Command::Console(args) => with(door.open()?, |place| console::console(place, args, out)),
        Command::Completions(args) => shell::completions(args, out),
        Command::Man(args) => shell::man(args, out),
    }
}

/// Runs `work` at `place` and closes it, whatever came out.
pub(crate) fn with<T>(place: Place<'_>, work: impl FnOnce(&Place<'_>) -> Result<T, Stop>) -> Result<T, Stop> {
    let result = work(&place);
    let closed = place.close();
    let value = result?;
    closed?;
    Ok(value)
}

/// Prints help or the usage error; with `--json` among the arguments, as JSON.
fn refused(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        error.print().ok();
        return Exit::Done.into();
    }
    let suggested = suggestion(error);
    let json = std::env::args_os().take_while(|arg| arg != "--").any(|arg| arg == OsStr::new("--json"));
    if let Some(failure) = suggested {
        output::report(&failure, if json { output::Form::Json } else { output::Form::Human });
    } else if json {
        let text = error.to_string();
        let mut parts = text.split("\n\n");
        let message = parts.next().unwrap_or_default().trim_start_matches("error: ");
        let tip = parts.find_map(|part| part.trim().strip_prefix("tip: "));
        let hint = tip.unwrap_or("`jetkv help` lists the commands and their arguments");
        let failure = Failure::usage(message).hint(hint);
        output::report(&failure, output::Form::Json);
    } else {
        error.print().ok();
    }
    Exit::Usage.into()
}

/// Knows what users of the `nats` tool mean, where no name of ours looks alike.
fn suggestion(error: &clap::Error) -> Option<Failure> {
    let word = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    };
    match (word(ContextKind::InvalidSubcommand), word(ContextKind::InvalidArg)) {
        (Some("keys"), _) => {
            Some(Failure::usage("there is no command `keys`").hint("`jetkv ls BUCKET` lists the keys"))
        }
        (Some("kv"), _) => {
            let mut behind = std::env::args_os().skip_while(|arg| arg != "kv").skip(1);
            let next = behind.find_map(|arg| arg.into_string().ok().filter(|arg| !arg.starts_with('-')));
            let next = next.unwrap_or_else(|| "COMMAND".into());
            let hint =
                format!("all commands are about buckets and keys: leave it out, as in `jetkv {next} …`");
            Some(Failure::usage("there is no command `kv`").hint(hint))
        }
        (_, Some("--buckets")) if error.to_string().contains("jetkv backup") => {
            let hint = "name the buckets as they are: `jetkv backup BUCKET … --output FILE`";
            Some(Failure::usage("backup has no option --buckets").hint(hint))
        }
        _ => None,
    }
}
