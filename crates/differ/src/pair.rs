//! Two servers in lockstep: each step is done on both, and over before the next one begins.

use crate::DifferError;
use crate::area::Setup;
use crate::differences::{EXCEPTIONS, Met};
use crate::fault::Fault;
use crate::record::{Key, Record};
use crate::script::{Action, Answers, Script, Step};
use crate::side::{Post, Side};
use compat::Program;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

/// Two servers of the same setup.
#[derive(Debug)]
pub struct Pair {
    sides: [Side; 2],
    /// Whether differences that are meant are passed over; they are meant between the reference and ours only.
    excuses: bool,
}

/// How long is waited. Equal servers that answer at once are hardly waited for at all.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long nothing must come before a step that may cause more is over.
    pub quiet: Duration,
    /// How long nothing must come before an answer is given up that neither server has sent.
    pub mute: Duration,
    /// How long is waited for one server to send what the other has sent.
    pub patience: Duration,
}

/// How a script ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was equal.
    Same {
        /// How many messages were compared.
        messages: usize,
    },
    /// Something was not.
    Different(Difference),
    /// A difference that is meant; the script ended there.
    Excused {
        /// The name of its exception.
        name: &'static str,
        /// The index of the step after which it showed.
        at: usize,
    },
}

/// Where two servers differ first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The index of the step after which it showed.
    pub at: usize,
    /// The step.
    pub step: String,
    /// The list in which it is.
    pub place: String,
    /// What the left server sent in this step.
    pub left: Vec<String>,
    /// What the right server sent.
    pub right: Vec<String>,
}

impl Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "after step: {}\nin {}:", self.step, self.place)?;
        self.left.iter().try_for_each(|line| writeln!(formatter, "  left  {line}"))?;
        self.right.iter().try_for_each(|line| writeln!(formatter, "  right {line}"))
    }
}

impl Pace {
    /// Returns the pace for most runs.
    #[must_use]
    pub const fn normal() -> Self {
        Self::of(Duration::from_millis(15))
    }

    /// Returns the pace that tells a difference from a machine that was busy.
    #[must_use]
    pub const fn slow() -> Self {
        Self::of(Duration::from_millis(120))
    }

    /// Returns the pace for runs that differ almost for certain: a difference was planted, or is being cut down.
    #[must_use]
    pub const fn hasty() -> Self {
        Self { patience: Duration::from_millis(600), ..Self::normal() }
    }

    const fn of(quiet: Duration) -> Self {
        Self {
            quiet,
            mute: quiet.saturating_mul(6),
            patience: quiet.saturating_mul(10).saturating_add(PATIENCE),
        }
    }
}

impl Pair {
    /// Starts both programs with the setup that `area` needs. Meant differences are passed over if the programs differ.
    ///
    /// # Errors
    /// If a server does not start.
    pub fn start(left: &Program, right: &Program, setup: Setup) -> Result<Self, DifferError> {
        let sides = [Side::start(0, left, setup)?, Side::start(1, right, setup)?];
        Ok(Self { sides, excuses: left.name() != right.name() })
    }

    /// Runs a script up to its first difference, and removes what it leaves behind.
    ///
    /// # Errors
    /// If a server cannot be reached any more, or not be restarted.
    pub fn run(&mut self, script: &Script, pace: Pace, fault: Option<Fault>) -> Result<Outcome, DifferError> {
        let [left, right] = &mut self.sides;
        left.record = Record::new(script, None);
        right.record = Record::new(script, fault);
        let (post, mail) = mpsc::channel();
        let mut run = Run {
            sides: &mut self.sides,
            post,
            mail,
            pace,
            pongs: BTreeMap::new(),
            compared: BTreeMap::new(),
        };
        let outcome = run.steps(script);
        drop(run);
        // A script may have killed a server that should not have died; the next one needs it.
        for side in &mut self.sides {
            if side.clean().is_err() {
                side.restart()?;
                side.clean()?;
            }
        }
        Ok(match outcome? {
            Outcome::Different(difference) => self.judged(script, difference),
            other => other,
        })
    }

