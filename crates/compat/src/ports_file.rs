//! The ports file in which a server tells where it listens.

use std::net::SocketAddr;
use std::path::Path;

/// Returns the client address that the server with process id `pid` has written to a file in `directory`.
///
/// `None` until the file is there and complete; the program's own name in front of the id does not matter.
pub(crate) fn client_address(directory: &Path, pid: u32) -> Option<SocketAddr> {
    address(directory, pid, "nats")
}

/// Returns the address of the HTTP monitor from the same file, if the server has one.
pub(crate) fn monitor_address(directory: &Path, pid: u32) -> Option<SocketAddr> {
    address(directory, pid, "monitoring")
}

fn address(directory: &Path, pid: u32, service: &str) -> Option<SocketAddr> {
    let text = read_file_of(directory, pid)?;
    let ports: serde_json::Value = serde_json::from_str(&text).ok()?;
    let url = ports.get(service)?.get(0)?.as_str()?;
    url.split_once("://")?.1.parse().ok()
}

#[expect(clippy::disallowed_methods, reason = "a real directory into which a real server writes")]
fn read_file_of(directory: &Path, pid: u32) -> Option<String> {
    let ending = format!("_{pid}.ports");
    let mut entries = std::fs::read_dir(directory).ok()?.filter_map(Result::ok);
    let found = entries.find(|entry| entry.file_name().to_string_lossy().ends_with(&ending))?;
    std::fs::read_to_string(found.path()).ok()
}

#[cfg(test)]
mod tests;
