//! A server under test with its bucket, and how its figures are taken.

use super::bucket::{Bucket, Shape};
use super::load::{Done, Load};
use super::program::Program;
use super::requests::Kind;
use super::server::Server;
use super::sessions::Session;
use crate::Outcome;
use crate::gauge::{ProcessMeter, own_cpu};
use crate::phases::{micros, per_op};
use std::path::Path;
use std::time::Duration;

/// One server, alone with this program.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) server: Server,
    pub(super) bucket: Bucket,
    /// Puts into the bucket so far.
    writes: u64,
    figures: Vec<Figure>,
}

/// A value of a workload in a measure.
#[derive(Debug)]
pub(super) struct Figure {
    pub(super) work: String,
    pub(super) measure: &'static str,
    pub(super) value: f64,
}

impl Site {
    /// Starts a server and creates a bucket of history 1 on it.
    pub(super) fn start(program: &Program, dir: &Path, session: Session, keys: u64) -> Outcome<Self> {
        let server = Server::start(program, dir, session.sync(), session.tracing())?;
        let bucket = Bucket::create(server.address(), "bench", Shape::of(keys))?;
        Ok(Self { server, bucket, writes: 0, figures: Vec::new() })
    }

    /// Takes out what was measured.
    pub(super) fn take_figures(&mut self) -> Vec<Figure> {
        std::mem::take(&mut self.figures)
    }

    /// Notes a value.
    pub(super) fn push(&mut self, work: &str, measure: &'static str, value: f64) {
        self.figures.push(Figure { work: work.to_owned(), measure, value });
    }

    /// Puts every key once without measuring.
    pub(super) fn fill(&mut self) -> Outcome<Done> {
        let done = Load::windowed(Kind::Load, u64::MAX, Duration::MAX).run(&self.bucket)?;
        self.wrote(done.writes, 1)?;
        Ok(done)
    }

    /// Measures requests to the bucket.
    pub(super) fn requests(&mut self, work: &str, load: Load) -> Outcome<()> {
        let meter = self.meter()?;
        let done = match load.kind {
            Kind::Load => self.fill()?,
            _ => load.run(&self.bucket)?,
        };
        let spent = meter.stop()?;
        if load.kind != Kind::Load {
            self.wrote(done.writes, 0)?;
        }
        self.push_requests(work, &done, spent);
        Ok(())
    }

    /// Notes what `done` cost.
    pub(super) fn push_requests(&mut self, work: &str, done: &Done, spent: Spent) {
        self.push(work, "requests/s", 1e6 / (micros(done.wall) / per_op(done.requests, 1)));
        self.push(work, "p50, µs", micros(done.percentile(50)));
        self.push(work, "p99, µs", micros(done.percentile(99)));
        self.push(work, "server CPU, µs/request", micros(spent.server) / per_op(done.requests, 1));
        self.push(work, "generator CPU, µs/request", micros(spent.generator) / per_op(done.requests, 1));
    }

    /// Notes what the server takes by now.
    pub(super) fn push_room(&mut self, when: &str) -> Outcome<()> {
        let (resident, disk) = (self.server.resident()?, self.server.disk()?);
        self.push(when, "resident memory, MB", per_op(resident, 1_000_000));
        self.push(when, "disk, bytes/key", per_op(disk.allocated, self.bucket.keys));
        Ok(())
    }

    /// Counts puts into the bucket, and fails unless the server agrees that each key was put `per_key` times at least.
    pub(super) fn wrote(&mut self, writes: u64, per_key: u64) -> Outcome<()> {
        self.writes += writes;
        self.bucket.check(self.writes, per_key)
    }

    /// Begins to measure the CPU time of the server and of this program.
    pub(super) fn meter(&self) -> Outcome<Meter> {
        Ok(Meter { server: self.server.meter()?, generator: own_cpu()? })
    }
}

/// Measures from its start to its stop.
#[derive(Debug)]
pub(super) struct Meter {
    server: ProcessMeter,
    generator: Duration,
}

/// CPU time that was used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spent {
    /// By all threads of the server.
    pub(super) server: Duration,
    /// By this program.
    pub(super) generator: Duration,
}

impl Meter {
    /// Ends measuring.
    pub(super) fn stop(self) -> Outcome<Spent> {
        let server = self.server.stop()?;
        Ok(Spent { server, generator: own_cpu()?.saturating_sub(self.generator) })
    }
}
