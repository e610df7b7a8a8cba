//! Rounds of writing, power cuts and reading back, and the count of what was lost.

use crate::PowercutError;
use crate::client::Connection;
use crate::disk::{Disk, DiskModel};
use crate::known::{Known, Presence};
use crate::load;
use crate::mount::Mount;
use compat::{Launch, Program, Server};
use parking_lot::Mutex;
use std::fmt::{self, Display};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use testkit::Rng;

/// How a server is tried.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// What the disk keeps of names.
    pub model: DiskModel,
    /// How many rounds, each with a new disk.
    pub rounds: u64,
    /// The seed of the first round; that of a round that fails is printed.
    pub seed: u64,
}

/// What came of all rounds.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    rounds: u64,
    cuts: u64,
    acked: u64,
    syncs: u64,
    /// By seed.
    findings: Vec<(u64, String)>,
}

/// One disk, its mount point, and the server on it.
struct World<'a> {
    program: &'a Program,
    arguments: &'a [String],
    disk: Arc<Mutex<Disk>>,
    place: PathBuf,
    rng: Rng,
    known: Known,
    verdict: &'a mut Verdict,
    seed: u64,
}

/// Runs all rounds.
///
/// # Errors
/// If the disk cannot be mounted or the server not be started even once; what the server does wrong is in the verdict.
pub fn run(program: &Program, arguments: &[String], plan: &Plan) -> Result<Verdict, PowercutError> {
    let directory = TempDir::new().map_err(|source| PowercutError::Directory { source })?;
    let mut verdict = Verdict::default();
    for seed in plan.seed..plan.seed.saturating_add(plan.rounds) {
        let mut world = World {
            program,
            arguments,
            disk: Arc::new(Mutex::new(Disk::new(plan.model))),
            place: directory.path().to_owned(),
            rng: Rng::new(seed),
            known: Known { keys: load::keys(), ..Known::default() },
            verdict: &mut verdict,
            seed,
        };
        world.round()?;
        let syncs = world.disk.lock().syncs();
        verdict.rounds += 1;
        verdict.syncs += syncs;
    }
    Ok(verdict)
}

