//! Every way to log in and to secure a connection, through the library: on our server, and what that has not on the reference.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use jetkv::blocking::JetStream;
use jetkv::{ConnectOptions, KeyValueConfig, KvError, WatchEvent};
use jetkv_server::options::{
    AuthOptions, Credential, HandshakeFirst, PermissionOptions, Secret, SubjectPermission, TlsOptions,
    UserOptions,
};
use nkeys::KeyPair;
use places::{Account, Operated, Served};
use std::path::PathBuf;

/// Writes, reads and watches, which takes every kind of request.
fn works(options: ConnectOptions) {
    let js = JetStream::connect_with(options).unwrap();
    let kv = js.create_key_value(KeyValueConfig::new("b")).unwrap();
    let revision = kv.put("k", "1").unwrap();
    let revision = kv.update("k", "2", revision).unwrap();
    assert_eq!(kv.get("k").unwrap().unwrap().revision, revision);
    let seen = kv.watch("k").unwrap().next();
    assert!(matches!(seen, Some(Ok(WatchEvent::Entry(entry))) if entry.value == "2"));
    js.close().unwrap();
}

fn denied(options: ConnectOptions) {
    let error = JetStream::connect_with(options).unwrap_err();
    assert!(matches!(error, KvError::Denied { .. }), "{error:?}");
}

/// What does not come to a connection at all: the words of TLS are no words of a login.
fn fails(options: ConnectOptions) {
    let error = JetStream::connect_with(options).unwrap_err();
    assert!(matches!(error, KvError::Unavailable { .. }), "{error:?}");
}

fn password(user: &str, password: &str) -> UserOptions {
    UserOptions::new(Credential::Password { user: user.into(), password: Secret::new(password) })
}

fn with_users(users: Vec<UserOptions>) -> Served {
    Served::start_with(|options| options.auth.users = users).unwrap()
}

#[test]
fn a_user_has_a_password_in_the_options_or_in_the_url() {
    let server = with_users(vec![password("ann", "secret@1")]);
    let options = || ConnectOptions::new(server.url());
    works(options().user_and_password("ann", "secret@1"));
    works(ConnectOptions::new(format!("nats://ann:secret%401@127.0.0.1:{}", server.port())));
    denied(options().user_and_password("ann", "wrong"));
    denied(options());
    denied(options().token("secret@1"));
}

#[test]
fn a_token_is_in_the_options_or_in_the_url() {
    let server = Served::start_with(|options| {
        options.auth = AuthOptions { token: Some(Secret::new("s3cret")), ..AuthOptions::default() };
    });
    let server = server.unwrap();
    works(ConnectOptions::new(server.url()).token("s3cret"));
    works(ConnectOptions::new(format!("nats://s3cret@127.0.0.1:{}", server.port())));
    denied(ConnectOptions::new(server.url()).token("other"));
}

#[test]
fn an_nkey_signs_what_the_server_says() {
    let (key, other) = (KeyPair::new_user(), KeyPair::new_user());
    let server = with_users(vec![UserOptions::new(Credential::Nkey { public_key: key.public_key() })]);
    works(ConnectOptions::new(server.url()).nkey(key.seed().unwrap()));
    denied(ConnectOptions::new(server.url()).nkey(other.seed().unwrap()));
    let error = JetStream::connect_with(ConnectOptions::new(server.url()).nkey("no seed")).unwrap_err();
    assert!(!error.to_string().contains("no seed"), "{error}");
}

#[test]
fn a_user_without_a_permission_is_told_so() {
    let publish = SubjectPermission { allow: None, deny: vec!["$KV.b.secret.>".into()] };
    let permissions = Some(PermissionOptions { publish: Some(publish), ..PermissionOptions::default() });
    let server = with_users(vec![UserOptions { permissions, ..password("ann", "1") }]);
    let options = ConnectOptions::new(server.url()).user_and_password("ann", "1");
    let js = JetStream::connect_with(options).unwrap();
    let kv = js.create_key_value(KeyValueConfig::new("b")).unwrap();
    kv.put("open.k", "1").unwrap();
    let error = kv.put("secret.k", "1").unwrap_err();
    assert!(matches!(&error, KvError::Denied { reason } if reason.contains("$KV.b.secret.k")), "{error:?}");
}

