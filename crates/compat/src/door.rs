//! A door in front of a server: clients that come through it can lose their connection, or their server, on demand.

use crate::{CompatError, Server};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// What a suite sends as its first bytes through the door to have all other connections through it cut.
const CUT: &[u8] = b"CUT\n";

/// What a suite sends to have the server killed, as `kill -9` does, and started again on the same port and store.
const KILL: &[u8] = b"KILL\n";

/// How many bytes are handed on at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// A listener that hands every byte on to a server. Dropping it closes it.
///
/// A connection whose first bytes are `CUT\n` or `KILL\n` is an order; the door closes it once the order is carried out.
#[derive(Debug)]
pub struct Door {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// The server, if the door has it.
    server: Option<Mutex<Server>>,
    server_address: SocketAddr,
    /// Both ends of every connection that was handed on.
    open: Mutex<Vec<TcpStream>>,
    /// Whether nobody is let in for the moment.
    shut: AtomicBool,
    closed: AtomicBool,
}

impl Door {
    /// Opens a door in front of `server` on a free loopback port.
    ///
    /// # Errors
    /// If no port can be had.
    pub fn before(server: Server) -> Result<Self, CompatError> {
        Self::open(server.address(), Some(server))
    }

    /// Opens a door in front of a server that somebody else has, on a free loopback port.
    ///
    /// # Errors
    /// If no port can be had.
    pub fn to(server_address: SocketAddr) -> Result<Self, CompatError> {
        Self::open(server_address, None)
    }

    fn open(server_address: SocketAddr, server: Option<Server>) -> Result<Self, CompatError> {
        let fault = |source| CompatError::Start { command: "a loopback listener".to_owned(), source };
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        let shared = Arc::new(Shared {
            server: server.map(Mutex::new),
            server_address,
            open: Mutex::new(Vec::new()),
            shut: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        });
        let visitor = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &visitor));
        Ok(Self { address, shared })
    }

    /// Returns the address of the server behind the door, for clients that must not be disturbed by `CUT`.
    #[must_use]
    pub fn server_url(&self) -> String {
        format!("nats://{}", self.shared.server_address)
    }

    /// Returns the address of the door.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Returns everything that the server has printed, if the door has it.
    #[must_use]
    pub fn server_log(&self) -> String {
        self.shared.server().map(|server| server.log()).unwrap_or_default()
    }

    /// Closes every connection that goes through the door.
    pub fn cut(&self) {
        self.shared.cut();
    }

    /// Closes every connection, and lets nobody in until [`Self::unlock`].
    pub fn lock(&self) {
        self.shared.shut.store(true, Ordering::Release);
        self.shared.cut();
    }

    /// Lets everybody in again.
    pub fn unlock(&self) {
        self.shared.shut.store(false, Ordering::Release);
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Release);
        self.shared.cut();
        // One more visitor lets the listening thread see that it is over.
        let _ = TcpStream::connect(self.address);
        if let Some(mut server) = self.shared.server() {
            server.kill();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for visitor in listener.incoming() {
        if shared.closed.load(Ordering::Acquire) {
            return;
        }
        let Ok(visitor) = visitor else { continue };
        if shared.shut.load(Ordering::Acquire) {
            continue;
        }
        let shared = Arc::clone(shared);
        // A connection that fails is the visitor's to notice.
        thread::spawn(move || shared.welcome(visitor));
    }
}

impl Shared {
    /// Connects the visitor with the server; the server speaks first, so this happens before any order is known.
    fn welcome(self: Arc<Self>, visitor: TcpStream) -> std::io::Result<()> {
        // Who comes while the server is being started again waits for it: some clients never recover from a
        // connection that is closed before the server has said anything.
        drop(self.server());
        let server = TcpStream::connect(self.server_address)?;
        visitor.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (answers_from, answers_to) = (server.try_clone()?, visitor.try_clone()?);
        let ends = [visitor.try_clone()?, server.try_clone()?];
        self.open.lock().unwrap_or_else(PoisonError::into_inner).extend(ends);
        let kills = Arc::new(AtomicBool::new(false));
        let stays_open = Arc::clone(&kills);
        thread::spawn(move || {
            hand_on(&answers_from, &answers_to);
            // Who has the server killed waits on this connection until it is there again.
            if !stays_open.load(Ordering::Acquire) {
                close(&answers_from, &answers_to);
            }
        });
        let result = self.listen_to(&visitor, &server, &kills);
        close(&visitor, &server);
        result
    }

    fn listen_to(&self, visitor: &TcpStream, server: &TcpStream, kills: &AtomicBool) -> std::io::Result<()> {
        let (mut from, mut to) = (visitor, server);
        let mut chunk = vec![0; CHUNK_BYTES];
        let count = from.read(&mut chunk)?;
        match &chunk[..count] {
            CUT => self.cut(),
            KILL => {
                kills.store(true, Ordering::Release);
                // A server that does not come back shows in the suite, which cannot connect any more.
                let _ = self.server().map(|mut server| server.kill_and_restart());
            }
            first => {
                to.write_all(first)?;
                hand_on(visitor, server);
            }
        }
        Ok(())
    }

    fn server(&self) -> Option<MutexGuard<'_, Server>> {
        self.server.as_ref().map(|server| server.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Closes every connection, the one that ordered it among them.
    fn cut(&self) {
        for end in self.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // It fails if the connection is closed already.
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

/// Copies until one side closes.
fn hand_on(mut from: &TcpStream, mut to: &TcpStream) {
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Ok(count) = from.read(&mut chunk) {
        if count == 0 || to.write_all(&chunk[..count]).is_err() {
            return;
        }
    }
}

/// Closes both ends of a connection, also for those who hold another handle of it.
fn close(one: &TcpStream, other: &TcpStream) {
    for end in [one, other] {
        // It fails if the connection is closed already.
        let _ = end.shutdown(Shutdown::Both);
    }
}
