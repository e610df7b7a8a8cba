//! `tour`: a real data set, and what the other commands do with it.
//!
//! Each step goes through the parser and the code of the command that it shows, so the tour cannot tell anything else than
//! what a shell would.

use crate::cli::{Cli, Command};
use crate::exit::{Exit, Failure, Stop};
use crate::files::Input;
use crate::line::Item;
use crate::output::{self, BOLD, Out};
use crate::place::{Door, shell_word};
use crate::run::{self, with};
use crate::{import, watch};
use clap::Parser;
use jetkv::KvError;
use jetkv::blocking::KeyValue;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// `tour`
pub(crate) fn tour(door: &Door, out: &mut Out) -> Result<(), Stop> {
    if out.is_json() {
        let failure = Failure::usage("a tour is for people and cannot be printed as JSON");
        return Err(failure.hint("leave --json out; each command that the tour shows takes it").into());
    }
    let pace = if out.is_terminal() { Pace::Person } else { Pace::Program };
    let mut tour = Tour { door, out, pace };
    tour.load()?;
    tour.read()?;
    tour.compare_and_set()?;
    tour.watch()?;
    tour.next_steps()
}

struct Tour<'a> {
    door: &'a Door,
    out: &'a mut Out,
    pace: Pace,
}

/// Who follows the tour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// Somebody who reads.
    Person,
    /// Something that does not.
    Program,
}

