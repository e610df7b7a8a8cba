//! `/connz`: connections.

use super::spans::uptime;
use super::subsz::Subscription;
use crate::monitor::collect::{Collector, State};
use crate::monitor::facts::ConnectionFacts;
use crate::monitor::query::{BadQuery, Page, Query};
use crate::monitor::route::Answer;
use crate::snapshot::ConnectionSnapshot;
use jetkv_jetstream::duration;
use jetkv_types::Timestamp;
use serde::Serialize;
use std::cmp::Reverse;

#[derive(Serialize)]
struct Connz<'a> {
    server_id: &'a str,
    now: String,
    num_connections: usize,
    total: usize,
    offset: usize,
    limit: usize,
    connections: Vec<Connection<'a>>,
}

#[derive(Serialize)]
struct Connection<'a> {
    cid: u64,
    kind: &'static str,
    #[serde(rename = "type")]
    protocol: &'static str,
    ip: String,
    port: u16,
    start: String,
    last_activity: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rtt: Option<String>,
    uptime: String,
    idle: String,
    pending_bytes: u64,
    in_msgs: u64,
    out_msgs: u64,
    in_bytes: u64,
    out_bytes: u64,
    subscriptions: u32,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    lang: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_cipher_suite: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorized_user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subscriptions_list: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subscriptions_list_detail: Vec<Subscription<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_tag: Option<&'a str>,
}

/// What a query asks for.
struct Wanted<'a> {
    state: State,
    sort: Sort,
    page: Page,
    id: Option<u64>,
    account: Option<&'a str>,
    user: Option<&'a str>,
    filter: Option<&'a str>,
    auth: bool,
    subscriptions: Listing,
}

/// How much of the subscriptions is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Listing {
    None,
    Subjects,
    Details,
}

/// What the list is sorted by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Id,
    Start,
    Subscriptions,
    Pending,
    MessagesTo,
    MessagesFrom,
    BytesTo,
    BytesFrom,
    Last,
    Idle,
    Uptime,
    Stop,
    Reason,
    RoundTrip,
}

/// Returns the page.
pub(in crate::monitor) fn connz(collector: &Collector, query: &Query) -> Result<Answer, BadQuery> {
    let wanted = Wanted::read(query)?;
    let server = collector.server();
    let mut found = collector.connections(wanted.state);
    found.retain(|each| wanted.takes(&each.connection));
    if let Some(filter) = wanted.filter {
        let account = wanted.account.unwrap_or_default();
        let matching = collector.connections_matching(account, filter);
        found.retain(|each| matching.contains(&each.connection.id));
    }
    wanted.sort.sort(&mut found);
    let total = if wanted.id.is_some() { 1 } else { found.len() };
    let limit = if wanted.id.is_some() { 1 } else { wanted.page.limit };
    let mut shown = wanted.page.of(&found).to_vec();
    if wanted.subscriptions != Listing::None {
        collector.add_subscriptions(&mut shown);
    }
    Ok(Answer::json(&Connz {
        server_id: &server.id,
        now: server.now.to_string(),
        num_connections: shown.len(),
        total,
        offset: wanted.page.offset,
        limit,
        connections: shown.iter().map(|each| wanted.show(each, server.now)).collect(),
    }))
}

impl<'a> Wanted<'a> {
    fn read(query: &'a Query) -> Result<Self, BadQuery> {
        let state = match query.text("state").map(str::to_ascii_lowercase).as_deref() {
            None | Some("open") => State::Open,
            Some("closed") => State::Closed,
            Some("any" | "all") => State::Any,
            Some(other) => return Err(BadQuery(format!("Error decoding state for {other}"))),
        };
        let sort = Sort::read(query.text("sort"), state)?;
        let subscriptions = match query.text("subs") {
            Some(text) if text.eq_ignore_ascii_case("detail") => Listing::Details,
            _ if query.boolean("subs")? => Listing::Subjects,
            _ => Listing::None,
        };
        let auth = query.boolean("auth")?;
        let (account, user, filter) = (query.text("acc"), query.text("user"), query.text("filter_subject"));
        if user.is_some() && !auth {
            return Err(BadQuery("filter by user only valid with auth option".into()));
        }
        if filter.is_some() && account.is_none() {
            return Err(BadQuery("filter by subject only valid with account filtering".into()));
        }
        if let Some(filter) = filter {
            jetkv_types::SubjectFilter::new(filter)
                .map_err(|_| BadQuery(format!("invalid filter subject: {filter}")))?;
        }
        let id = query.number("cid")?.map(|id| u64::try_from(id).unwrap_or(u64::MAX));
        Ok(Self {
            state,
            sort,
            page: query.page()?,
            id: id.filter(|id| *id > 0),
            account,
            user,
            filter,
            auth,
            subscriptions,
        })
    }

