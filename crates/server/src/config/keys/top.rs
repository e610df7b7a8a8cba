//! The keys of the outermost level.

use super::{accounts, authorization, blocks, jetstream, tls};
use crate::config::assemble::{Draft, HttpPort};
use crate::config::problems::Problems;
use crate::config::read;
use crate::config::syntax::{Entry, Map, Value};
use crate::options::{HttpScheme, LogFormat};
use std::path::PathBuf;
use std::time::Duration;

/// Reads a whole file into `draft`.
pub(in crate::config) fn top(map: &Map, draft: &mut Draft, problems: &mut Problems) {
    for entry in &map.entries {
        let key = entry.key.to_ascii_lowercase();
        let known = network(&key, entry, draft, problems)
            || limits(&key, entry, draft, problems)
            || process(&key, entry, draft, problems)
            || sections(&key, entry, draft, problems)
            || blocks::foreign(&key, entry, problems);
        if !known {
            problems.unknown(entry);
        }
    }
    authorization::check_together(draft, problems);
}

/// Says whether something is switched off; the reference has no word for that.
fn is_off(entry: &Entry) -> bool {
    matches!(entry.node.value, Value::Bool(false))
}

/// Where the server listens and what it says of itself.
fn network(key: &str, entry: &Entry, draft: &mut Draft, problems: &mut Problems) -> bool {
    match key {
        "listen" => {
            if let Some((host, port)) = listen(entry, problems) {
                draft.host = host.or(draft.host.take());
                draft.port = Some(port);
            }
        }
        "host" | "net" => draft.host = read::text(entry, problems).or(draft.host.take()),
        "port" => draft.port = port(entry, problems).or(draft.port),
        "http" | "https" => {
            let scheme = if key == "http" { HttpScheme::Plain } else { HttpScheme::Tls };
            if is_off(entry) {
                draft.http.port = Some(HttpPort::Off);
            } else if let Some((host, port)) = listen(entry, problems) {
                draft.http.host = host;
                draft.http.port = Some(HttpPort::At(port, scheme));
            }
        }
        "http_port" | "monitor_port" | "https_port" => {
            let scheme = if key == "https_port" { HttpScheme::Tls } else { HttpScheme::Plain };
            if is_off(entry) {
                draft.http.port = Some(HttpPort::Off);
            } else if let Some(port) = port(entry, problems) {
                draft.http.port = Some(HttpPort::At(port, scheme));
            }
        }
        "http_base_path" => {
            if let Some(path) = read::text(entry, problems) {
                let path = path.trim_end_matches('/');
                let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
                draft.http.base_path = format!("{slash}{path}");
            }
        }
        "server_name" => match read::text(entry, problems) {
            Some(name) if name.contains(char::is_whitespace) => {
                problems.error(&entry.place, "server name cannot contain spaces");
            }
            Some(name) => draft.options.server_name = Some(name).filter(|name| !name.is_empty()),
            None => {}
        },
        "client_advertise" => draft.options.client_advertise = read::text(entry, problems),
        "server_tags" => {
            let texts = read::texts(entry, problems).unwrap_or_default();
            let tags = texts.iter().flat_map(|text| text.split(',')).map(|tag| tag.trim().to_lowercase());
            draft.options.server_tags = tags.filter(|tag| !tag.is_empty()).collect();
        }
        "server_metadata" => {
            let pairs = read::text_map(entry, problems).unwrap_or_default();
            draft.options.server_metadata = pairs.into_iter().collect();
        }
        _ => return false,
    }
    true
}

/// Most of everything, and how long things may take.
fn limits(key: &str, entry: &Entry, draft: &mut Draft, problems: &mut Problems) -> bool {
    let limits = &mut draft.options.limits;
    let keep_alive = &mut draft.options.keep_alive;
    match key {
        "max_connections" | "max_conn" => {
            if let Some(number) =
                read::number(entry, -1..=i64::from(u32::MAX), problems).filter(|it| *it != 0)
            {
                limits.max_connections = u32::try_from(number).unwrap_or(u32::MAX);
            }
        }
        "max_subscriptions" | "max_subs" => {
            let kept = limits.max_subscriptions;
            match read::limit(entry, problems) {
                Some(Some(limit)) => limits.max_subscriptions = limit,
                Some(None) => problems.always_limited(entry, kept),
                None => {}
            }
        }
        "max_sub_tokens" | "max_subscription_tokens" => {
            limits.max_subscription_tokens = read::number(entry, 1..=255, problems)
                .and_then(|number| u32::try_from(number).ok())
                .or(limits.max_subscription_tokens);
        }
        "max_control_line" => set_u32(&mut limits.max_control_line, entry, problems),
        "max_payload" => set_u32(&mut limits.max_payload, entry, problems),
        "max_pending" => {
            let kept = limits.max_pending;
            match read::bytes_limit(entry, problems) {
                Some(Some(bytes)) => limits.max_pending = bytes,
                Some(None) => problems.always_limited(entry, kept),
                None => {}
            }
        }
        "ping_interval" => set_span(&mut keep_alive.ping_interval, entry, problems),
        "ping_max" => {
            if let Some(count) = read::unsigned(entry, problems) {
                keep_alive.ping_max = count;
            }
        }
        "write_deadline" => set_span(&mut keep_alive.write_deadline, entry, problems),
        "lame_duck_duration" => {
            if let Some(span) = read::span(entry, problems) {
                draft.options.lame_duck.duration = span;
                if span < LAME_DUCK_MIN {
                    let found = jetkv_jetstream::duration::format(span);
                    let text = format_args!("invalid lame_duck_duration of {found}, minimum is 30 seconds");
                    problems.error(&entry.place, text);
                }
            }
        }
        "lame_duck_grace_period" => {
            set_span(&mut draft.options.lame_duck.grace_period, entry, problems);
        }
        _ => return false,
    }
    true
}

