//! What the log says when the server starts, in the order of the reference.

use super::log::Log;
use super::spelling::Role;
use jetkv_server::config::Settings;
use jetkv_server::options::JetStreamOptions;
use jetkv_server::{API_LEVEL, SyncMode, VERSION};
use std::path::Path;

/// Says who starts, and with what.
pub(super) fn starting(log: &Log, role: Role, settings: &Settings, config: Option<&Path>) {
    match role {
        Role::Reference => log.info(format_args!("Starting nats-server")),
        Role::Jetkv => log.info(format_args!("Starting jetkv {}", env!("CARGO_PKG_VERSION"))),
    }
    log.info(format_args!("  Version:  {VERSION}"));
    if let Some(name) = &settings.options.server_name {
        log.info(format_args!("  Name:     {name}"));
    }
    if let Some(config) = config {
        let digest = &settings.options.config_digest;
        log.info(format_args!("Using configuration file: {} ({digest})", config.display()));
    }
    for warning in &settings.warnings {
        log.warn(format_args!("{warning}"));
    }
    if let Some(jetstream) = &settings.options.jetstream {
        streams(log, role, jetstream);
    }
}

fn streams(log: &Log, role: Role, jetstream: &JetStreamOptions) {
    log.info(format_args!("Starting JetStream"));
    if role == Role::Reference && jetstream.store_dir.starts_with(std::env::temp_dir()) {
        log.warn(format_args!("Temporary storage directory used, data could be lost on system reboot"));
    }
    log.info(format_args!("---------------- JETSTREAM ----------------"));
    log.info(format_args!("  Strict:          {}", jetstream.strict));
    log.info(format_args!("  Store Directory: \"{}\"", jetstream.store_dir.display()));
    log.info(format_args!("  API Level:       {API_LEVEL}"));
    if let Some(domain) = &jetstream.domain {
        log.info(format_args!("  Domain:          {domain}"));
    }
    log.info(format_args!("  Sync:            {}", short(jetstream.sync)));
    log.info(format_args!("-------------------------------------------"));
    if jetstream.sync != SyncMode::Always {
        log.warn(format_args!("{}", durability(jetstream.sync)));
    }
}

/// Names the mode as the command line does.
fn short(sync: SyncMode) -> String {
    match sync {
        SyncMode::Always => "always".into(),
        SyncMode::Every(span) => format!("every={} (unsafe)", crate::duration::human(span)),
        SyncMode::Os => "os (unsafe)".into(),
    }
}

/// Says what an acknowledgement is worth.
pub(super) fn durability(sync: SyncMode) -> String {
    match sync {
        SyncMode::Always => "every write is on disk before it is acknowledged".into(),
        SyncMode::Every(span) => format!(
            "unsafe: a power cut can take back what was acknowledged in the last {}",
            crate::duration::human(span)
        ),
        SyncMode::Os => {
            "unsafe: a power cut can take back what was acknowledged before the system wrote it".into()
        }
    }
}
