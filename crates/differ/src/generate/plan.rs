//! A script in the making.

use crate::script::{Action, Publication, Reply, Step, Wait};
use testkit::Rng;
use testkit::nats::DEFAULT_CONNECT;

/// The steps so far, and the chance that shapes them.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) rng: Rng,
    /// How many messages the stream has when its consumer is created.
    pub(crate) stored: u64,
    /// Whether messages may take the place of all others of their key.
    pub(crate) rolls_up: bool,
    /// Whether the stream answers those who publish.
    pub(crate) answers: bool,
    /// Whether the servers are restarted.
    pub(crate) restarts: bool,
    /// Whether the consumer begins with the last message of each subject.
    pub(crate) begins_with_last: bool,
    /// Whether messages go by themselves when they are acknowledged.
    pub(crate) lets_go: bool,
    steps: Vec<Step>,
}

impl Plan {
    /// Returns a plan without steps; `salt` keeps areas apart that get the same seed.
    pub(crate) fn new(seed: u64, salt: u64) -> Self {
        Self {
            rng: Rng::new(seed ^ (salt << 48)),
            stored: 0,
            rolls_up: true,
            answers: true,
            restarts: false,
            begins_with_last: false,
            lets_go: false,
            steps: Vec::new(),
        }
    }

    /// Returns a plan whose connection 0 is open as official clients open theirs.
    pub(crate) fn connected(seed: u64, salt: u64) -> Self {
        let mut plan = Self::new(seed, salt);
        plan.open(0, DEFAULT_CONNECT);
        plan
    }

    pub(crate) fn finish(self) -> Vec<Step> {
        self.steps
    }

    /// Returns how many steps there are.
    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }

    pub(crate) fn open(&mut self, conn: usize, options: &str) {
        self.push(conn, Action::Open(options.to_owned()), Wait::PONG);
    }

    pub(crate) fn raw(&mut self, conn: usize, bytes: impl Into<Vec<u8>>, wait: Wait) {
        self.push(conn, Action::Raw(bytes.into()), wait);
    }

    /// Adds a request with one JSON answer; returns its number.
    pub(crate) fn request(&mut self, subject: &str, body: impl Into<Vec<u8>>) -> u32 {
        self.ask(0, subject, None, body, Wait::ANSWER)
    }

    /// Adds a request of any kind; returns its number.
    pub(crate) fn ask(
        &mut self,
        conn: usize,
        subject: &str,
        headers: Option<Vec<u8>>,
        body: impl Into<Vec<u8>>,
        wait: Wait,
    ) -> u32 {
        self.publish(conn, subject, Reply::Inbox, headers, body, wait)
    }

    pub(crate) fn publish(
        &mut self,
        conn: usize,
        subject: &str,
        reply: Reply,
        headers: Option<Vec<u8>>,
        body: impl Into<Vec<u8>>,
        wait: Wait,
    ) -> u32 {
        let publication = Publication { subject: subject.to_owned(), reply, headers, body: body.into() };
        self.push(conn, Action::Publish(publication), wait)
    }

    pub(crate) fn push(&mut self, conn: usize, action: Action, wait: Wait) -> u32 {
        let id = u32::try_from(self.steps.len()).expect("a script is short") + 1;
        self.steps.push(Step { id, conn, action, wait });
        id
    }

    /// Says yes in `percent` of 100 cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.rng.chance(percent, 100)
    }

    /// Returns one of `items`.
    pub(crate) fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        let item: &&'a str = self.rng.pick(items);
        item
    }

    /// Returns a number from `from` to `to`.
    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.rng.below(to - from + 1)
    }
}
