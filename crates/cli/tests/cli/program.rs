//! Running the program in a directory of its own.

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A directory with a store in it, removed at the end.
pub(crate) struct Place {
    directory: tempfile::TempDir,
}

/// What a run left behind.
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

impl Place {
    /// A directory without a store.
    pub(crate) fn empty() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    /// A store with the bucket `app`, which keeps five revisions.
    pub(crate) fn with_bucket() -> Self {
        let place = Self::empty();
        place.ok(&["add", "app", "--history", "5"]);
        place
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file and returns its name.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.file(name), content).unwrap();
        name.into()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jetkv"));
        command.args(args).current_dir(self.path()).env_remove("JETKV_STORE").env_remove("NO_COLOR");
        for name in ["NATS_URL", "NATS_CONTEXT", "NATS_USER", "NATS_PASSWORD", "NATS_CREDS", "NATS_TOKEN"] {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Done {
        self.run_with(args, b"")
    }

    pub(crate) fn run_with(&self, args: &[&str], input: &[u8]) -> Done {
        let mut child = self.spawn(args);
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // The program may end before it has read everything.
        let writer = std::thread::spawn(move || stdin.write_all(&input).ok());
        let done = Done::of(child.wait_with_output().unwrap());
        writer.join().unwrap();
        done
    }

    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs a command that must succeed, and returns what it printed.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        self.ok_with(args, b"")
    }

    pub(crate) fn ok_with(&self, args: &[&str], input: &[u8]) -> String {
        let done = self.run_with(args, input);
        assert_eq!(done.code, 0, "{args:?}: {}", done.err);
        String::from_utf8(done.out).unwrap()
    }

    /// Runs a command that must succeed, with `--json`, and returns its objects.
    pub(crate) fn json(&self, args: &[&str]) -> Vec<Value> {
        let mut all = vec!["--json"];
        all.extend(args);
        self.ok(&all).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Runs a command that must fail with `code`, and returns what it said.
    pub(crate) fn fails(&self, args: &[&str], code: i32) -> String {
        let done = self.run(args);
        assert_eq!(done.code, code, "{args:?}: {}{}", done.text(), done.err);
        done.err
    }

    /// Puts a value and returns its revision.
    pub(crate) fn put(&self, key: &str, value: &str) -> u64 {
        self.json(&["put", "app", key, value])[0]["revision"].as_u64().unwrap()
    }
}

impl Done {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: output.stdout,
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }
}

/// Returns what `export --history` prints of each line that does not depend on when and where it was written.
pub(crate) fn without_time(lines: &str) -> Vec<Value> {
    let parse = |line| {
        let mut value: Value = serde_json::from_str(line).unwrap();
        let fields = value.as_object_mut().unwrap();
        fields.remove("created").unwrap();
        fields.remove("bucket").unwrap();
        value
    };
    lines.lines().map(parse).collect()
}