impl Tour<'_> {
    fn load(&mut self) -> Result<(), Stop> {
        let count = DATA.lines().count();
        let store = self.door.name();
        writeln!(self.out, "A bucket with facts about the world's time zones, in the store {store:?}.")?;
        writeln!(self.out, "Its {count} lines are built into this program; the sources have them, too.")?;
        let found = with(self.door.open_or_create()?, |place| match place.store.key_value(BUCKET) {
            Ok(bucket) => Ok(Some(is_loaded(&bucket)?)),
            Err(KvError::BucketNotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        })?;
        match found {
            None => {
                let words = ["import", BUCKET, DATA_FILE, "--create", "--history", "8"];
                let Command::Import(args) = self.show(&words)? else { return Err(not_itself(&words)) };
                import::import_from(self.door, &args, Input::built_in(DATA_FILE, DATA), self.out)
            }
            Some(true) => Ok(writeln!(
                self.out,
                "\nThe bucket {BUCKET} is there from an earlier tour; nothing is imported this time."
            )?),
            Some(false) => {
                let text = format!("bucket {BUCKET:?} exists and does not hold the data of the tour");
                let delete = self.door.spell(&format!("del {BUCKET}"));
                let hint = format!(
                    "take the tour in another store with `jetkv --store DIR tour`, or delete the bucket with `{delete}`"
                );
                Err(Failure::conflict(text).hint(hint).into())
            }
        }
    }

    fn read(&mut self) -> Result<(), Stop> {
        self.say("Keys are tokens with dots between them. In a filter, `*` stands for one token.")?;
        let list = self.show(&["ls", BUCKET, "country.*"])?;
        self.out.keep_lines(LISTED_LINES);
        let listed = run::run(list, self.door, self.out);
        let left_out = self.out.keep_all();
        listed?;
        writeln!(self.out, "… and {left_out} more, {} in all", left_out + LISTED_LINES)?;
        self.say("The value of one key, with the revision of the bucket at which it was written.")?;
        self.run(&["get", BUCKET, "country.NP"])?;
        self.say(
            "A write adds a revision. This bucket keeps the last 8 of each key, here the standard\n\
             time of Pyongyang since it was local mean time.",
        )?;
        self.run(&["history", BUCKET, "offset.Asia.Pyongyang"])
    }

    fn compare_and_set(&mut self) -> Result<(), Stop> {
        self.say("Two people move a meeting. Both have seen the same revision; the first one wins.")?;
        self.run(&["put", BUCKET, MEETING, "Monday 10:00"])?;
        let seen = with(self.door.open()?, |place| Ok(place.bucket(BUCKET)?.entry(MEETING)?))?;
        let seen = seen.map_or(0, |entry| entry.revision).to_string();
        self.run(&["update", BUCKET, MEETING, "Monday 11:00", "--revision", &seen])?;
        let words = ["update", BUCKET, MEETING, "Tuesday 9:00", "--revision", &seen];
        let failure = match self.run(&words) {
            Ok(()) => return Err(not_itself(&words)),
            Err(stop) => stop.into_failure(self.door),
        };
        if failure.exit != Exit::Conflict {
            return Err(failure.into());
        }
        for line in output::failure_lines(&failure, |style, text| self.out.paint(style, text)) {
            writeln!(self.out, "{line}")?;
        }
        Ok(writeln!(self.out, "(on standard error, with exit code 4; the key is unchanged)")?)
    }

    fn watch(&mut self) -> Result<(), Stop> {
        self.say(
            "A watch shows changes as they happen. Another thread of this program makes them here;\n\
             this watch ends after five.",
        )?;
        let count = CHANGES.len().to_string();
        let words = ["watch", BUCKET, "tour.clock.*", "--updates", "--count", &count];
        let Command::Watch(args) = self.show(&words)? else { return Err(not_itself(&words)) };
        let pause = self.pause_between_changes();
        let out = &mut *self.out;
        with(self.door.open()?, |place| {
            let bucket = place.bucket(BUCKET)?;
            let stopped = watch::stop_by_signal()?;
            // The watch is on before the first change, so it sees all of them.
            let watcher = watch::start(&bucket, &args)?;
            let (going, gone) = mpsc::channel();
            let (writer_bucket, writer_stopped) = (bucket.clone(), Arc::clone(&stopped));
            thread::scope(|scope| {
                let writer = scope.spawn(move || {
                    let result = make_changes(&writer_bucket, pause, &gone);
                    if result.is_err() {
                        // The watch would wait for changes that never come.
                        writer_stopped.store(true, Ordering::Relaxed);
                    }
                    result
                });
                let watched = watch::follow(watcher, &args, &stopped, out);
                drop(going);
                match writer.join() {
                    Ok(written) => watched.and(Ok(written?)),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            })
        })
    }

    fn next_steps(&mut self) -> Result<(), Stop> {
        let steps = [
            (format!("ls {BUCKET} 'zone.Indian.*' --values"), "look around"),
            ("add config --history 5".into(), "make a bucket of your own"),
            (format!("del {BUCKET} --force"), "delete the bucket of this tour"),
        ];
        writeln!(self.out, "\n{}", self.out.paint(BOLD, "Next steps"))?;
        let steps = steps.map(|(command, what)| (self.door.spell(&command), what));
        let width = steps.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
        for (command, what) in steps {
            writeln!(self.out, "  {command:<width$}  {what}")?;
        }
        Ok(())
    }

    /// Tells what comes next, after a moment for what came before.
    fn say(&mut self, text: &str) -> Result<(), Stop> {
        self.out.flush()?;
        if self.pace == Pace::Person {
            thread::sleep(STEP_PAUSE);
        }
        Ok(writeln!(self.out, "\n{text}")?)
    }

    fn run(&mut self, words: &[&str]) -> Result<(), Stop> {
        let command = self.show(words)?;
        run::run(command, self.door, self.out)
    }

    /// Prints the command line as a shell takes it, and returns the command that it stands for.
    fn show(&mut self, words: &[&str]) -> Result<Command, Stop> {
        let quoted: Vec<_> = words.iter().map(|word| shell_word(word)).collect();
        let line = format!("$ {}", self.door.spell(&quoted.join(" ")));
        writeln!(self.out, "\n{}", self.out.paint(BOLD, line))?;
        let arguments = ["jetkv"].iter().chain(words);
        let cli = Cli::try_parse_from(arguments).map_err(|error| Failure::failed(error.to_string()))?;
        Ok(cli.command)
    }

    fn pause_between_changes(&self) -> Duration {
        if self.pace == Pace::Person { CHANGE_PAUSE } else { Duration::ZERO }
    }
}

/// Says whether the last line of the data set is there; import writes lines in their order.
fn is_loaded(bucket: &KeyValue) -> Result<bool, Stop> {
    let last = DATA.lines().last().unwrap_or_default();
    let last = Item::parse(last.as_bytes()).map_err(Failure::failed)?;
    Ok(bucket.get(&last.key)?.is_some_and(|entry| entry.value == last.value))
}

/// Writes what the watch shows, until it is done or nobody watches any more.
fn make_changes(bucket: &KeyValue, pause: Duration, gone: &Receiver<()>) -> Result<(), KvError> {
    for (key, change) in CHANGES {
        if gone.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
            return Ok(());
        }
        match change {
            Change::Put(value) => bucket.put(key, *value)?,
            Change::Delete => bucket.delete(key)?,
            Change::Purge => bucket.purge(key)?,
        };
    }
    Ok(())
}

fn not_itself(words: &[&str]) -> Stop {
    Failure::failed(format!("`{}` did something else than the tour tells", words.join(" "))).into()
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Put(&'static str),
    Delete,
    Purge,
}

const CHANGES: &[(&str, Change)] = &[
    ("tour.clock.Kathmandu", Change::Put("09:45")),
    ("tour.clock.Tokyo", Change::Put("13:00")),
    ("tour.clock.Kathmandu", Change::Put("09:46")),
    ("tour.clock.Tokyo", Change::Delete),
    ("tour.clock.Kathmandu", Change::Purge),
];
const BUCKET: &str = "world";
const MEETING: &str = "tour.meeting";
const DATA: &str = include_str!("../../../examples/data/timezones.jsonl");
const DATA_FILE: &str = "examples/data/timezones.jsonl";
const LISTED_LINES: u64 = 5;
const STEP_PAUSE: Duration = Duration::from_millis(1_200);
const CHANGE_PAUSE: Duration = Duration::from_millis(600);