    fn judged(&self, script: &Script, difference: Difference) -> Outcome {
        let [left, right] = [&difference.left, &difference.right].map(|lines| lines.join("\n"));
        let earlier: Vec<String> = script.steps.iter().take(difference.at).map(Step::to_string).collect();
        let met = Met {
            area: script.area,
            earlier: &earlier,
            request: &difference.step,
            reference: &left,
            ours: &right,
        };
        let excuse = EXCEPTIONS.iter().find(|each| each.covers(&met));
        match excuse.filter(|_| self.excuses) {
            Some(exception) => Outcome::Excused { name: exception.name, at: difference.at },
            None => Outcome::Different(difference),
        }
    }
}

/// One run of a script.
struct Run<'a> {
    sides: &'a mut [Side; 2],
    post: Sender<Post>,
    mail: Receiver<Post>,
    pace: Pace,
    /// How many `PING`s each connection has been sent.
    pongs: BTreeMap<usize, usize>,
    /// How much of each list has been found equal.
    compared: BTreeMap<Key, usize>,
}

impl Run<'_> {
    fn steps(&mut self, script: &Script) -> Result<Outcome, DifferError> {
        for (at, step) in script.steps.iter().enumerate() {
            if self.act(step)? {
                self.settle(step);
                if let Some(difference) = self.compare(at, step) {
                    return Ok(Outcome::Different(difference));
                }
            }
        }
        Ok(Outcome::Same { messages: self.sides[1].record.messages() })
    }

    /// Does the step on both sides; returns whether there was anything to do.
    fn act(&mut self, step: &Step) -> Result<bool, DifferError> {
        let conn = step.conn;
        match &step.action {
            Action::Open(options) => {
                self.pongs.insert(conn, self.sides[0].record.pongs(conn));
                for side in &mut *self.sides {
                    side.open(conn, options, self.post.clone())?;
                }
                if !options.is_empty() {
                    self.send(step, [b"PING\r\n".to_vec(), b"PING\r\n".to_vec()], 1);
                }
            }
            Action::Restart => {
                for side in &mut *self.sides {
                    side.restart()?;
                }
            }
            Action::Until(subject, text) => {
                for side in &mut *self.sides {
                    side.ask_until(subject, text)?;
                }
            }
            _ if !self.sides.iter().all(|side| side.is_open(conn)) => return Ok(false),
            Action::Close => self.sides.iter_mut().for_each(|side| side.close(conn)),
            Action::Heartbeat(_) | Action::Await(..) => self.send(step, [Vec::new(), Vec::new()], 0),
            Action::Raw(bytes) => return Ok(self.send_resolved(step, |side| side.resolve(bytes), 1)),
            Action::Part(bytes) => return Ok(self.send_resolved(step, |side| side.resolve(bytes), 0)),
            Action::Publish(publication) => {
                return Ok(self.send_resolved(step, |side| side.publication(step, publication), 1));
            }
        }
        Ok(true)
    }

    fn send_resolved(
        &mut self,
        step: &Step,
        mut bytes_of: impl FnMut(&mut Side) -> Option<Vec<u8>>,
        pings: usize,
    ) -> bool {
        let [left, right] = &mut *self.sides;
        let (Some(mut left), Some(mut right)) = (bytes_of(left), bytes_of(right)) else { return false };
        for bytes in [&mut left, &mut right] {
            (0..pings).for_each(|_| bytes.extend_from_slice(b"PING\r\n"));
        }
        self.send(step, [left, right], pings);
        true
    }

    fn send(&mut self, step: &Step, bytes: [Vec<u8>; 2], pings: usize) {
        let expected = self.pongs.entry(step.conn).or_default();
        *expected += pings;
        for (side, bytes) in self.sides.iter_mut().zip(bytes) {
            side.record.begin(step.conn, *expected);
            side.send(step.conn, &bytes);
        }
    }

    /// Waits until the step is over on both sides.
    fn settle(&mut self, step: &Step) {
        let heartbeats = self.heartbeats(step);
        let errors: Vec<_> = self.sides.iter().map(|side| side.record.errors(step.conn)).collect();
        let begun = Instant::now();
        let mut last = begun;
        loop {
            while let Ok(post) = self.mail.try_recv() {
                self.sides[post.side].receive(post);
                last = Instant::now();
            }
            let ready =
                self.sides.iter().zip(&errors).all(|(side, before)| self.is_ready(side, step, *before));
            let equal = self.sides[0].record.counts() == self.sides[1].record.counts();
            let beaten = self.heartbeats(step).iter().zip(&heartbeats).all(|(now, before)| now > before);
            let silence = match (equal && beaten, ready) {
                (true, true) if step.wait.settles => self.pace.quiet,
                (true, true) => Duration::ZERO,
                (true, false) if !matches!(step.action, Action::Await(..)) => self.pace.mute,
                _ => self.pace.patience,
            };
            let now = Instant::now();
            let left = silence.saturating_sub(now - last.max(begun));
            let left = left.min(self.pace.patience.saturating_sub(now - begun));
            if left.is_zero() {
                break;
            }
            if let Ok(post) = self.mail.recv_timeout(left) {
                self.sides[post.side].receive(post);
                last = Instant::now();
            }
        }
        // Raw bytes may hold a `PING` of their own.
        let answered = self.sides[0].record.pongs(step.conn);
        self.pongs.entry(step.conn).and_modify(|expected| *expected = answered.max(*expected));
        if let Action::Heartbeat(sid) = &step.action {
            for side in &mut *self.sides {
                side.record.compare_heartbeat(step.conn, sid);
            }
        }
    }

    /// Returns how many heartbeats both sides have had, if the step waits for one.
    fn heartbeats(&self, step: &Step) -> Vec<usize> {
        let Action::Heartbeat(sid) = &step.action else { return Vec::new() };
        self.sides.iter().map(|side| side.record.heartbeats(step.conn, sid).len()).collect()
    }

    /// Returns whether all has come that is known to come.
    fn is_ready(&self, side: &Side, step: &Step, errors: usize) -> bool {
        let (record, conn) = (&side.record, step.conn);
        if record.is_closed(conn)
            || matches!(step.action, Action::Close | Action::Restart | Action::Until(..))
        {
            return true;
        }
        if matches!(step.action, Action::Open(_)) && !record.counts().contains_key(&Key::Connection(conn)) {
            return false;
        }
        if let Action::Await(sid, count) = &step.action {
            return record.received(conn, sid).count() >= *count;
        }
        let has_pong = record.pongs(conn) >= self.pongs.get(&conn).copied().unwrap_or(0);
        let mut answers = record.received(conn, &step.sid());
        // What is refused has no other answer.
        let is_refused = record.errors(conn) > errors;
        has_pong
            && match step.wait.answers {
                _ if is_refused => true,
                Answers::Open => true,
                Answers::Count(count) => answers.count() >= count,
                Answers::UntilStatus => {
                    answers.any(|answer| answer.status().is_some_and(|status| !status.starts_with("100")))
                }
            }
    }

    /// Compares what has come since the last step.
    fn compare(&mut self, at: usize, step: &Step) -> Option<Difference> {
        let [left, right] = &*self.sides;
        let keys: BTreeSet<Key> = left.record.keys().chain(right.record.keys()).cloned().collect();
        for key in keys {
            let from = self.compared.get(&key).copied().unwrap_or(0);
            let [shown_left, shown_right] = [left, right].map(|side| side.record.shown(&key, from));
            if shown_left != shown_right {
                let (step, place) = (step.to_string(), format!("{key:?}"));
                return Some(Difference { at, step, place, left: shown_left, right: shown_right });
            }
            if !matches!(key, Key::Queue(_)) {
                self.compared.insert(key, from + shown_left.len());
            }
        }
        None
    }
}

const PATIENCE: Duration = Duration::from_millis(2500);
