//! A script: what is sent to both servers, one step after the other.

use crate::Area;

mod text;

pub(crate) use text::quoted;

/// Everything that is sent, and what is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Which servers it needs, and which rules apply to its answers.
    pub area: Area,
    /// The seed that it was made of.
    pub seed: u64,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// One thing that is done on both servers before anything else is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The number by which other steps refer to this one, also when steps between them are taken out.
    pub id: u32,
    /// The connection.
    pub conn: usize,
    /// What is done.
    pub action: Action,
    /// When it is over.
    pub wait: Wait,
}

/// What a step does.
///
/// Subjects, bodies and raw bytes may hold references such as `@{ack:0:d1:2}`; see the module `resolve`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Opens the connection and sends `CONNECT` with this text; nothing is sent if it is empty.
    Open(String),
    /// Sends these bytes, and a `PING` behind them.
    Raw(Vec<u8>),
    /// Sends these bytes alone, for operations that arrive in pieces.
    Part(Vec<u8>),
    /// Publishes.
    Publish(Publication),
    /// Waits for one more heartbeat of this subscription and compares it.
    Heartbeat(String),
    /// Waits until this subscription has had this many messages in all.
    Await(String, usize),
    /// Asks, as administrator, until the answer to this subject contains this text; not compared by itself.
    Until(String, String),
    /// Closes the connection.
    Close,
    /// Kills both servers and starts them again; all connections are gone then.
    Restart,
}

/// A message to publish; its sizes are reckoned when references are resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The subject.
    pub subject: String,
    /// Where answers go.
    pub reply: Reply,
    /// The header block, for `HPUB`.
    pub headers: Option<Vec<u8>>,
    /// The body.
    pub body: Vec<u8>,
}

/// The reply subject of a publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// None.
    None,
    /// A subject of this step alone, subscribed just before as `s<id>`.
    Inbox,
    /// This one.
    Subject(String),
}

/// When a step is over: what is named here has come from both servers, and then nothing more for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// How much must come back on the inbox of the step.
    pub answers: Answers,
    /// Whether more may come elsewhere, so that a pause must follow.
    pub settles: bool,
}

/// How much comes back on the inbox of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// Nothing that is known in advance.
    Open,
    /// This many messages.
    Count(usize),
    /// Messages up to a status that ends them; `100` does not.
    UntilStatus,
}

impl Wait {
    /// One answer, and nothing elsewhere.
    pub const ANSWER: Self = Self { answers: Answers::Count(1), settles: false };
    /// One answer, and perhaps deliveries.
    pub const ANSWER_AND_MORE: Self = Self { answers: Answers::Count(1), settles: true };
    /// Answers up to a status.
    pub const STATUS: Self = Self { answers: Answers::UntilStatus, settles: false };
    /// Whatever comes until it is quiet.
    pub const QUIET: Self = Self { answers: Answers::Open, settles: true };
    /// Nothing but the answer to the `PING`.
    pub const PONG: Self = Self { answers: Answers::Open, settles: false };
}

impl Step {
    /// Returns the name of the subscription of the step's inbox.
    #[must_use]
    pub fn sid(&self) -> String {
        format!("s{}", self.id)
    }

    /// Returns the subject of the step's inbox.
    #[must_use]
    pub fn inbox(&self) -> String {
        format!("_INBOX.d{}.{}", self.conn, self.id)
    }
}

impl Script {
    /// Returns the script with the steps for which `keeps` holds.
    #[must_use]
    pub fn filtered(&self, keeps: impl Fn(usize) -> bool) -> Self {
        let steps = self.steps.iter().enumerate().filter(|(at, _)| keeps(*at)).map(|(_, step)| step.clone());
        Self { area: self.area, seed: self.seed, steps: steps.collect() }
    }
}
