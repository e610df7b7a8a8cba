//! The life of a connection from accept to goodbye.

use super::client::Client;
use super::close::CloseReason;
use super::outbound::Outbound;
use super::session::{Proofs, Session};
use super::socket::Socket;
use super::task::{Ended, Task};
use crate::account::Joined;
use crate::auth::{CertificateNames, Nonce};
use crate::log::LogLevel;
use crate::options::HandshakeFirst;
use crate::state::{Settings, Shared};
use crate::tls::Tls;
use jetkv_wire::encode;
use ring::rand::{SecureRandom, SystemRandom};
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Serves one client until it goes.
pub(crate) async fn serve(server: Arc<Shared>, stream: TcpStream, peer: SocketAddr) {
    let settings = server.settings();
    let outbound = Arc::new(Outbound::new(server.clients.next_id(), Arc::clone(&server.pending)));
    let client = Arc::new(Client::new(outbound, peer, server.env.clock.now()));
    let joined = server.clients.join(&client, settings.options.limits.max_connections);
    let id = client.id();
    server.log(LogLevel::Debug, format_args!("{peer} - cid:{id} - Client connection created"));
    let (reason, ended) = converse(&server, settings, &client, stream, joined).await;
    if let Some(mut ended) = ended {
        if reason.leaves_client() {
            // What was done and waits for a commit is still answered, if that does not take long.
            let _ = timeout(GOODBYE, poll_fn(|cx| ended.session.poll_pending(cx))).await;
        }
        ended.session.end();
        say_goodbye(&client.outbound, &mut ended, reason).await;
        // Whatever it published is written, and others may wait for the answers.
        poll_fn(|cx| ended.session.poll_pending(cx)).await;
        ended.session.end_batch();
        leave(&server, &client, reason);
        if reason.leaves_client() {
            let _ = timeout(GOODBYE, drain(&mut ended.socket)).await;
        }
    } else {
        leave(&server, &client, reason);
    }
}

/// Shakes hands, says INFO, and lets the task run. What is left comes back, unless the handshake failed.
async fn converse(
    server: &Arc<Shared>,
    settings: Arc<Settings>,
    client: &Arc<Client>,
    stream: TcpStream,
    joined: Joined,
) -> (CloseReason, Option<Ended>) {
    // Answers are small and wanted at once; a socket that refuses this is as good as any.
    let _ = stream.set_nodelay(true);
    let nonce = settings.users.needs_nonce().then(nonce);
    let info = settings.info(client.id(), client.peer().ip().to_string(), nonce.as_ref());
    let mut line = Vec::new();
    encode::info(&mut line, &info);
    let deadline = settings.options.keep_alive.write_deadline;
    let shaken = match &settings.tls {
        Some(tls) => shake_hands(tls, stream, &line, deadline, settings.options.auth.timeout).await,
        None => {
            let mut socket = Socket::Plain(stream);
            write(&mut socket, &line, deadline).await.map(|()| socket)
        }
    };
    let socket = match shaken {
        Ok(socket) => socket,
        Err(reason) => return (reason, None),
    };
    if let Some(tls) = socket.tls() {
        client.describe(|about| about.tls = Some(tls));
    }
    let outbound = Arc::clone(&client.outbound);
    let (keep_alive, auth_timeout) = (settings.options.keep_alive.clone(), settings.options.auth.timeout);
    let certificate = settings.tls.as_ref().filter(|tls| tls.maps_users).map(|_| {
        // Without names that can be read the certificate is nobody's; it must not become a matter of passwords.
        socket.client_certificate().and_then(CertificateNames::read).unwrap_or_default()
    });
    let proofs = Proofs { nonce, certificate };
    let (mut session, refused) = Session::new(Arc::clone(server), settings, Arc::clone(client), proofs);
    let full = (joined == Joined::Full).then_some(CloseReason::TooManyConnections);
    if let Some(reason) = full.or(refused) {
        session.end();
        return (reason, Some(Ended { socket, session, writing: Vec::new() }));
    }
    let (reason, ended) = Task::new(socket, outbound, session, keep_alive, auth_timeout).run().await;
    (reason, Some(ended))
}