impl World<'_> {
    /// Writes and cuts the power a few times, and reads everything back after each cut.
    fn round(&mut self) -> Result<(), PowercutError> {
        let found = self.verdict.findings.len();
        for cycle in 0..=1 + self.rng.below(3) {
            let mount = Mount::new(&self.disk, &self.place)?;
            let is_good = self.serve(cycle == 0)?;
            mount.unmount(&self.place)?;
            if !is_good || self.verdict.findings.len() > found {
                return Ok(());
            }
            self.cut();
            for _ in 0..self.rng.below(3) {
                let mount = Mount::new(&self.disk, &self.place)?;
                self.start_and_kill()?;
                mount.unmount(&self.place)?;
                self.cut();
            }
        }
        let mount = Mount::new(&self.disk, &self.place)?;
        if let Some((server, mut connection)) = self.start() {
            self.read_back(&mut connection);
            drop(server);
        }
        mount.unmount(&self.place)
    }

    /// Starts the server, reads everything back, writes, and kills it; returns whether to go on.
    fn serve(&mut self, is_first: bool) -> Result<bool, PowercutError> {
        let Some((mut server, mut connection)) = self.start() else { return Ok(false) };
        if is_first {
            for bucket in load::BUCKETS {
                if let Err(error) = connection.make_bucket(bucket) {
                    self.find(format!("cannot make bucket {bucket}: {error}"));
                    return Ok(false);
                }
                self.known.buckets.insert(bucket.to_owned(), Presence::There);
            }
        }
        self.read_back(&mut connection);
        let address = server.address().to_string();
        let (pause, dying) = (60 + self.rng.below(1_000), self.rng.chance(1, 2).then(|| self.rng.below(20)));
        let (disk, is_over, seed) = (Arc::clone(&self.disk), AtomicBool::new(false), self.rng.next_u64());
        let outcome = load::run(&address, &mut self.known, seed, &is_over, || {
            std::thread::sleep(Duration::from_millis(pause));
            if let Some(dying) = dying {
                // In its last moments a disk answers with errors.
                disk.lock().die();
                std::thread::sleep(Duration::from_millis(dying));
            }
            is_over.store(true, Ordering::SeqCst);
            server.kill();
        });
        self.verdict.acked += outcome.acked;
        if dying.is_none() {
            for refusal in outcome.refused {
                self.find(format!("refused without a reason: {refusal}"));
            }
        }
        Ok(true)
    }

    /// Starts the server and waits until its streams can be used.
    fn start(&mut self) -> Option<(Server, Connection)> {
        let mut arguments = vec!["-sd".into(), self.store().into_os_string()];
        arguments.extend(self.arguments.iter().map(Into::into));
        let launched = self.program.launch(&Launch { arguments, config: None });
        let server = match launched {
            Ok(server) => server,
            Err(error) => {
                self.find(format!("does not start: {error}"));
                return None;
            }
        };
        for _ in 0..LOOKS_MAX {
            if let Ok(mut connection) = Connection::new(&server.address().to_string())
                && connection.is_ready()
            {
                return Some((server, connection));
            }
            std::thread::sleep(LOOK);
        }
        self.find(format!("is not ready; its log: {}", server.log()));
        None
    }

    /// Starts the server and kills it while it recovers.
    fn start_and_kill(&mut self) -> Result<(), PowercutError> {
        let mut command = self.program.command();
        command.args(["-a", "127.0.0.1", "-p", "-1", "-js", "-sd"]).arg(self.store()).args(self.arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let start_error = |source| PowercutError::Start { program: self.program.name().to_owned(), source };
        let mut child = command.spawn().map_err(start_error)?;
        std::thread::sleep(Duration::from_millis(self.rng.below(120)));
        // Both fail only if the process has ended already.
        let _ = child.kill();
        let _ = child.wait();
        Ok(())
    }

    fn cut(&mut self) {
        self.disk.lock().cut(&mut self.rng);
        self.verdict.cuts += 1;
    }

    /// Compares what is there with what was acknowledged, and takes it as known from now on.
    fn read_back(&mut self, connection: &mut Connection) {
        let there = match connection.buckets() {
            Ok(there) => there,
            Err(error) => return self.find(format!("cannot list buckets: {error}")),
        };
        let mut findings = Vec::new();
        for (bucket, presence) in &mut self.known.buckets {
            let is_there = there.contains(bucket);
            match presence {
                Presence::There if !is_there => findings.push(format!("bucket {bucket} is lost")),
                Presence::Gone if is_there => findings.push(format!("bucket {bucket} is back")),
                _ => {}
            }
            *presence = if is_there { Presence::There } else { Presence::Gone };
        }
        for ((bucket, name), key) in &mut self.known.keys {
            if self.known.buckets.get(bucket) != Some(&Presence::There) {
                continue;
            }
            match connection.read(bucket, name) {
                Ok(found) => {
                    if !key.allows(found.as_ref()) {
                        let short = |value: &Option<crate::known::Value>| {
                            value.as_ref().map(|value| (value.operation, value.bytes.len(), value.sequence))
                        };
                        let (acked, found) = (short(&key.value), short(&found));
                        findings.push(format!("{bucket}.{name}: acknowledged {acked:?}, found {found:?}"));
                    }
                    key.settle(found);
                }
                Err(error) => findings.push(format!("{bucket}.{name}: {error}")),
            }
        }
        for finding in findings {
            self.find(finding);
        }
    }

    fn find(&mut self, finding: String) {
        self.verdict.findings.push((self.seed, finding));
    }

    fn store(&self) -> PathBuf {
        self.place.join("store")
    }
}

impl Verdict {
    /// Says whether nothing was found.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.findings.is_empty()
    }

    /// Returns what was found, with the seed of its round.
    #[must_use]
    pub fn findings(&self) -> &[(u64, String)] {
        &self.findings
    }
}

impl Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, cuts, acked, syncs, findings } = self;
        let count = findings.len();
        write!(
            formatter,
            "{rounds} rounds, {cuts} power cuts, {syncs} syncs, {acked} acknowledged writes: {count} findings"
        )
    }
}

const LOOKS_MAX: usize = 2_000;
const LOOK: Duration = Duration::from_millis(5);
