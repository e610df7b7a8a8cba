//! What the dashboard and the alerts of `packaging` ask for is what the server gives.

use super::monitoring::get;
use super::running::Running;
use crate::program::Place;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The samples of a page: names, with their labels and the sum of their values.
type Samples = BTreeMap<String, (BTreeSet<String>, f64)>;

fn samples(page: &str) -> Samples {
    let mut found = Samples::new();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let sample = found.entry(name.to_owned()).or_default();
        let labels = labels.trim_end_matches('}').split(',').filter_map(|each| each.split_once('='));
        sample.0.extend(labels.map(|(label, _)| label.to_owned()));
        sample.1 += value.parse::<f64>().unwrap();
    }
    found
}

/// Each series of a query with the labels that it is chosen by.
fn selectors(query: &str) -> Vec<(String, Vec<String>)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts = query.match_indices("jetkv_").filter(|(at, _)| !query[..*at].ends_with(is_part));
    let found = starts.map(|(at, _)| {
        let rest = &query[at..];
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let labels = rest[end..].strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let labels = labels.map_or("", |(labels, _)| labels).split(',');
        let labels =
            labels.filter_map(|each| each.split_once(['=', '!'])).map(|(name, _)| name.trim().into());
        (rest[..end].to_owned(), labels.collect())
    });
    found.collect()
}

fn packaging(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// Collects what stands under the names that hold queries.
fn queries(value: &Value, to: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text) if name == "expr" || name == "query" => to.push(text.clone()),
                    other => queries(other, to),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| queries(item, to)),
        _ => {}
    }
}

#[test]
fn dashboards_and_alerts_ask_for_what_the_server_gives() {
    let place = Place::empty();
    let server = Running::start(&place, &["serve", "--port", "0", "--http-port", "0"]);
    place.ok(&["add", "app", "--history", "5"]);
    let samples = samples(&get(&server, "/metrics").1);

    let dashboard: Value = serde_json::from_str(&packaging("grafana/jetkv.json")).unwrap();
    let mut asked = Vec::new();
    queries(&dashboard, &mut asked);
    let of_dashboard = asked.len();
    let alerts = packaging("prometheus/alerts.yml");
    asked.extend(alerts.lines().filter_map(|line| line.trim().strip_prefix("expr: ")).map(str::to_owned));
    assert!(of_dashboard > 25 && asked.len() > of_dashboard + 8, "{of_dashboard} of {}", asked.len());

    let mut used = BTreeSet::new();
    for query in &asked {
        for (name, labels) in selectors(query) {
            let known = samples.get(&name);
            assert!(known.is_some(), "{name} of {query:?} is not on the page");
            for label in labels.iter().filter(|label| *label != "instance") {
                assert!(known.unwrap().0.contains(label), "{name} of {query:?} has no label {label}");
            }
            used.insert(name);
        }
    }
    assert!(used.len() > 30, "{used:?}");
    // Each legend names a label that there is.
    for (at, _) in dashboard.to_string().match_indices("{{") {
        let text = &dashboard.to_string()[at + 2..];
        let label = text.split("}}").next().unwrap();
        assert!(["bucket", "instance", "le"].contains(&label), "{label}");
    }
}

#[test]
fn figures_of_a_bucket_follow_what_clients_do() {
    let place = Place::empty();
    let server = Running::start(&place, &["serve", "--port", "0", "--http-port", "0"]);
    place.ok(&["add", "app", "--history", "5", "--max-bytes", "1M"]);
    place.ok(&["put", "app", "a", "1"]);
    place.ok(&["put", "app", "a", "2"]);
    place.ok(&["put", "app", "b", "3"]);
    place.fails(&["create", "app", "a", "4"], 4);
    place.ok(&["get", "app", "a"]);
    place.ok(&["watch", "app", "--until-current"]);
    let page = get(&server, "/metrics").1;
    let value = |name: &str| {
        let of_app = format!("{name}{{account=\"$G\",stream=\"KV_app\",bucket=\"app\"}} ");
        let line = page.lines().find_map(|line| line.strip_prefix(&of_app));
        line.unwrap_or_else(|| panic!("no {of_app}in {page}")).parse::<f64>().unwrap()
    };
    assert_eq!(value("jetkv_stream_messages"), 3.0);
    assert_eq!(value("jetkv_stream_keys"), 2.0);
    assert_eq!(value("jetkv_stream_puts_total"), 3.0);
    assert_eq!(value("jetkv_stream_last_sequence"), 3.0);
    assert_eq!(value("jetkv_stream_limit_bytes"), f64::from(1 << 20));
    assert_eq!(value("jetkv_stream_refused_puts_total"), 1.0);
    assert!(value("jetkv_stream_gets_total") >= 1.0);
    assert!(value("jetkv_stream_deliveries_total") >= 2.0);
    assert!(value("jetkv_stream_put_bytes_total") > 0.0 && value("jetkv_stream_disk_bytes") > 0.0);
    assert!(value("jetkv_stream_last_sync_timestamp_seconds") > 1.0e9);
    let samples = samples(&page);
    let total = |name: &str| samples[name].1;
    // One sync for each of the three puts, at least.
    assert!(total("jetkv_sync_duration_seconds_count") >= 3.0, "{page}");
    assert!(total("jetkv_last_sync_timestamp_seconds") > 1.0e9);
    assert!(total("jetkv_disk_free_bytes") > 0.0 && total("jetkv_open_files") > 3.0);
    assert_eq!(get(&server, "/readyz").1, "{\"status\":\"ok\"}");
}
