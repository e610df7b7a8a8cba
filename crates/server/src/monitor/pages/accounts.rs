//! `/accountz` and `/accstatz`: accounts and what they sent and got.

use super::subsz::RouterStats;
use crate::monitor::facts::ServerFacts;
use crate::monitor::query::{BadQuery, Query};
use crate::monitor::route::Answer;
use crate::snapshot::{AccountSnapshot, Totals};
use serde::Serialize;

#[derive(Serialize)]
struct Accountz<'a> {
    server_id: &'a str,
    now: String,
    system_account: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    accounts: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_detail: Option<Detail<'a>>,
}

#[derive(Serialize)]
struct Detail<'a> {
    account_name: &'a str,
    update_time: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_system: bool,
    expired: bool,
    complete: bool,
    jetstream_enabled: bool,
    leafnode_connections: u32,
    client_connections: u32,
    subscriptions: u64,
    name_tag: &'a str,
    sublist_stats: RouterStats,
}

/// Returns the page about all accounts, or with `acc` about one; `with_streams` are those that may have streams.
pub(in crate::monitor) fn accountz(
    server: &ServerFacts,
    accounts: &[AccountSnapshot],
    with_streams: &[String],
    query: &Query,
) -> Result<Answer, BadQuery> {
    let system_account = server.options.auth.system_account.as_str();
    let account_detail = match query.text("acc") {
        None => None,
        Some(name) => {
            let found = accounts.iter().find(|each| each.name == name);
            let account = found.ok_or_else(|| BadQuery(format!("Account {name} does not exist")))?;
            Some(Detail {
                account_name: &account.name,
                update_time: server.config_loaded.to_string(),
                is_system: account.name == system_account,
                expired: false,
                complete: true,
                jetstream_enabled: with_streams.contains(&account.name),
                leafnode_connections: 0,
                client_connections: account.connections,
                subscriptions: account.router.subscriptions,
                name_tag: &account.name,
                sublist_stats: account.router.into(),
            })
        }
    };
    let names = accounts.iter().map(|each| each.name.as_str());
    Ok(Answer::json(&Accountz {
        server_id: &server.id,
        now: server.now.to_string(),
        system_account,
        accounts: if account_detail.is_none() { names.collect() } else { Vec::new() },
        account_detail,
    }))
}

#[derive(Serialize)]
struct Accstatz<'a> {
    server_id: &'a str,
    now: String,
    account_statz: Vec<Statistics<'a>>,
}

#[derive(Serialize)]
struct Statistics<'a> {
    acc: &'a str,
    name: &'a str,
    conns: u32,
    leafnodes: u32,
    total_conns: u64,
    num_subscriptions: u64,
    sent: Traffic,
    received: Traffic,
    slow_consumers: u64,
}

#[derive(Serialize)]
struct Traffic {
    msgs: u64,
    bytes: u64,
    gateways: Amount,
    routes: Amount,
    leafs: Amount,
}

#[derive(Serialize, Default)]
struct Amount {
    msgs: u64,
    bytes: u64,
}

impl Traffic {
    fn sent(totals: &Totals) -> Self {
        Self::of(totals.out_messages, totals.out_bytes)
    }

    fn received(totals: &Totals) -> Self {
        Self::of(totals.in_messages, totals.in_bytes)
    }

    fn of(msgs: u64, bytes: u64) -> Self {
        Self { msgs, bytes, gateways: Amount::default(), routes: Amount::default(), leafs: Amount::default() }
    }
}

/// Returns the page about accounts that have connections, with `unused` about all.
pub(in crate::monitor) fn accstatz(
    server: &ServerFacts,
    accounts: &[AccountSnapshot],
    query: &Query,
) -> Result<Answer, BadQuery> {
    let unused = query.boolean("unused")?;
    let shown = accounts.iter().filter(|account| unused || account.connections > 0);
    let account_statz = shown.map(|account| Statistics {
        acc: &account.name,
        name: &account.name,
        conns: account.connections,
        leafnodes: 0,
        total_conns: account.total_connections,
        num_subscriptions: account.router.subscriptions,
        sent: Traffic::sent(&account.totals),
        received: Traffic::received(&account.totals),
        slow_consumers: account.totals.slow_consumers,
    });
    Ok(Answer::json(&Accstatz {
        server_id: &server.id,
        now: server.now.to_string(),
        account_statz: account_statz.collect(),
    }))
}
