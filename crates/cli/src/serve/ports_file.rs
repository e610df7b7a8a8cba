//! The ports file: where the server can be reached, for programs that started it with port 0 (COMPAT 1).

use jetkv_server::config::PortsFile;
use serde::Serialize;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Where the server can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Ports {
    /// URLs for clients, IPv4 first.
    pub(crate) nats: Vec<String>,
    /// URLs of the HTTP monitoring.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) monitoring: Vec<String>,
}

impl Ports {
    /// Returns the URLs for listening addresses; one of all addresses of the machine is told as loopback.
    pub(crate) fn new(clients: SocketAddr, monitoring: Option<(&str, SocketAddr)>) -> Self {
        Self {
            nats: urls("nats", clients),
            monitoring: monitoring.map_or_else(Vec::new, |(scheme, address)| urls(scheme, address)),
        }
    }
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Everybody.
    Public,
    /// Its owner.
    Private,
}

/// The file; dropping it removes it.
#[derive(Debug)]
pub(crate) struct Written {
    path: PathBuf,
}

impl Written {
    /// Writes `content` under a name of its own first, so that nobody reads half of it.
    ///
    /// # Errors
    /// Of the system.
    pub(crate) fn new(path: PathBuf, content: &[u8], mode: Mode) -> io::Result<Self> {
        replace(&path, content, mode)?;
        Ok(Self { path })
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// Writes a file anew, whether there is one or not.
///
/// # Errors
/// Of the system.
pub(crate) fn replace(path: &Path, content: &[u8], mode: Mode) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".tmp");
    let draft = PathBuf::from(draft);
    remove(&draft);
    create(&draft, mode)?.write_all(content)?;
    #[expect(clippy::disallowed_methods, reason = "the file is no part of the store")]
    fs::rename(&draft, path)
}

/// Returns the path of the ports file; `program` is the name that the process was started under.
pub(crate) fn path(to: &PortsFile, program: &str, pid: u32) -> PathBuf {
    match to {
        PortsFile::At(path) => path.clone(),
        PortsFile::InDirectory(directory) => directory.join(format!("{program}_{pid}.ports")),
    }
}

/// Makes a file; one that is there, or a link in its place, is an error.
fn create(path: &Path, mode: Mode) -> io::Result<File> {
    let mode = match mode {
        Mode::Public => 0o644,
        Mode::Private => 0o600,
    };
    #[expect(clippy::disallowed_methods, reason = "the file is no part of the store")]
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

/// Removes a file, unless it is gone already.
fn remove(path: &Path) {
    #[expect(clippy::disallowed_methods, reason = "the file is no part of the store")]
    fs::remove_file(path).ok();
}

fn urls(scheme: &str, address: SocketAddr) -> Vec<String> {
    let hosts: Vec<IpAddr> = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => vec![Ipv4Addr::LOCALHOST.into()],
        IpAddr::V6(ip) if ip.is_unspecified() => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        ip => vec![ip],
    };
    hosts.into_iter().map(|ip| format!("{scheme}://{}", SocketAddr::new(ip, address.port()))).collect()
}

#[cfg(test)]
mod tests;
