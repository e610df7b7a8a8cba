//! A server that runs in a directory of its own.

use crate::program::Place;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

/// A server; dropping it kills it.
pub(crate) struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
    err: BufReader<ChildStderr>,
    log: Vec<String>,
}

impl Running {
    /// Starts the program and waits until it is ready.
    pub(crate) fn start(place: &Place, args: &[&str]) -> Self {
        Self::spawn(place.command(args))
    }

    /// The same for a program of another name.
    pub(crate) fn start_as(program: &Path, place: &Place, args: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(args).current_dir(place.path());
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let err = BufReader::new(child.stderr.take().unwrap());
        let mut server = Self { child, out, err, log: Vec::new() };
        server.wait_for("Server is ready");
        server
    }

    /// Reads the log until a line ends with `text`.
    pub(crate) fn wait_for(&mut self, text: &str) {
        loop {
            let mut line = String::new();
            let read = self.err.read_line(&mut line).unwrap();
            assert_ne!(read, 0, "no {text:?} in {:#?}", self.log);
            self.log.push(line.trim_end().to_owned());
            if line.trim_end().ends_with(text) {
                return;
            }
        }
    }

    /// Returns the lines of the log that were read.
    pub(crate) fn log(&self) -> &[String] {
        &self.log
    }

    /// Returns the next line of standard output.
    pub(crate) fn line_of_output(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line
    }

    /// Returns where clients connect, as the log tells it.
    pub(crate) fn address(&self) -> SocketAddr {
        self.told("Listening for client connections on ")
    }

    /// Returns where the monitoring listens, as the log tells it.
    pub(crate) fn monitor(&self) -> SocketAddr {
        self.told("Starting http monitor on ")
    }

    fn told(&self, text: &str) -> SocketAddr {
        let address = self.log.iter().find_map(|line| line.split_once(text));
        address.unwrap_or_else(|| panic!("no {text:?} in {:#?}", self.log)).1.parse().unwrap()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Connects, and returns what the server says first.
    pub(crate) fn info(&self) -> String {
        let mut line = String::new();
        BufReader::new(TcpStream::connect(self.address()).unwrap()).read_line(&mut line).unwrap();
        line
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) {
        let signal = match name {
            "TERM" => Signal::TERM,
            "INT" => Signal::INT,
            "HUP" => Signal::HUP,
            "USR2" => Signal::USR2,
            other => panic!("{other} is not sent"),
        };
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end and returns the exit code.
    pub(crate) fn end(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Connects as a client that wants nothing special, and passes what the server says first.
pub(crate) fn connect(address: SocketAddr) -> BufReader<TcpStream> {
    let mut client = BufReader::new(TcpStream::connect(address).unwrap());
    let mut info = String::new();
    client.read_line(&mut info).unwrap();
    std::io::Write::write_all(client.get_mut(), b"CONNECT {\"verbose\":false}\r\n").unwrap();
    client
}

/// Makes a link to the program under another name.
pub(crate) fn link(place: &Place, name: &str) -> PathBuf {
    let link = place.file(name);
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_jetkv"), &link).unwrap();
    link
}
