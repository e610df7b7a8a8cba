//! `/healthz`: whether all is well; `/readyz`: whether the server can do its work.

use crate::js::Scrub;
use crate::monitor::collect::Phase;
use crate::monitor::facts::{AccountStreams, JetStreamFacts, ServerFacts, StreamFacts};
use crate::monitor::query::{BadQuery, Query};
use crate::monitor::route::Answer;
use jetkv_types::Timestamp;
use serde::Serialize;

#[derive(Serialize)]
struct Health<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Fault],
    /// When everything was last read to look for damage; shown with the details only, which the reference does not have.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    scrubs: &'a [Scrubbed],
}

/// How far the search for damage has come in an account.
#[derive(Debug, Serialize)]
struct Scrubbed {
    account: String,
    /// When it began that runs, or ran last.
    began: Option<String>,
    /// When everything had last been read.
    ended: Option<String>,
}

/// What is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Fault {
    #[serde(skip)]
    status: u16,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumer: Option<String>,
    error: String,
}

/// What a query asks for.
struct Wanted<'a> {
    enabled_only: bool,
    server_only: bool,
    account: Option<&'a str>,
    stream: Option<&'a str>,
    consumer: Option<&'a str>,
}

/// Returns the page; `collect` takes the snapshot of streams.
pub(in crate::monitor) fn healthz(
    phase: Phase,
    server: &ServerFacts,
    collect: impl FnOnce() -> Option<JetStreamFacts>,
    query: &Query,
) -> Result<Answer, BadQuery> {
    let details = query.boolean("details")?;
    let wanted = Wanted {
        enabled_only: query.boolean("js-enabled-only")? || query.boolean("js-enabled")?,
        server_only: query.boolean("js-server-only")? | query.boolean("js-meta-only")?,
        account: query.text("account"),
        stream: query.text("stream"),
        consumer: query.text("consumer"),
    };
    let mut scrubs = Vec::new();
    let faults = match phase {
        Phase::Leaving => vec![Fault::of_server(500, "CONNECTION", LEAVING)],
        Phase::Starting => vec![Fault::of_server(503, "JETSTREAM", STARTING)],
        Phase::Running => {
            let facts = collect();
            // Who asks about one account gets what the reference says.
            if details && wanted.account.is_none() {
                scrubs.extend(facts.iter().flat_map(|facts| &facts.accounts).map(Scrubbed::of));
            }
            wanted.faults(facts.as_ref(), server.options.jetstream.is_some())
        }
    };
    Ok(answer(&faults, details, &scrubs))
}

/// Returns the page that says whether clients should come: damage is none of its business, as all else is served.
pub(in crate::monitor) fn readyz(phase: Phase) -> Answer {
    let reason = match phase {
        Phase::Leaving => Some(LEAVING),
        Phase::Starting => Some(STARTING),
        Phase::Running => None,
    };
    let faults: Vec<_> = reason.map(|text| Fault::of_server(503, "CONNECTION", text)).into_iter().collect();
    answer(&faults, false, &[])
}

fn answer(faults: &[Fault], details: bool, scrubs: &[Scrubbed]) -> Answer {
    let Some(first) = faults.first() else {
        return Answer::compact(200, &Health { status: "ok", error: None, errors: &[], scrubs });
    };
    let status = first.status;
    if details {
        return Answer::compact(status, &Health { status: "error", error: None, errors: faults, scrubs });
    }
    let word = if matches!(status, 404 | 503) { "unavailable" } else { "error" };
    Answer::compact(status, &Health { status: word, error: Some(&first.error), errors: &[], scrubs: &[] })
}

impl Scrubbed {
    fn of(account: &AccountStreams) -> Self {
        let Scrub { began, ended, .. } = account.scrub;
        let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
        Self { account: account.name.clone(), began: text(began), ended: text(ended) }
    }
}

