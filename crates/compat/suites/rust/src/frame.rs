//! The frame of the suite: registers cases, runs them, prints one line for each.

use async_nats::jetstream::{self, kv};
use futures_util::future::LocalBoxFuture;
use futures_util::stream::{self, Stream, StreamExt};
use std::error::Error;
use std::fmt::Debug;
use std::future::Future;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const SIDE_BY_SIDE: usize = 8;
const CASE_LIMIT: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(20);

pub type Outcome = Result<(), Fault>;
pub type Fault = Box<dyn Error + Send + Sync>;
type Run = Rc<dyn Fn(World) -> LocalBoxFuture<'static, Outcome>>;

#[derive(Clone)]
struct Case {
    name: &'static str,
    alone: bool,
    run: Run,
}

/// The cases of the suite.
#[derive(Default)]
pub struct Cases(Vec<Case>);

/// What a case is given: a connection of its own, and names that nobody else uses.
#[derive(Clone)]
pub struct World {
    pub client: async_nats::Client,
    pub js: jetstream::Context,
    door: String,
}

static NUMBER: AtomicU64 = AtomicU64::new(1);

impl Cases {
    /// Registers a case that runs beside others.
    pub fn add<F>(&mut self, name: &'static str, run: fn(World) -> F)
    where
        F: Future<Output = Outcome> + 'static,
    {
        self.0.push(Case { name, alone: false, run: Rc::new(move |world| Box::pin(run(world))) });
    }

    /// Registers a case that runs alone, after all others.
    pub fn add_alone<F>(&mut self, name: &'static str, run: fn(World) -> F)
    where
        F: Future<Output = Outcome> + 'static,
    {
        self.0.push(Case { name, alone: true, run: Rc::new(move |world| Box::pin(run(world))) });
    }

    /// Runs all cases whose names hold one of the parts given behind the two addresses, and ends the program.
    pub async fn run(self) {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [url, door, parts @ ..] = arguments.as_slice() else {
            panic!("usage: suite SERVER DOOR [PART...]")
        };
        let wanted =
            |case: &Case| parts.is_empty() || parts.iter().any(|part| case.name.contains(part.as_str()));
        let (alone, beside): (Vec<Case>, Vec<Case>) =
            self.0.into_iter().filter(wanted).partition(|case| case.alone);
        let mut verdicts: Vec<bool> = stream::iter(beside)
            .map(|case| one(case, url, door))
            .buffer_unordered(SIDE_BY_SIDE)
            .collect()
            .await;
        for case in alone {
            verdicts.push(one(case, url, door).await);
        }
        let failed = verdicts.iter().filter(|well| !**well).count();
        println!("done: {} ok, {failed} failed", verdicts.len() - failed);
        std::process::exit(i32::from(failed > 0));
    }
}

async fn one(case: Case, url: &str, door: &str) -> bool {
    let began = Instant::now();
    let (url, door) = (url.to_owned(), door.to_owned());
    // A panic of the client or of a check ends the task, not the suite.
    let task = tokio::task::spawn_local(async move {
        let client = async_nats::connect(url).await?;
        let js = jetstream::new(client.clone());
        (case.run)(World { client, js, door }).await
    });
    let outcome = match tokio::time::timeout(CASE_LIMIT, task).await {
        Err(_) => Err("it does not end".into()),
        Ok(Err(fault)) => Err(fault.into()),
        Ok(Ok(outcome)) => outcome,
    };
    match outcome {
        Ok(()) => println!("ok {}", case.name),
        Err(fault) => {
            let text: Vec<String> = fault.to_string().split_whitespace().map(str::to_owned).collect();
            println!("FAIL {}: {}", case.name, text.join(" "));
            return false;
        }
    }
    if std::env::var_os("COMPAT_TIMES").is_some() {
        println!("# {:.2} s {}", began.elapsed().as_secs_f64(), case.name);
    }
    true
}

impl World {
    pub fn name(&self) -> String {
        format!("b_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
    }

    /// Makes a bucket; a configuration without a name gets a fresh one.
    pub async fn bucket(&self, config: kv::Config) -> Result<kv::Store, Fault> {
        let bucket = if config.bucket.is_empty() { self.name() } else { config.bucket.clone() };
        Ok(self.js.create_key_value(kv::Config { bucket, ..config }).await?)
    }

    /// Connects through the door.
    pub async fn far(&self) -> Result<(async_nats::Client, jetstream::Context), Fault> {
        let options =
            async_nats::ConnectOptions::new().reconnect_delay_callback(|_| Duration::from_millis(50));
        let client = options.connect(self.door.as_str()).await?;
        Ok((client.clone(), jetstream::new(client)))
    }

    /// Has the door cut all connections through it, or kill the server; returns when that is done.
    pub async fn order(&self, word: &str) -> Outcome {
        let mut socket = tokio::net::TcpStream::connect(self.door.trim_start_matches("nats://")).await?;
        socket.write_all(format!("{word}\n").as_bytes()).await?;
        let mut sink = [0; 1024];
        while matches!(socket.read(&mut sink).await, Ok(1..)) {}
        Ok(())
    }

    /// Waits until a connection that was cut is usable again.
    pub async fn back(&self, js: &jetstream::Context) -> Outcome {
        eventually("the connection is back", async || {
            matches!(tokio::time::timeout(Duration::from_secs(1), js.query_account()).await, Ok(Ok(_)))
        })
        .await
    }
}

#[track_caller]
pub fn equal<T: PartialEq + Debug>(got: T, want: T) -> Outcome {
    let line = std::panic::Location::caller();
    if got == want {
        Ok(())
    } else {
        Err(format!("expected {want:?}, got {got:?} ({}:{})", line.file(), line.line()).into())
    }
}

#[track_caller]
pub fn check(holds: bool, what: &str) -> Outcome {
    let line = std::panic::Location::caller();
    if holds { Ok(()) } else { Err(format!("not so: {what} ({}:{})", line.file(), line.line()).into()) }
}

/// Checks that something failed with an error whose text, or that of its causes, holds `text`.
#[track_caller]
pub fn fails<T, E: Error>(result: Result<T, E>, text: &str) -> Outcome {
    let line = std::panic::Location::caller();
    match result {
        Ok(_) => Err(format!(
            "expected an error with {text:?}, but it went well ({}:{})",
            line.file(),
            line.line()
        )
        .into()),
        Err(fault) => {
            let said = format!("{fault} {fault:?}");
            if said.contains(text) {
                return Ok(());
            }
            Err(format!("expected an error with {text:?}, got {said:?} ({}:{})", line.file(), line.line())
                .into())
        }
    }
}

pub async fn eventually(what: &str, mut probe: impl AsyncFnMut() -> bool) -> Outcome {
    let end = Instant::now() + PATIENCE;
    while !probe().await {
        if Instant::now() > end {
            return Err(format!("not in time: {what}").into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// Returns the next things that a stream gives.
pub async fn take<S, T, E>(from: &mut S, count: usize) -> Result<Vec<T>, Fault>
where
    S: Stream<Item = Result<T, E>> + Unpin,
    E: Error + Send + Sync + 'static,
{
    let mut all = Vec::new();
    while all.len() < count {
        let next = tokio::time::timeout(PATIENCE, from.next()).await;
        let next = next.map_err(|_| format!("{count} things are to come, only {} do", all.len()))?;
        all.push(next.ok_or("the stream has ended")??);
    }
    Ok(all)
}

/// Returns all that a stream gives, which must end by itself.
pub async fn all<S, T, E>(mut from: S) -> Result<Vec<T>, Fault>
where
    S: Stream<Item = Result<T, E>> + Unpin,
    E: Error + Send + Sync + 'static,
{
    let mut all = Vec::new();
    while let Some(next) =
        tokio::time::timeout(PATIENCE, from.next()).await.map_err(|_| "the stream does not end")?
    {
        all.push(next?);
    }
    Ok(all)
}

/// Writes an entry as `key=value@revision` or `key!Delete@revision`.
pub fn text(entry: &kv::Entry) -> String {
    match entry.operation {
        kv::Operation::Put => {
            format!("{}={}@{}", entry.key, String::from_utf8_lossy(&entry.value), entry.revision)
        }
        other => format!("{}!{other:?}@{}", entry.key, entry.revision),
    }
}

pub fn texts(entries: &[kv::Entry]) -> Vec<String> {
    entries.iter().map(text).collect()
}