/// What the process does beside serving: logs, files.
fn process(key: &str, entry: &Entry, draft: &mut Draft, problems: &mut Problems) -> bool {
    let log = &mut draft.options.log;
    match key {
        "debug" => log.debug = read::boolean(entry, problems).unwrap_or(log.debug),
        "trace" | "trace_verbose" => {
            log.trace |= read::boolean(entry, problems).unwrap_or(false);
        }
        "logtime" => log.time = read::boolean(entry, problems).unwrap_or(log.time),
        "log_format" => match read::text(entry, problems).as_deref() {
            Some("text") => log.format = LogFormat::Text,
            Some("json") => log.format = LogFormat::Json,
            Some(other) => {
                let text = format_args!("log_format is text or json, not {other:?}");
                problems.error(&entry.place, text);
            }
            None => {}
        },
        "logtime_utc" => {
            if read::boolean(entry, problems) == Some(false) {
                problems.warn(&entry.place, "log times are always in UTC in this server");
            }
        }
        "logfile" | "log_file" => log.file = read::text(entry, problems).and_then(path),
        "logfile_size_limit" | "log_size_limit" => {
            log.size_limit = read::bytes_limit(entry, problems).flatten();
        }
        "logfile_max_num" | "log_max_num" => log.files_max = read::limit(entry, problems).flatten(),
        "pid_file" | "pidfile" => draft.process.pid_file = read::text(entry, problems).and_then(path),
        "ports_file_dir" => draft.set_ports_file_dir(read::text(entry, problems).and_then(path)),
        _ => return false,
    }
    true
}

/// Keys that hold a section of their own.
fn sections(key: &str, entry: &Entry, draft: &mut Draft, problems: &mut Problems) -> bool {
    match key {
        "jetstream" => jetstream::jetstream(entry, draft, problems),
        "store_dir" | "storedir" => jetstream::store_dir(entry, draft, problems),
        "authorization" => authorization::authorization(entry, draft, problems),
        "accounts" => accounts::accounts(entry, draft, problems),
        "no_auth_user" => draft.options.auth.no_auth_user = read::text(entry, problems),
        "system_account" | "system" => {
            if let Some(name) = read::text(entry, problems) {
                draft.options.auth.system_account = name;
            }
        }
        "tls" => tls::tls(entry, draft, problems),
        "allow_non_tls" => {
            draft.allow_non_tls = read::boolean(entry, problems).unwrap_or(draft.allow_non_tls);
        }
        _ => return false,
    }
    true
}

/// Reads `host:port`, `:port` or `port`; host and port stay apart because either may come from elsewhere.
pub(super) fn listen(entry: &Entry, problems: &mut Problems) -> Option<(Option<String>, u16)> {
    let text = match &entry.node.value {
        Value::Text(text) => text,
        _ => return port(entry, problems).map(|port| (None, port)),
    };
    let Some((host, port)) = text.rsplit_once(':') else {
        problems.error(&entry.place, format_args!("could not parse address string {text:?}"));
        return None;
    };
    let Some(port) = parse_port(port.trim()) else {
        problems.error(&entry.place, format_args!("could not parse port {port:?}"));
        return None;
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    if bare.is_none() && host.contains(':') {
        problems.error(&entry.place, format_args!("could not parse address string {text:?}"));
        return None;
    }
    let host = bare.unwrap_or(host).trim();
    Some((Some(if host.is_empty() { ANY_HOST } else { host }.to_owned()), port))
}

/// Reads a port; -1 and 0 let the system choose one.
fn port(entry: &Entry, problems: &mut Problems) -> Option<u16> {
    let number = read::number(entry, -1..=i64::from(u16::MAX), problems)?;
    Some(u16::try_from(number).unwrap_or(0))
}

fn parse_port(text: &str) -> Option<u16> {
    if text == "-1" { Some(0) } else { text.parse().ok() }
}

/// Reads a size for which 0 stands for the default.
fn set_u32(to: &mut u32, entry: &Entry, problems: &mut Problems) {
    let number = read::number(entry, 0..=i64::from(i32::MAX), problems);
    if let Some(number) = number.and_then(|number| u32::try_from(number).ok()).filter(|it| *it != 0) {
        *to = number;
    }
}

fn set_span(to: &mut Duration, entry: &Entry, problems: &mut Problems) {
    *to = read::span(entry, problems).unwrap_or(*to);
}

/// Returns a path unless it is empty, which means none.
pub(super) fn path(text: String) -> Option<PathBuf> {
    (!text.is_empty()).then(|| PathBuf::from(text))
}

const LAME_DUCK_MIN: Duration = Duration::from_secs(30);

/// What an empty host means: every address of the machine.
const ANY_HOST: &str = "0.0.0.0";
