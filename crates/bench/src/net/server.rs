//! A running server: started on a free port with a store of its own, measured from outside, stopped when dropped.

use super::connection::Connection;
use super::program::{Program, Sync};
use crate::Outcome;
use crate::gauge::{DiskBytes, ProcessMeter, descriptors_of, disk_bytes, peak_bytes_of, resident_bytes_of};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server process with its directory.
#[derive(Debug)]
pub(super) struct Server {
    program: Program,
    sync: Sync,
    dir: PathBuf,
    address: SocketAddr,
    tracing: Tracing,
    child: Child,
}

/// Whether the syncs of a server are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tracing {
    /// It runs undisturbed.
    Off,
    /// It runs under `strace`, which stops it at every sync: its times mean nothing.
    Syncs,
}

/// How a server is made to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// It may finish its work.
    Terminate,
    /// It cannot do anything any more.
    Kill,
}

impl Server {
    /// Starts `program` with an empty store under `parent` and waits until JetStream answers.
    pub(super) fn start(program: &Program, parent: &Path, sync: Sync, tracing: Tracing) -> Outcome<Self> {
        let dir = parent.join(format!("server-of-{}", program.name));
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        fs::create_dir_all(&dir)?;
        let dir = dir.canonicalize()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let child = spawn(program, &dir, port, sync, tracing)?;
        let address = (Ipv4Addr::LOCALHOST, port).into();
        let mut server = Self { program: program.clone(), sync, dir, address, tracing, child };
        server.wait_until(|address| Connection::open(address)?.request("$JS.API.INFO", "").map(drop))?;
        Ok(server)
    }

    /// Returns where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops the server, starts it again on the same store, and returns the time from its start until `ready` succeeds.
    pub(super) fn restart(
        &mut self,
        signal: Signal,
        ready: impl Fn(SocketAddr) -> Outcome<()>,
    ) -> Outcome<Duration> {
        match signal {
            Signal::Kill => self.child.kill()?,
            Signal::Terminate => {
                let status = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status()?;
                if !status.success() {
                    return Err("kill did not work".into());
                }
            }
        }
        self.wait_for_end()?;
        let started = Instant::now();
        self.child = spawn(&self.program, &self.dir, self.address.port(), self.sync, self.tracing)?;
        self.wait_until(ready)?;
        Ok(started.elapsed())
    }

    /// Begins to measure its CPU time.
    pub(super) fn meter(&self) -> Outcome<ProcessMeter> {
        ProcessMeter::start(self.child.id())
    }

    /// Returns its resident memory in bytes.
    pub(super) fn resident(&self) -> Outcome<u64> {
        resident_bytes_of(&self.child.id().to_string())
    }

    /// Returns the most resident memory in bytes that it has had.
    pub(super) fn peak(&self) -> Outcome<u64> {
        peak_bytes_of(&self.child.id().to_string())
    }

    /// Returns how many files and sockets it has open.
    pub(super) fn descriptors(&self) -> Outcome<u64> {
        descriptors_of(&self.child.id().to_string())
    }

    /// Returns what its files take on disk.
    pub(super) fn disk(&self) -> Outcome<DiskBytes> {
        disk_bytes(&self.dir)
    }

    /// Returns how often it has called `fsync` or `fdatasync`, if that is traced.
    pub(super) fn syncs(&self) -> Outcome<u64> {
        let calls = fs::read_to_string(self.dir.join(SYNCS))?;
        Ok(u64::try_from(calls.lines().filter(|line| line.contains("sync(")).count())?)
    }

    fn wait_until(&mut self, ready: impl Fn(SocketAddr) -> Outcome<()>) -> Outcome<()> {
        let started = Instant::now();
        loop {
            let Err(error) = ready(self.address) else { return Ok(()) };
            if let Some(status) = self.child.try_wait()? {
                return Err(
                    format!("{} ended with {status}: {}", self.program.name, self.last_words()).into()
                );
            }
            if started.elapsed() > START_MAX {
                let name = &self.program.name;
                return Err(format!("{name} is not ready after {START_MAX:?}: {error}").into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn wait_for_end(&mut self) -> Outcome<()> {
        let started = Instant::now();
        while self.child.try_wait()?.is_none() {
            if started.elapsed() > STOP_MAX {
                return Err(format!("{} does not stop within {STOP_MAX:?}", self.program.name).into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(self.dir.join(LOG)).unwrap_or_default();
        log.lines().last().unwrap_or("it logged nothing").to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; what is left of its files is removed by the next run.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn spawn(program: &Program, dir: &Path, port: u16, sync: Sync, tracing: Tracing) -> Outcome<Child> {
    let log = fs::File::create(dir.join(LOG))?;
    let mut command = program.command(dir, port, sync)?;
    if tracing == Tracing::Syncs {
        // As a grandchild, so that the process which we start, measure and stop is still the server.
        let mut strace = Command::new("strace");
        strace.args(["-D", "-f", "-qq", "-e", "trace=fsync,fdatasync", "-e", "signal=none", "-o"]);
        strace.arg(dir.join(SYNCS)).arg(command.get_program()).args(command.get_args());
        command = strace;
    }
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    let what = command.get_program().to_string_lossy().into_owned();
    command.spawn().map_err(|error| format!("{what} does not start: {error}").into())
}

const LOG: &str = "log";
const SYNCS: &str = "syncs";
const START_MAX: Duration = Duration::from_secs(60);
const STOP_MAX: Duration = Duration::from_secs(60);