/// Makes a socket with TLS, or one without where that is allowed; INFO goes out at its time (PROTOCOL 1.16).
async fn shake_hands(
    tls: &Tls,
    stream: TcpStream,
    info: &[u8],
    deadline: Duration,
    first_byte_timeout: Duration,
) -> Result<Socket, CloseReason> {
    let handshake_first = match tls.handshake_first {
        HandshakeFirst::Always => true,
        HandshakeFirst::Never => false,
        HandshakeFirst::Within(time) => begins_handshake(&stream, time).await,
    };
    let mut socket = Socket::Plain(stream);
    if !handshake_first {
        write(&mut socket, info, deadline).await?;
    }
    let Socket::Plain(stream) = socket else { return Err(CloseReason::TlsHandshake) };
    if !handshake_first && tls.allow_non_tls && !begins_handshake(&stream, first_byte_timeout).await {
        return Ok(Socket::Plain(stream));
    }
    let accepted = timeout(tls.timeout, tls.acceptor.accept(stream)).await;
    let Ok(Ok(stream)) = accepted else { return Err(CloseReason::TlsHandshake) };
    let mut socket = Socket::Tls(Box::new(stream));
    if handshake_first {
        write(&mut socket, info, deadline).await?;
    }
    Ok(socket)
}

/// Says whether the client's first byte comes in time and begins a TLS handshake; it stays in the socket.
async fn begins_handshake(stream: &TcpStream, time: Duration) -> bool {
    let mut first = [0];
    matches!(timeout(time, stream.peek(&mut first)).await, Ok(Ok(1))) && first == [TLS_HANDSHAKE]
}

/// The content type that a TLS record with a ClientHello begins with.
const TLS_HANDSHAKE: u8 = 0x16;

async fn write(socket: &mut Socket, bytes: &[u8], deadline: Duration) -> Result<(), CloseReason> {
    let mut written = 0;
    while written < bytes.len() {
        let count = timeout(deadline, poll_fn(|cx| socket.poll_write(cx, &bytes[written..]))).await;
        match count {
            Err(_) => return Err(CloseReason::SlowConsumerDeadline),
            Ok(Ok(0) | Err(_)) => return Err(CloseReason::WriteError),
            Ok(Ok(count)) => written += count,
        }
    }
    match timeout(deadline, poll_fn(|cx| socket.poll_flush(cx))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(CloseReason::WriteError),
    }
}

/// Writes what is left, with the last `-ERR`, and ends the outward direction.
async fn say_goodbye(outbound: &Outbound, ended: &mut Ended, reason: CloseReason) {
    let mut rest = outbound.finish(reason);
    rest.insert(0, std::mem::take(&mut ended.writing));
    if reason.leaves_client() || reason == CloseReason::ClientClosed {
        let socket = &mut ended.socket;
        let goodbye = async {
            for part in &rest {
                write(socket, part, GOODBYE).await?;
            }
            poll_fn(|cx| socket.poll_shutdown(cx)).await.map_err(|_| CloseReason::WriteError)
        };
        // However it ends, the connection is over.
        let _ = timeout(GOODBYE, goodbye).await;
    }
    rest.into_iter().for_each(|part| outbound.give_back(part));
}

/// Reads what the client still sends, until it closes: a socket that is closed with unread input resets the connection, and what is
/// on its way to the client is lost.
async fn drain(socket: &mut Socket) {
    let mut bytes = vec![0; 4096];
    for _ in 0..DRAIN_READS_MAX {
        let mut buffer = ReadBuf::new(&mut bytes);
        let read = poll_fn(|cx| socket.poll_read(cx, &mut buffer)).await;
        if read.is_err() || buffer.filled().is_empty() {
            return;
        }
    }
}

/// How long each part of a goodbye may take.
const GOODBYE: Duration = Duration::from_millis(500);
/// At 4 KiB each.
const DRAIN_READS_MAX: usize = 1_024;

fn leave(server: &Shared, client: &Client, reason: CloseReason) {
    let (peer, id, name) = (client.peer(), client.id(), reason.name());
    match reason {
        CloseReason::Stale => server.stats.add_stale_connection(),
        _ if reason.is_slow_consumer() => {
            server.stats.add_slow_consumer();
            if let Some(account) = server.accounts.get(&client.about().account) {
                account.traffic.add_slow_consumer();
            }
            server.log(LogLevel::Info, format_args!("{peer} - cid:{id} - {name}"));
        }
        _ => {}
    }
    server.log(LogLevel::Debug, format_args!("{peer} - cid:{id} - Client connection closed: {name}"));
    server.clients.leave(client, reason, server.env.clock.now());
}

fn nonce() -> Nonce {
    let mut random = [0; 11];
    // Without randomness no nonce is good, and none that is known before must be used; then nobody can sign it.
    match SystemRandom::new().fill(&mut random) {
        Ok(()) => Nonce::new(random),
        Err(_) => Nonce::unusable(),
    }
}