#[test]
fn an_inbox_prefix_serves_users_who_may_not_subscribe_to_others() {
    let subscribe = SubjectPermission { allow: Some(vec!["_ANN.>".into()]), deny: Vec::new() };
    let permissions = Some(PermissionOptions { subscribe: Some(subscribe), ..PermissionOptions::default() });
    let server = with_users(vec![UserOptions { permissions, ..password("ann", "1") }]);
    works(ConnectOptions::new(server.url()).user_and_password("ann", "1").inbox_prefix("_ANN"));
}

fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "server", "tests", "fixtures", name].iter().collect()
}

/// The certificate is one for `localhost`.
fn secured(change: impl FnOnce(&mut TlsOptions)) -> (Served, ConnectOptions) {
    let mut tls = TlsOptions::new(fixture("server.pem"), fixture("server-key.pem"));
    change(&mut tls);
    let server = Served::start_with(|options| options.tls = Some(tls)).unwrap();
    let options = ConnectOptions::new(format!("tls://localhost:{}", server.port()));
    (server, options)
}

#[test]
fn a_certificate_of_a_known_authority_is_trusted_and_no_other() {
    let (server, options) = secured(|_| {});
    works(options.clone().root_certificates(fixture("ca.pem")));
    let plain = ConnectOptions::new(format!("nats://localhost:{}", server.port()));
    works(plain.clone().require_tls().root_certificates(fixture("ca.pem")));
    // The server asks for it.
    works(plain.root_certificates(fixture("ca.pem")));
    // The system does not know the authority.
    fails(options);
    // The certificate does not speak of this address.
    let other = Served::start_with(|options| {
        options.listen.host = "127.0.0.2".into();
        options.tls = Some(TlsOptions::new(fixture("server.pem"), fixture("server-key.pem")));
    });
    let other = other.unwrap();
    fails(ConnectOptions::new(other.url()).require_tls().root_certificates(fixture("ca.pem")));
}

#[test]
fn a_client_shows_its_certificate_where_the_server_demands_one() {
    let (_server, options) = secured(|tls| {
        tls.ca_file = Some(fixture("ca.pem"));
        tls.verify = true;
    });
    let options = options.root_certificates(fixture("ca.pem"));
    works(options.clone().client_certificate(fixture("client.pem"), fixture("client-key.pem")));
    fails(options);
}

#[test]
fn the_handshake_comes_first_where_the_server_wants_that() {
    let (_server, options) = secured(|tls| tls.handshake_first = HandshakeFirst::Always);
    works(options.root_certificates(fixture("ca.pem")).tls_first());
}

#[test]
fn tls_is_not_given_up_where_the_server_has_none() {
    let server = Served::start().unwrap();
    fails(ConnectOptions::new(server.url()).require_tls());
}

#[test]
fn a_domain_is_a_prefix_of_the_api() {
    let server = Served::start_with(|options| {
        if let Some(jetstream) = &mut options.jetstream {
            jetstream.domain = Some("hub".into());
        }
    });
    let server = server.unwrap();
    works(ConnectOptions::new(server.url()).domain("hub"));
    works(ConnectOptions::new(server.url()).api_prefix("$JS.hub.API."));
    works(ConnectOptions::new(server.url()));
    let error = JetStream::connect_with(ConnectOptions::new(server.url()).domain("other")).unwrap_err();
    assert!(matches!(error, KvError::Unavailable { .. }), "{error:?}");
}

#[test]
#[ignore = "needs the reference server"]
fn a_credentials_file_is_a_login_in_operator_mode() {
    let operated = Operated::start().unwrap();
    let url = operated.server.url();
    works(ConnectOptions::new(&url).credentials(&operated.credentials));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("user.creds");
    std::fs::write(&path, &operated.credentials).unwrap();
    works(ConnectOptions::new(&url).credentials_file(&path));
    denied(ConnectOptions::new(&url));
    let missing = ConnectOptions::new(&url).credentials_file(directory.path().join("none.creds"));
    let error = JetStream::connect_with(missing).unwrap_err();
    assert!(
        matches!(&error, KvError::InvalidOption { option, .. } if option.contains("none.creds")),
        "{error:?}"
    );
}

#[test]
#[ignore = "needs the reference server"]
fn an_account_of_the_reference_is_a_login() {
    let server = places::reference().unwrap();
    let account = Account::next();
    let (user, password) = account.login();
    works(ConnectOptions::new(server.url()).user_and_password(user, password));
}
