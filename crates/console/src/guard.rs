//! What is refused before anything is looked at: other names than the server's own, other sites' requests; and what every
//! answer says about itself.

use crate::problem::Problem;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::Response;
use std::net::IpAddr;

/// From where requests may come.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    /// Names beside `localhost` and IP addresses under which browsers may know this server. A site that lets its own name
    /// point here would otherwise read and write as if it were this one.
    pub names: Vec<String>,
}

impl Guard {
    /// Refuses a request that a foreign page has sent, or that was meant for another host.
    pub(crate) fn check(&self, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        if !self.knows(name_of(host)) {
            return Err(Problem::forbidden(format!(
                "this server does not go by the name {:?}",
                name_of(host)
            ))
            .hint("use its address, or name it among the console's host names"));
        }
        // A link from elsewhere may open a page here; nothing else may be asked by other sites.
        let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
        let navigates =
            headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate") && method == Method::GET;
        let foreign_site = site.is_some_and(|site| site != b"same-origin" && site != b"none") && !navigates;
        let foreign_origin = headers.get(header::ORIGIN).is_some_and(|origin| {
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
pub(crate) fn seal(response: &mut Response) {
    let headers = response.headers_mut();
    for (name, value) in SEALS {
        headers.entry(*name).or_insert(HeaderValue::from_static(value));
    }
}

/// Values are anybody's bytes: whatever they claim to be, a browser must not run them.
const SEALS: &[(&str, &str)] = &[
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; sandbox"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-store"),
];

#[cfg(test)]
mod tests;
