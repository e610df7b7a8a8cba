//! Leaving without hurry (PROTOCOL 8.6).

use crate::conn::CloseReason;
use crate::log::LogLevel;
use crate::state::Shared;
use jetkv_wire::encode;
use jetkv_wire::info::Info;
use std::time::Duration;
use tokio::time::timeout;

/// Tells the clients, waits for the grace period, and closes one after the other over the duration that is set.
pub(super) async fn say_goodbye(server: &Shared) {
    let settings = server.settings();
    let times = &settings.options.lame_duck;
    server.enter_lame_duck();
    server.log(LogLevel::Info, format_args!("Entering lame duck mode, stop accepting new clients"));
    for client in server.clients.all().iter().filter(|client| client.takes_async_info()) {
        let info = settings.info(client.id(), client.peer().ip().to_string(), None);
        client.outbound.send(|out| encode::info(out, &Info { ldm: true, ..info }));
    }
    if timeout(times.grace_period, server.clients.wait_empty()).await.is_ok() {
        return;
    }
    let clients = server.clients.all();
    server.log(LogLevel::Info, format_args!("Closing {} connections", clients.len()));
    let count = u32::try_from(clients.len()).unwrap_or(u32::MAX).max(1);
    let longest = (times.duration.saturating_sub(times.grace_period) / count).min(INTERVAL_MAX);
    for client in clients {
        client.outbound.leave(CloseReason::ServerShutdown);
        // Half to whole of the interval keeps within the duration.
        let random = server.env.entropy.next_u64() % 1_000;
        let part = u32::try_from(500 + random / 2).unwrap_or(1_000);
        if timeout(longest * part / 1_000, server.clients.wait_empty()).await.is_ok() {
            return;
        }
    }
    // Whatever is left ends with the process.
    let _ = timeout(GOODBYES, server.clients.wait_empty()).await;
}

/// Longest time between two connections.
const INTERVAL_MAX: Duration = Duration::from_secs(1);
/// How long the last connections may take to end.
const GOODBYES: Duration = Duration::from_secs(2);