    fn takes(&self, connection: &ConnectionSnapshot) -> bool {
        let about = &connection.about;
        self.id.is_none_or(|id| connection.id == id)
            && self.account.is_none_or(|account| &*about.account == account)
            && self.user.is_none_or(|user| about.user.as_deref() == Some(user))
    }

    fn show<'b>(&self, facts: &'b ConnectionFacts, now: Timestamp) -> Connection<'b> {
        let ConnectionFacts { connection, subscriptions } = facts;
        let about = &connection.about;
        let last_activity = connection.stopped.map_or(now, |(stopped, _)| stopped).as_nanos();
        let idle = u64::try_from(connection.idle.as_nanos()).unwrap_or(u64::MAX);
        Connection {
            cid: connection.id,
            kind: "Client",
            protocol: "nats",
            ip: connection.peer.ip().to_string(),
            port: connection.peer.port(),
            start: connection.started.to_string(),
            last_activity: Timestamp::from_nanos(last_activity.saturating_sub(idle)).to_string(),
            stop: connection.stopped.map(|(stopped, _)| stopped.to_string()),
            reason: connection.stopped.map(|(_, reason)| reason),
            rtt: about.round_trip.map(duration::format),
            uptime: uptime(connection.uptime),
            idle: uptime(connection.idle),
            pending_bytes: connection.out.pending_bytes,
            in_msgs: connection.in_messages,
            out_msgs: connection.out.messages,
            in_bytes: connection.in_bytes,
            out_bytes: connection.out.bytes,
            subscriptions: connection.subscriptions,
            name: &about.name,
            lang: &about.lang,
            version: &about.version,
            tls_version: about.tls.as_ref().map(|(version, _)| *version),
            tls_cipher_suite: about.tls.as_ref().map(|(_, suite)| suite.as_str()),
            authorized_user: about.user.as_deref().filter(|_| self.auth),
            account: Some(&*about.account).filter(|_| self.auth),
            subscriptions_list: match self.subscriptions {
                Listing::Subjects => subscriptions.iter().map(|each| each.subject.as_str()).collect(),
                _ => Vec::new(),
            },
            subscriptions_list_detail: match self.subscriptions {
                Listing::Details => subscriptions.iter().map(Subscription::of_connection).collect(),
                _ => Vec::new(),
            },
            name_tag: Some(&*about.account).filter(|_| self.auth),
        }
    }
}

impl Sort {
    fn read(text: Option<&str>, state: State) -> Result<Self, BadQuery> {
        let sort = match text.unwrap_or("cid") {
            "cid" => Self::Id,
            "start" => Self::Start,
            "subs" => Self::Subscriptions,
            "pending" => Self::Pending,
            "msgs_to" => Self::MessagesTo,
            "msgs_from" => Self::MessagesFrom,
            "bytes_to" => Self::BytesTo,
            "bytes_from" => Self::BytesFrom,
            "last" => Self::Last,
            "idle" => Self::Idle,
            "uptime" => Self::Uptime,
            "stop" => Self::Stop,
            "reason" => Self::Reason,
            "rtt" => Self::RoundTrip,
            other => return Err(BadQuery(format!("invalid sorting option: {other}"))),
        };
        match sort {
            Self::Stop if state == State::Open => {
                Err(BadQuery("sort by stop only valid on closed connections".into()))
            }
            Self::Reason if state == State::Open => {
                Err(BadQuery("sort by reason only valid on closed connections".into()))
            }
            _ => Ok(sort),
        }
    }

    /// Sorts; what counts something has the largest first.
    fn sort(self, found: &mut [ConnectionFacts]) {
        match self {
            Self::Id | Self::Start => found.sort_by_key(|each| each.connection.id),
            Self::Subscriptions => found.sort_by_key(|each| Reverse(each.connection.subscriptions)),
            Self::Pending => found.sort_by_key(|each| Reverse(each.connection.out.pending_bytes)),
            Self::MessagesTo => found.sort_by_key(|each| Reverse(each.connection.out.messages)),
            Self::MessagesFrom => found.sort_by_key(|each| Reverse(each.connection.in_messages)),
            Self::BytesTo => found.sort_by_key(|each| Reverse(each.connection.out.bytes)),
            Self::BytesFrom => found.sort_by_key(|each| Reverse(each.connection.in_bytes)),
            Self::Last => found.sort_by_key(|each| each.connection.idle),
            Self::Idle => found.sort_by_key(|each| Reverse(each.connection.idle)),
            Self::Uptime => found.sort_by_key(|each| each.connection.uptime),
            Self::Stop => found.sort_by_key(|each| each.connection.stopped.map(|(stopped, _)| stopped)),
            Self::Reason => found.sort_by_key(|each| each.connection.stopped.map(|(_, reason)| reason)),
            Self::RoundTrip => found.sort_by_key(|each| Reverse(each.connection.about.round_trip)),
        }
    }
}
