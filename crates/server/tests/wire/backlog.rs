//! A disk that does not answer: who writes is held back, memory stays bounded, and whoever reads is served.

use crate::disk::{api, create_bucket, put, value};
use crate::harness::World;
use jetkv_engine::env::{DirEntry, Env, File, Fs, Lock, MemFs, OpenMode};
use jetkv_server::SilentLog;
use jetkv_server::options::JetStreamOptions;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use testkit::nats::{Client, DEFAULT_CONNECT};

/// Holds syncs up while it is shut.
#[derive(Debug, Default)]
struct Gate {
    shut: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    fn set(&self, shut: bool) {
        *self.shut.lock().unwrap() = shut;
        self.changed.notify_all();
    }
}

/// Opens the gate at the end of a test, also of one that fails.
struct Opens(Arc<Gate>);

impl Drop for Opens {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

#[derive(Debug)]
struct GatedFs(MemFs, Arc<Gate>);

#[derive(Debug)]
struct GatedFile(Arc<dyn File>, Arc<Gate>);

impl Fs for GatedFs {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(GatedFile(self.0.open(path, mode)?, Arc::clone(&self.1))))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.0.remove_file(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.0.create_dir_all(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.0.remove_dir_all(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.0.sync_dir(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        self.0.list(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        self.0.lock(path)
    }
}

impl File for GatedFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }

    fn write_at(&self, data: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_at(data, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        let shut = self.1.shut.lock().unwrap();
        drop(self.1.changed.wait_while(shut, |shut| *shut).unwrap());
        self.0.sync_data()
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.0.set_len(bytes)
    }

    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }
}

#[test]
fn who_writes_faster_than_the_disk_is_held_back() {
    let gate = Arc::new(Gate::default());
    let env = Env { fs: Arc::new(GatedFs(MemFs::new(), Arc::clone(&gate))), ..Env::system() };
    let options = JetStreamOptions { max_file: Some(1 << 40), ..JetStreamOptions::new("/data") };
    let world = World::try_on(env, Arc::new(SilentLog), |all| all.jetstream = Some(options)).unwrap();
    let address = world.server().local_addr();
    let mut client = Client::connect(&address.to_string(), DEFAULT_CONNECT).unwrap();
    create_bucket(&mut client, "b", 1);
    put(&mut client, "b.k", "before");
    let _opens = Opens(Arc::clone(&gate));
    gate.set(true);
    let mut writer = TcpStream::connect(address).unwrap();
    let mut reader = BufReader::new(writer.try_clone().unwrap());
    writer.write_all(b"CONNECT {\"verbose\":false}\r\nSUB acks 1\r\n").unwrap();
    writer.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let message = format!("PUB $KV.b.big acks 1000000\r\n{}\r\n", " ".repeat(1_000_000)).into_bytes();
    let (mut sent, mut part) = (0, 0);
    // What the sockets' own buffers take is not known, but it is less than this.
    while sent < 100 {
        match writer.write(&message[part..]) {
            Ok(written) => part += written,
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
                break;
            }
        }
        if part == message.len() {
            (sent, part) = (sent + 1, 0);
        }
    }
    assert!((16..100).contains(&sent), "{sent} messages of 1 MB were taken");
    // Who reads waits for no sync.
    assert_eq!(value(&mut client, "b", "k"), "before");
    assert_eq!(api(&mut client, "STREAM.INFO.KV_b", "")["state"]["messages"], 1);
    gate.set(false);
    writer.set_write_timeout(None).unwrap();
    writer.write_all(&message[part..]).unwrap();
    let mut line = String::new();
    for sequence in 2..=sent + 2 {
        while line.trim_end() != format!("{{\"stream\":\"KV_b\",\"seq\":{sequence}}}") {
            line.clear();
            assert_ne!(reader.read_line(&mut line).unwrap(), 0, "{sequence}");
        }
    }
}
