//! `watch`: entries as they are written.

use crate::cli::WatchArgs;
use crate::exit::{Failure, Stop};
use crate::output::{BOLD, GREEN, Out, RED};
use crate::place::Place;
use crate::text;
use jetkv::blocking::{KeyValue, Watcher};
use jetkv::{Entry, Operation, WatchEvent, WatchOptions};
use jetkv_console::form::{EntryForm, operation_name};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// `watch BUCKET [FILTER]`
pub(crate) fn watch(place: &Place<'_>, args: WatchArgs, out: &mut Out) -> Result<(), Stop> {
    let stopped = stop_by_signal()?;
    let watcher = start(&place.bucket(&args.bucket)?, &args)?;
    follow(watcher, &args, &stopped, out)
}

/// Begins the watch that the arguments describe.
pub(crate) fn start(bucket: &KeyValue, args: &WatchArgs) -> Result<Watcher, Stop> {
    Ok(bucket.watch_with(&args.filter, options(args))?)
}

/// Prints what comes until the end that the arguments set, or until `stopped`.
pub(crate) fn follow(
    mut watcher: Watcher,
    args: &WatchArgs,
    stopped: &AtomicBool,
    out: &mut Out,
) -> Result<(), Stop> {
    let mut left = args.count;
    while !stopped.load(Ordering::Relaxed) && left != Some(0) {
        let event = match watcher.next_timeout(Duration::ZERO)? {
            Some(event) => event,
            None => {
                // Nothing more is ready: what was printed must be seen before the wait.
                out.flush()?;
                match watcher.next_timeout(SIGNAL_CHECK_EVERY)? {
                    Some(event) => event,
                    None => continue,
                }
            }
        };
        match event {
            WatchEvent::Entry(entry) => {
                print(&entry, out)?;
                left = left.map(|left| left - 1);
            }
            WatchEvent::EndOfInitial if args.until_current => break,
            WatchEvent::EndOfInitial => {}
        }
    }
    watcher.stop();
    Ok(())
}

fn options(args: &WatchArgs) -> WatchOptions {
    let mut options = WatchOptions::new();
    if args.history {
        options = options.include_history();
    }
    if args.no_deletes {
        options = options.ignore_deletes();
    }
    if args.updates {
        options = options.updates_only();
    }
    if let Some(revision) = args.revision {
        options = options.resume_from(revision);
    }
    options
}

fn print(entry: &Entry, out: &mut Out) -> Result<(), Stop> {
    if out.is_json() {
        return Ok(out.json(&EntryForm::new(entry))?);
    }
    let style = if entry.operation == Operation::Put { GREEN } else { RED };
    let operation = out.paint(style, operation_name(entry.operation).to_uppercase());
    let place = out.paint(BOLD, format_args!("{} > {}", entry.bucket, entry.key));
    write!(out, "[{}] {operation} {place}", text::time(entry.created))?;
    if entry.operation == Operation::Put {
        write!(out, ": {}", text::short(&entry.value, VALUE_WIDTH))?;
    }
    Ok(writeln!(out)?)
}

/// Returns a flag that Ctrl-C and SIGTERM set, so that the store is closed before the end; a second one ends at once.
pub(crate) fn stop_by_signal() -> Result<Arc<AtomicBool>, Stop> {
    let stopped = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // The order counts: the shutdown must not see the flag that the same signal sets.
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stopped))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&stopped)))
            .map_err(|error| Failure::io("cannot listen to signals", &error))?;
    }
    Ok(stopped)
}

const SIGNAL_CHECK_EVERY: Duration = Duration::from_millis(100);
const VALUE_WIDTH: usize = 120;
