//! TLS: who speaks first, who must show what (PROTOCOL 1.16).

use crate::harness::{Raw, World, field, options};
use jetkv_server::options::{HandshakeFirst, TlsOptions};
use jetkv_server::{OptionsError, TlsError};
use serde_json::json;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::ring};

/// An authority, and certificates for `localhost` and for a client that it signed; they are good until 2126.
fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "fixtures", name].iter().collect()
}

fn tls(change: impl FnOnce(&mut TlsOptions)) -> World {
    let mut tls = TlsOptions::new(fixture("server.pem"), fixture("server-key.pem"));
    tls.timeout = Duration::from_secs(10);
    change(&mut tls);
    World::new(|options| options.tls = Some(tls))
}

/// Whether a client shows a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shows {
    Nothing,
    Certificate,
}

type Secured = StreamOwned<ClientConnection, std::net::TcpStream>;

fn secure(raw: Raw, shows: Shows) -> Secured {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(fixture("ca.pem")).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
    let config = match shows {
        Shows::Nothing => builder.with_no_client_auth(),
        Shows::Certificate => {
            let chain = vec![CertificateDer::from_pem_file(fixture("client.pem")).unwrap()];
            let key = PrivateKeyDer::from_pem_file(fixture("client-key.pem")).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(connection, raw.stream)
}

fn line(stream: &mut impl Read) -> String {
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(b"\r\n") {
        stream.read_exact(&mut byte).unwrap();
        line.push(byte[0]);
    }
    String::from_utf8(line).unwrap().trim_end_matches("\r\n").to_owned()
}

fn works(stream: &mut Secured) {
    let payload = "x".repeat(300_000);
    let connect = "CONNECT {\"verbose\":false}\r\nSUB foo 1\r\n";
    stream.write_all(format!("{connect}PUB foo 300000\r\n{payload}\r\nPING\r\n").as_bytes()).unwrap();
    assert_eq!(line(stream), "MSG foo 1 300000");
    assert_eq!(line(stream), payload);
    assert_eq!(line(stream), "PONG");
}

#[test]
fn info_comes_in_clear_and_then_the_handshake() {
    let world = tls(|_| {});
    let mut raw = world.socket();
    let info = raw.line();
    assert_eq!(field(&info, "tls_required"), Some(json!(true)));
    assert_eq!(field(&info, "tls_available"), None);
    assert_eq!(field(&info, "tls_verify"), None);
    works(&mut secure(raw, Shows::Nothing));
}

#[test]
fn a_client_that_goes_on_in_clear_sees_the_end() {
    let world = tls(|_| {});
    let mut raw = world.raw();
    raw.send("CONNECT {}\r\nPING\r\n");
    let mut rest = Vec::new();
    // Whether it is the end or a reset depends on what was read.
    let _ = raw.stream.read_to_end(&mut rest);
    assert!(!String::from_utf8_lossy(&rest).contains("PONG"));
}

#[test]
fn a_handshake_must_come_in_time() {
    let world = tls(|tls| tls.timeout = Duration::from_millis(20));
    world.raw().expect_end("");
}

#[test]
fn the_handshake_may_come_first() {
    let world = tls(|tls| tls.handshake_first = HandshakeFirst::Always);
    let mut stream = secure(world.socket(), Shows::Nothing);
    assert!(line(&mut stream).starts_with("INFO {"));
    works(&mut stream);
}

#[test]
fn the_server_may_wait_to_see_who_speaks_first() {
    let world = tls(|tls| tls.handshake_first = HandshakeFirst::Within(Duration::from_secs(10)));
    let mut stream = secure(world.socket(), Shows::Nothing);
    assert!(line(&mut stream).starts_with("INFO {"));
    works(&mut stream);
    let world = tls(|tls| tls.handshake_first = HandshakeFirst::Within(Duration::from_millis(20)));
    works(&mut secure(world.raw(), Shows::Nothing));
}

#[test]
fn clients_without_tls_may_be_served_too() {
    let world = tls(|tls| tls.allow_non_tls = true);
    let mut raw = world.socket();
    let info = raw.line();
    assert_eq!(field(&info, "tls_required"), None);
    assert_eq!(field(&info, "tls_available"), Some(json!(true)));
    raw.check("CONNECT {\"verbose\":false}\r\nSUB foo 1\r\nPUB foo 0\r\n\r\n", "MSG foo 1 0\r\n\r\n");
    works(&mut secure(world.raw(), Shows::Nothing));
}

#[test]
fn clients_may_have_to_show_certificates() {
    let world = tls(|tls| {
        tls.verify = true;
        tls.ca_file = Some(fixture("ca.pem"));
    });
    let mut raw = world.socket();
    assert_eq!(field(&raw.line(), "tls_verify"), Some(json!(true)));
    works(&mut secure(raw, Shows::Certificate));
    let mut refused = secure(world.raw(), Shows::Nothing);
    let _ = refused.write_all(b"CONNECT {}\r\nPING\r\n");
    let mut rest = Vec::new();
    assert!(refused.read_to_end(&mut rest).is_err());
    assert_eq!(rest, b"");
}

#[test]
fn certificates_can_be_replaced_while_the_server_runs() {
    let dir = tempfile::tempdir().unwrap();
    let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    let install = |name: &str| {
        std::fs::copy(fixture(&format!("{name}.pem")), &cert).unwrap();
        std::fs::copy(fixture(&format!("{name}-key.pem")), &key).unwrap();
    };
    install("server");
    let world = World::new(|options| options.tls = Some(TlsOptions::new(&cert, &key)));
    let shown = || {
        let mut stream = secure(world.raw(), Shows::Nothing);
        works(&mut stream);
        stream.conn.peer_certificates().unwrap()[0].clone()
    };
    let before = shown();
    install("server2");
    let reload =
        || world.server().reload(options(|options| options.tls = Some(TlsOptions::new(&cert, &key))));
    reload().unwrap();
    let after = shown();
    assert_ne!(before, after);
    std::fs::write(&key, "no key").unwrap();
    assert!(matches!(reload(), Err(OptionsError::Tls(TlsError::Pem { path, .. })) if path == key));
    assert_eq!(shown(), after);
}

#[test]
fn a_certificate_may_say_who_the_user_is() {
    let map = |name: &str, password: &str| {
        let users = vec![crate::harness::user(name, password), crate::harness::user("localhost", "")];
        let mut tls = TlsOptions::new(fixture("server.pem"), fixture("server-key.pem"));
        tls.verify_and_map = true;
        tls.ca_file = Some(fixture("ca.pem"));
        World::new(|options| {
            options.tls = Some(tls);
            options.auth.users = users;
        })
    };
    for name in ["derek@example.org", "derek.example.org", "OU=dev,CN=derek", "CN=derek, OU=dev"] {
        let world = map(name, "");
        works(&mut secure(world.raw(), Shows::Certificate));
        assert_eq!(world.server().closed_connections().len() + world.server().connections().len(), 1);
    }
    let connect = |world: &World, name: &str, password: &str| {
        let mut stream = secure(world.raw(), Shows::Certificate);
        let connect = format!("CONNECT {{\"user\":\"{name}\",\"pass\":\"{password}\"}}\r\nPING\r\n");
        stream.write_all(connect.as_bytes()).unwrap();
        line(&mut stream)
    };
    for name in ["derek", "example.org", "CN=derek", "localhost"] {
        let world = map("nobody", "");
        // That the user has no password does not help.
        assert_eq!(connect(&world, name, ""), "-ERR 'Authorization Violation'");
    }
    // A password that the user has is needed as well.
    let world = map("derek@example.org", "secret");
    assert_eq!(connect(&world, "", ""), "-ERR 'Authorization Violation'");
    assert_eq!(connect(&world, "", "secret"), "+OK");
}
