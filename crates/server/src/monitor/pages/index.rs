//! `/`: a page of links.

use crate::monitor::collect::Links;
use crate::monitor::route::{Answer, Kind};
use crate::version::VERSION;

/// Returns the page; `base` stands before every path of the monitoring, and `others` are before them.
pub(in crate::monitor) fn index(base: &str, others: Links) -> Answer {
    let link =
        |base: &str, (path, title): (&str, &str)| format!("<li><a href=\"{base}{path}\">{title}</a></li>\n");
    let others = others.iter().map(|other| link("", *other));
    let links: String = others.chain(LINKS.into_iter().map(|own| link(base, own))).collect();
    let body = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>jetkv</title></head>\n<body>\n\
         <h1>jetkv</h1>\n<p>NATS {VERSION}</p>\n<ul>\n{links}</ul>\n</body>\n</html>\n"
    );
    Answer { status: 200, kind: Kind::Html, body: body.into_bytes() }
}

const LINKS: [(&str, &str); 9] = [
    ("/varz", "General"),
    ("/jsz", "JetStream"),
    ("/connz", "Connections"),
    ("/accountz", "Accounts"),
    ("/accstatz", "Account statistics"),
    ("/subsz", "Subscriptions"),
    ("/healthz", "Health"),
    ("/readyz", "Readiness"),
    ("/metrics", "Metrics for Prometheus"),
];
