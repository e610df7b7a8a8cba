//! A reference server for the time of one script.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// How often it is tried to connect before the server counts as not started, and how long apart.
const TRIES: u32 = 100;
const TRY_INTERVAL: Duration = Duration::from_millis(50);

/// A server that is stopped, and whose directory is removed, when this is dropped.
pub(super) struct Server {
    process: Child,
    port: u16,
    directory: PathBuf,
}

impl Server {
    /// Starts a server with JetStream and the lines of configuration given.
    pub(super) fn start(settings: &[&str]) -> io::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let directory = std::env::temp_dir().join(format!("jetkv-golden-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&directory)?;
        let configuration = directory.join("server.conf");
        std::fs::write(&configuration, configuration_text(&directory, port, settings))?;
        let program = std::env::var_os("NATS_SERVER").unwrap_or_else(|| "nats-server".into());
        let mut command = Command::new(program);
        command
            .arg("--config")
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let server = Self { process: command.spawn()?, port, directory };
        server.wait()?;
        Ok(server)
    }

    /// Returns the port that it listens on.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    fn wait(&self) -> io::Result<()> {
        for _ in 0..TRIES {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return Ok(());
            }
            thread::sleep(TRY_INTERVAL);
        }
        Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the server does not listen; is its configuration valid?",
        ))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing can be done if the process has ended or the directory is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
        #[expect(clippy::disallowed_methods, reason = "a chore works on the real disk")]
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn configuration_text(directory: &Path, port: u16, settings: &[&str]) -> String {
    let store = directory.join("store");
    let mut lines = vec![
        format!("listen: 127.0.0.1:{port}"),
        "server_name: golden".to_owned(),
        format!("store_dir: {store:?}"),
        "jetstream: enabled".to_owned(),
    ];
    lines.extend(settings.iter().map(|line| (*line).to_owned()));
    lines.join("\n")
}
