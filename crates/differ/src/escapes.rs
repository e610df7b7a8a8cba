//! A user who may use one subtree of a bucket, and tries everything to read or change the rest.

use crate::DifferError;
use crate::generate::permissions::{ADMIN, CONFIG};
use crate::kills::broken;
use compat::{Launch, Program};
use std::fmt::{self, Display};
use std::io;
use std::time::Duration;
use testkit::Rng;
use testkit::nats::{Client, Frame, Request};

mod attempts;

/// How often is tried.
#[derive(Debug, Clone, Copy)]
pub struct EscapePlan {
    /// How many requests.
    pub requests: usize,
    /// What they are made of.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct EscapeReport {
    /// How many requests were sent.
    pub requests: usize,
    /// How many messages came back.
    pub answers: usize,
    /// The requests that came through, a few at most, each with what it did.
    pub escapes: Vec<String>,
}

/// What nobody but the administrator may see or change, with its subject.
const SECRETS: &[(&str, &str)] =
    &[("KV_a", "$KV.a.secret.y"), ("KV_a", "$KV.a.bob"), ("KV_a", "$KV.a.alicex"), ("KV_b", "$KV.b.alice.k")];

impl EscapePlan {
    /// Sends random requests as a user for `$KV.a.alice.>`, and looks after each few of them whether something escaped.
    ///
    /// # Errors
    /// Those of the server; escapes are in the report.
    pub fn run(&self, program: &Program) -> Result<EscapeReport, DifferError> {
        let launch = Launch { config: Some(CONFIG.to_owned()), ..Launch::default() };
        let server = program.launch(&launch)?;
        let address = server.address().to_string();
        let failed = |error: io::Error| broken(format!("cannot try: {error}"));
        let mut report = EscapeReport::default();
        let mut rng = Rng::new(self.seed);
        let mut admin = Client::connect(&address, ADMIN).map_err(failed)?;
        let mut before = Vec::new();
        let mut user = None;
        let mut tried: Vec<String> = Vec::new();
        while report.requests < self.requests && report.escapes.len() < ESCAPES_MAX {
            if before.is_empty() {
                prepare(&mut admin).map_err(failed)?;
                before = state(&mut admin).map_err(failed)?;
            }
            let connection = match user.as_mut() {
                Some(connection) => connection,
                None => user.insert(connect_user(&address).map_err(failed)?),
            };
            let bytes = attempts::draw(&mut rng);
            tried.push(String::from_utf8_lossy(&bytes).into_owned());
            report.requests += 1;
            // A request may end the connection; that is no escape.
            let told =
                connection.send(&bytes).and_then(|()| connection.flush()).and_then(|()| told(connection));
            let Ok((answers, secret)) = told else {
                user = None;
                continue;
            };
            report.answers += answers;
            if let Some(secret) = secret {
                report.escapes.push(format!("read {secret} by one of\n{}", tried.join("\n")));
                tried.clear();
            }
            if tried.len() >= GROUP {
                let after = state(&mut admin).map_err(failed)?;
                if after != before {
                    let changed = before.iter().zip(&after).find(|(before, after)| before != after);
                    report.escapes.push(format!("changed {changed:?} by one of\n{}", tried.join("\n")));
                    before.clear();
                }
                tried.clear();
            }
        }
        Ok(report)
    }
}

fn connect_user(address: &str) -> io::Result<Client> {
    let options = r#"{"verbose":false,"pedantic":false,"protocol":1,"headers":true,"no_responders":true,"user":"alice","pass":"a"}"#;
    let mut user = Client::connect(address, options)?;
    user.subscribe("_INBOX.mine.>", None, "in")?;
    user.subscribe("_INBOX.mine", None, "own")?;
    Ok(user)
}

/// Makes both buckets anew, with their secrets and a key of the user's own.
fn prepare(admin: &mut Client) -> io::Result<()> {
    for bucket in ["a", "b"] {
        // The first time there is none.
        admin.request(&format!("$JS.API.STREAM.DELETE.KV_{bucket}"), "")?;
        std::thread::sleep(PAUSE);
        let config = format!(
            "{{\"name\":\"KV_{bucket}\",\"subjects\":[\"$KV.{bucket}.>\"],\"max_msgs_per_subject\":3,\"allow_direct\":true,\"allow_rollup_hdrs\":true,\"allow_msg_ttl\":true,\"num_replicas\":1}}"
        );
        admin.request(&format!("$JS.API.STREAM.CREATE.KV_{bucket}"), config.as_str())?;
    }
    for (_, subject) in SECRETS {
        admin.request(subject, "SECRET")?;
    }
    admin.request("$KV.a.alice.x", "mine")?;
    Ok(())
}

/// Returns all that must not change: the secrets with their history, and the streams with their settings.
fn state(admin: &mut Client) -> io::Result<Vec<String>> {
    let mut state = Vec::new();
    for (stream, subject) in SECRETS {
        let body = format!("{{\"last_by_subj\":\"{subject}\"}}");
        state.push(text(&admin.request(&format!("$JS.API.STREAM.MSG.GET.{stream}"), body.as_str())?.payload));
        let body = format!("{{\"subjects_filter\":\"{subject}\"}}");
        let info = text(&admin.request(&format!("$JS.API.STREAM.INFO.{stream}"), body.as_str())?.payload);
        let count = info.split_once("\"subjects\":").and_then(|(_, rest)| rest.split_once('}'));
        state.push(count.map(|(count, _)| count.to_owned()).unwrap_or_default());
        let config = info.split_once("\"config\":").and_then(|(_, rest)| rest.split_once("\"state\""));
        state.push(config.map(|(config, _)| config.to_owned()).unwrap_or_default());
    }
    state.push(text(&admin.request("$JS.API.STREAM.NAMES", "")?.payload));
    Ok(state)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Reads what has come; returns how many messages, and one that holds a secret.
fn told(user: &mut Client) -> io::Result<(usize, Option<String>)> {
    let (mut count, mut secret) = (0, None);
    while let Some(frame) = user.next(GLANCE)? {
        let Frame::Message(message) = frame else { continue };
        count += 1;
        let all = [message.payload.as_slice(), message.headers.as_deref().unwrap_or_default()].concat();
        let all = text(&all);
        // As it is, and as JSON shows it.
        if all.contains("SECRET") || all.contains("U0VDUkVU") {
            secret = Some(format!("{} {all}", text(&message.subject)));
        }
    }
    Ok((count, secret))
}

/// Publishes with these headers, or none.
fn publication(subject: &str, reply: &str, headers: &str, body: &str) -> Vec<u8> {
    let request = Request { headers: headers.as_bytes(), payload: body.as_bytes() };
    testkit::nats::publication(subject, Some(reply), request)
}

impl Display for EscapeReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests, answers, escapes } = self;
        write!(formatter, "{requests} requests, {answers} messages came back, {} escapes", escapes.len())?;
        escapes.iter().try_for_each(|escape| write!(formatter, "\n{escape}"))
    }
}

const ESCAPES_MAX: usize = 5;
const GROUP: usize = 5;
const GLANCE: Duration = Duration::from_millis(1);
const PAUSE: Duration = Duration::from_millis(50);
