//! Who leads a stream of a cluster, and whether its replicas are there: asked on the wire, as the library does not care.

use crate::Account;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Where a stream is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Name of the leading node, as in `node0`; none while one is being chosen.
    pub leader: Option<String>,
    /// Whether every replica is current.
    pub is_whole: bool,
}

/// Asks one node about a stream; `None` if there is no answer.
pub(crate) fn placement(node: SocketAddr, account: &Account, stream: &str) -> Option<Placement> {
    let answer = ask(node, account, &format!("$JS.API.STREAM.INFO.{stream}"), "").ok()?;
    let cluster = answer.split_once("\"cluster\":")?.1;
    let leader = cluster.split_once("\"leader\":\"").and_then(|(_, rest)| rest.split_once('"'));
    let replicas = cluster.split_once("\"replicas\":").map_or("", |(_, rest)| rest);
    let is_whole =
        replicas.matches("\"current\":true").count() == 2 && !replicas.contains("\"offline\":true");
    Some(Placement { leader: leader.map(|(name, _)| name.to_owned()), is_whole })
}

/// Says whether a stream of three replicas can be made, by making one, which goes at once.
pub(crate) fn takes_replicas(node: SocketAddr, account: &Account) -> bool {
    let config = "{\"name\":\"trial\",\"subjects\":[\"trial\"],\"num_replicas\":3}";
    let made = ask(node, account, "$JS.API.STREAM.CREATE.trial", config);
    let gone = ask(node, account, "$JS.API.STREAM.DELETE.trial", "");
    made.is_ok_and(|answer| answer.contains("\"num_replicas\":3"))
        && gone.is_ok_and(|answer| answer.contains("\"success\":true"))
}

fn ask(node: SocketAddr, account: &Account, subject: &str, body: &str) -> std::io::Result<String> {
    let stream = TcpStream::connect_timeout(&node, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut client = BufReader::new(stream);
    let (user, password) = account.login();
    let hello = format!(
        "CONNECT {{\"verbose\":false,\"user\":\"{user}\",\"pass\":\"{password}\"}}\r\nSUB r 1\r\nPUB {subject} r {}\r\n{body}\r\n",
        body.len()
    );
    client.get_mut().write_all(hello.as_bytes())?;
    loop {
        let mut line = String::new();
        if client.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line.starts_with("MSG ") {
            let bytes = line.trim_end().rsplit(' ').next().and_then(|text| text.parse().ok());
            let mut body = vec![0; bytes.unwrap_or(0)];
            client.read_exact(&mut body)?;
            return Ok(String::from_utf8_lossy(&body).into_owned());
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(2);
