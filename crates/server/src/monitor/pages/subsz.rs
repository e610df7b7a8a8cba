//! `/subsz`: subscriptions.

use crate::monitor::collect::Collector;
use crate::monitor::query::{BadQuery, Query};
use crate::monitor::route::Answer;
use crate::snapshot::{RouterStats as Stats, SubscriptionSnapshot};
use jetkv_types::{Subject, SubjectFilter};
use serde::Serialize;

/// A subscription as pages show it.
#[derive(Serialize)]
pub(super) struct Subscription<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_tag: Option<&'a str>,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    qgroup: Option<&'a str>,
    sid: &'a str,
    msgs: u64,
    #[serde(skip_serializing_if = "is_zero")]
    max: u64,
    cid: u64,
}

impl<'a> Subscription<'a> {
    /// Shows it below its connection.
    pub(super) fn of_connection(facts: &'a SubscriptionSnapshot) -> Self {
        Self {
            account: None,
            account_tag: None,
            subject: &facts.subject,
            qgroup: facts.queue.as_deref(),
            sid: &facts.sid,
            msgs: facts.delivered,
            max: facts.delivered_max.unwrap_or(0),
            cid: facts.connection,
        }
    }

    fn of_account(facts: &'a SubscriptionSnapshot) -> Self {
        Self {
            account: Some(&facts.account),
            account_tag: Some(&facts.account),
            ..Self::of_connection(facts)
        }
    }
}

/// Figures of a subject router as pages show them; routes that publishers remember are not counted as matches.
#[derive(Serialize)]
pub(super) struct RouterStats {
    num_subscriptions: u64,
    num_cache: u32,
    num_inserts: u64,
    num_removes: u64,
    num_matches: u64,
    cache_hit_rate: u32,
    max_fanout: u32,
    avg_fanout: u32,
}

impl From<Stats> for RouterStats {
    fn from(facts: Stats) -> Self {
        Self {
            num_subscriptions: facts.subscriptions,
            num_cache: 0,
            num_inserts: facts.inserts,
            num_removes: facts.removes,
            num_matches: facts.walks,
            cache_hit_rate: 0,
            max_fanout: 0,
            avg_fanout: 0,
        }
    }
}

#[derive(Serialize)]
struct Subsz<'a> {
    server_id: &'a str,
    now: String,
    #[serde(flatten)]
    stats: RouterStats,
    total: usize,
    offset: usize,
    limit: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subscriptions_list: Vec<Subscription<'a>>,
}

/// Returns the page.
pub(in crate::monitor) fn subsz(collector: &Collector, query: &Query) -> Result<Answer, BadQuery> {
    let list = query.boolean("subs")?;
    let page = query.page()?;
    let account = query.text("acc");
    let test = query.text("test");
    if let Some(test) = test.filter(|test| Subject::new(*test).is_err()) {
        return Err(BadQuery(format!("invalid test subject, must be valid publish subject: {test}")));
    }
    let server = collector.server();
    let routers = collector.accounts();
    let routers = routers.iter().filter(|each| account.is_none_or(|name| each.name == name));
    let mut stats = Stats::default();
    for each in routers.map(|each| each.router) {
        stats.subscriptions += each.subscriptions;
        stats.inserts += each.inserts;
        stats.removes += each.removes;
        stats.walks += each.walks;
    }
    let found = if list { collector.subscriptions(account) } else { Vec::new() };
    let matches = |subject: &str, test| SubjectFilter::new(subject).is_ok_and(|filter| filter.matches(test));
    let found: Vec<_> =
        found.into_iter().filter(|each| test.is_none_or(|test| matches(&each.subject, test))).collect();
    Ok(Answer::json(&Subsz {
        server_id: &server.id,
        now: server.now.to_string(),
        stats: stats.into(),
        total: found.len(),
        offset: page.offset,
        limit: page.limit,
        subscriptions_list: page.of(&found).iter().map(Subscription::of_account).collect(),
    }))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