impl Wanted<'_> {
    /// Finds what is wrong; damage of streams is only looked for where streams are asked about at all.
    fn faults(&self, facts: Option<&JetStreamFacts>, enabled: bool) -> Vec<Fault> {
        if self.account.is_none() && self.stream.is_some() {
            let text = "\"account\" must not be empty when checking stream health";
            return vec![Fault::of_server(400, "BAD_REQUEST", text)];
        }
        if self.stream.is_none() && self.consumer.is_some() {
            let text = "\"stream\" must not be empty when checking consumer health";
            return vec![Fault::of_server(400, "BAD_REQUEST", text)];
        }
        let Some(facts) = facts else {
            let asked = enabled || self.enabled_only || self.account.is_some();
            let text = "JetStream is not available";
            return if asked { vec![Fault::of_server(503, "JETSTREAM", text)] } else { Vec::new() };
        };
        if self.enabled_only || self.server_only {
            return Vec::new();
        }
        let Some(name) = self.account else {
            return facts.accounts.iter().flat_map(troubles_of_account).collect();
        };
        match facts.accounts.iter().find(|each| each.name == name) {
            Some(account) => self.faults_of(account),
            None => {
                let error = format!("JetStream account {name:?} not found");
                vec![Fault { account: Some(name.into()), ..Fault::of_server(404, "ACCOUNT", &error) }]
            }
        }
    }

    fn faults_of(&self, account: &AccountStreams) -> Vec<Fault> {
        let Some(name) = self.stream else {
            return troubles_of_account(account).collect();
        };
        let place =
            |fault: Fault| Fault { account: Some(account.name.clone()), stream: Some(name.into()), ..fault };
        if let Some(damage) = account.broken.get(name) {
            let error = format!("JetStream stream {name:?} is damaged: {damage}");
            return vec![place(Fault::of_server(503, "STREAM", &error))];
        }
        let Some(stream) = account.streams.iter().find(|each| each.name == name) else {
            let error = format!("JetStream stream {name:?} not found on account {:?}", account.name);
            return vec![place(Fault::of_server(404, "STREAM", &error))];
        };
        let mut faults: Vec<Fault> = damages(account, stream).collect();
        // What is in memory needs no disk.
        faults.extend(fullness(account).filter(|_| !stream.in_memory).map(place));
        if let Some(consumer) =
            self.consumer.filter(|consumer| !stream.consumers.iter().any(|each| each == consumer))
        {
            let account = &account.name;
            let error = format!(
                "JetStream consumer {consumer:?} not found for stream {name:?} on account {account:?}"
            );
            let fault =
                Fault { consumer: Some(consumer.into()), ..Fault::of_server(404, "CONSUMER", &error) };
            faults.push(place(fault));
        }
        faults
    }
}

/// Tells each damage of an account, streams that cannot be opened included, and that its disk is full.
fn troubles_of_account(account: &AccountStreams) -> impl Iterator<Item = Fault> + '_ {
    let damages = account.damages.iter().map(|damage| Fault {
        account: Some(account.name.clone()),
        ..Fault::of_server(
            503,
            "STREAM",
            &format!("JetStream account {:?} has damage: {damage}", account.name),
        )
    });
    damages.chain(fullness(account))
}

/// Tells that the disk of an account is full: everything but new values is served, so that clients may come all the same.
fn fullness(account: &AccountStreams) -> impl Iterator<Item = Fault> + use<> {
    let name = &account.name;
    let fault =
        |text: &String| Fault { account: Some(name.clone()), ..Fault::of_server(503, "JETSTREAM", text) };
    account.full.as_ref().map(fault).into_iter()
}

/// Tells each damage of a stream: it is served as far as it is intact, but its operator must know.
fn damages<'a>(account: &'a AccountStreams, stream: &'a StreamFacts) -> impl Iterator<Item = Fault> + 'a {
    stream.damages.iter().map(|damage| Fault {
        account: Some(account.name.clone()),
        stream: Some(stream.name.clone()),
        ..Fault::of_server(503, "STREAM", &format!("JetStream stream {:?} is damaged: {damage}", stream.name))
    })
}

impl Fault {
    fn of_server(status: u16, kind: &'static str, error: &str) -> Self {
        Self { status, kind, account: None, stream: None, consumer: None, error: error.to_owned() }
    }
}

const LEAVING: &str = "server is in lame duck mode";
const STARTING: &str = "server is starting";
