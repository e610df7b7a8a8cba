//! A cluster of three reference servers on loopback, whose nodes can be killed and started again.

use crate::leader::{self, Placement};
use crate::{Account, accounts};
use compat::{CompatError, Launch, Peers, Program, Server};
use std::io;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

/// Three servers that replicate. Dropping it kills them.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Server>,
}

impl Cluster {
    /// Starts three nodes; when this returns, they have a leader and take streams of three replicas.
    ///
    /// # Errors
    /// If the reference server cannot be fetched or started, or takes no such stream for a minute.
    pub fn start() -> Result<Self, CompatError> {
        let program = Program::reference(&Peers::in_target())?;
        let ports = free_ports(NODES)?;
        let routes: Vec<_> = ports.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
        let node = |number: usize, port: &u16| {
            let config = format!(
                "server_name: node{number}\n\
                 jetstream {{ sync_interval: always }}\n\
                 cluster {{ name: places, listen: \"127.0.0.1:{port}\", routes: [{}] }}\n{}",
                routes.join(", "),
                accounts::configuration()
            );
            program.launch(&Launch { config: Some(config), ..Launch::default() })
        };
        let nodes = ports.iter().enumerate().map(|(number, port)| node(number, port));
        let cluster = Self { nodes: nodes.collect::<Result<_, _>>()? };
        cluster.wait_until_ready(&program)?;
        Ok(cluster)
    }

    /// Waits until there is a leader that knows all nodes; until then it refuses streams of three replicas.
    fn wait_until_ready(&self, program: &Program) -> Result<(), CompatError> {
        let account = Account::next();
        for _ in 0..TRIES {
            if self.nodes.iter().all(|node| leader::takes_replicas(node.address(), &account)) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(200));
        }
        let source = io::Error::new(io::ErrorKind::TimedOut, "it takes no stream of three replicas");
        Err(CompatError::Start { command: format!("a cluster of {program:?}"), source })
    }

    /// Returns where all nodes listen, separated by commas.
    #[must_use]
    pub fn urls(&self) -> String {
        self.nodes.iter().map(Server::url).collect::<Vec<_>>().join(",")
    }

    /// Returns how many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Says whether there is no node, which never is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Kills a node as `kill -9` does.
    pub fn kill(&mut self, node: usize) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.kill();
        }
    }

    /// Starts a node again that was killed.
    ///
    /// # Errors
    /// If it does not start.
    pub fn restart(&mut self, node: usize) -> Result<(), CompatError> {
        match self.nodes.get_mut(node) {
            Some(node) => node.kill_and_restart(),
            None => Ok(()),
        }
    }

    /// Returns where a stream is, as the first node knows that answers.
    #[must_use]
    pub fn placement(&self, account: &Account, stream: &str) -> Option<Placement> {
        self.nodes.iter().find_map(|node| leader::placement(node.address(), account, stream))
    }

    /// Returns what the nodes have logged.
    #[must_use]
    pub fn logs(&self) -> String {
        self.nodes.iter().map(Server::log).collect::<Vec<_>>().join("\n-- next node --\n")
    }
}

/// Routes name each other, so their ports must be known before the servers are there.
fn free_ports(count: usize) -> Result<Vec<u16>, CompatError> {
    let failed = |source| CompatError::Start { command: "a listener on a free port".into(), source };
    let listeners = (0..count).map(|_| TcpListener::bind("127.0.0.1:0"));
    let listeners = listeners.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    listeners.iter().map(|listener| Ok(listener.local_addr().map_err(failed)?.port())).collect()
}

const NODES: usize = 3;
const TRIES: usize = 300;
