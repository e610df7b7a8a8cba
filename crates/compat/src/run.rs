//! Running one suite against one server.

use crate::{CompatError, Door, Launch, Program, Verdicts};
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long one suite may run against one server.
const LIMIT: Duration = Duration::from_secs(600);

/// How often is looked whether it has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// What came of running a suite.
#[derive(Debug)]
pub struct Outcome {
    /// What the suite said.
    pub verdicts: Verdicts,
    /// Everything it printed: standard output, then standard error.
    pub output: String,
    /// The server's log.
    pub server_log: String,
    /// How the suite's program ended.
    pub status: ExitStatus,
    /// How long it took.
    pub took: Duration,
}

impl Outcome {
    /// Returns whether every case is well and the program said so in its exit code, too.
    #[must_use]
    pub fn all_well(&self) -> bool {
        self.verdicts.all_well() && self.status.success()
    }
}

/// Starts a server of its own for the suite whose program `suite` runs, and runs it to its end.
///
/// # Errors
/// If the server does not start, or the suite does not start or does not end in time.
pub fn run_suite(mut suite: Command, server: &Program) -> Result<Outcome, CompatError> {
    let door = Door::before(server.launch(&Launch::default())?)?;
    let began = now();
    suite.arg(door.server_url()).arg(door.url());
    // The programs that a suite starts are in its group, and end with it.
    suite.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let name = suite.get_program().to_string_lossy().into_owned();
    let mut child = suite.spawn().map_err(|source| CompatError::Start { command: name.clone(), source })?;
    let printed = child.stdout.take().map(read_aside);
    let complained = child.stderr.take().map(read_aside);
    let status = wait(&mut child, &name);
    // Whoever is left of the group keeps our pipes open, and is not wanted any more.
    let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
    let mut output = printed.map(join).unwrap_or_default();
    let verdicts = Verdicts::read(&output);
    output.push_str(&complained.map(join).unwrap_or_default());
    let Some(status) = status? else { return Err(CompatError::SuiteTimeout { limit: LIMIT, output }) };
    Ok(Outcome { verdicts, output, server_log: door.server_log(), status, took: began.elapsed() })
}

/// Waits for the end of a suite; `None` if it has not ended in time and was killed.
fn wait(child: &mut Child, name: &str) -> Result<Option<ExitStatus>, CompatError> {
    let mut waited = Duration::ZERO;
    while waited < LIMIT {
        let fault = |source| CompatError::Start { command: name.to_owned(), source };
        if let Some(status) = child.try_wait().map_err(fault)? {
            return Ok(Some(status));
        }
        thread::sleep(POLL_INTERVAL);
        waited += POLL_INTERVAL;
    }
    // Both fail only if it has ended just now.
    let _ = child.kill();
    let _ = child.wait();
    Ok(None)
}

/// Reads a pipe to its end on a thread of its own, so that a full pipe holds nobody up.
fn read_aside(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before a fault is kept.
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

fn join(reader: thread::JoinHandle<Vec<u8>>) -> String {
    String::from_utf8_lossy(&reader.join().unwrap_or_default()).into_owned()
}

#[expect(clippy::disallowed_methods, reason = "the table tells how long the real machine took")]
fn now() -> Instant {
    Instant::now()
}
