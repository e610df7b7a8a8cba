//! What is refused before anything is looked at: other names than the server's own, other sites' requests; and what every
//! answer says about itself.

use crate::problem::Problem;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use std::net::IpAddr;

/// From where requests may come.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    /// Names beside `localhost` and IP addresses under which browsers may know this server. A site that lets its own name
    /// point here would otherwise read and write as if it were this one.
    pub names: Vec<String>,
}

/// Which hosts a request may be meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hosts {
    /// `localhost`, IP addresses, and the names of the [`Guard`].
    Known,
    /// All.
    Any,
}

impl Guard {
    /// Refuses a request that a foreign page has sent, or that was meant for another host.
    pub(crate) fn check(&self, method: &Method, headers: &HeaderMap, hosts: Hosts) -> Result<(), Problem> {
        // Requests have few headers: one walk is quicker than to look for each that matters here.
        let (mut host, mut site, mut mode, mut origin) = (None, None, None, None);
        for (name, value) in headers {
            let seen = match name {
                _ if *name == header::HOST => host.replace(value).is_some(),
                _ if *name == header::ORIGIN => origin.replace(value).is_some(),
                _ if *name == FETCH_SITE => site.replace(value).is_some(),
                _ if *name == FETCH_MODE => mode.replace(value).is_some(),
                _ => false,
            };
            if seen {
                return Err(Problem::invalid(format!("header {name} is given twice")));
            }
        }
        let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
        if hosts == Hosts::Known && !self.knows(name_of(host)) {
            return Err(Problem::forbidden(format!(
                "this server does not go by the name {:?}",
                name_of(host)
            ))
            .hint("use its address, or let it know the name with --http-name"));
        }
        // A link from elsewhere may open a page here; nothing else may be asked by other sites.
        let site = site.map(HeaderValue::as_bytes);
        let navigates = mode.is_some_and(|mode| mode == "navigate") && method == Method::GET;
        let foreign_site = site.is_some_and(|site| site != b"same-origin" && site != b"none") && !navigates;
        let foreign_origin = origin.is_some_and(|origin| {
            let origin = origin.to_str().unwrap_or_default();
            origin.split_once("://").is_none_or(|(_, from)| !from.eq_ignore_ascii_case(host))
        });
        if foreign_site || foreign_origin {
            return Err(Problem::forbidden("requests of other sites are not answered"));
        }
        Ok(())
    }

    fn knows(&self, name: &str) -> bool {
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        name.eq_ignore_ascii_case("localhost")
            || bare.parse::<IpAddr>().is_ok()
            || self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

/// Returns `host` without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => name,
        _ => host,
    }
}

/// Tells browsers what this answer must never do, unless it says so itself.
pub(crate) fn seal(headers: &mut HeaderMap) {
    for (name, value) in SEALS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Values are anybody's bytes: whatever they claim to be, a browser must not run them.
const SEALS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; sandbox"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

#[cfg(test)]
mod tests;
