//! Who may connect (PROTOCOL 1.15).

use crate::harness::{World, connect_line, field, user};
use jetkv_server::options::{AccountOptions, Credential, Secret, UserOptions};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::json;
use std::time::Duration;

fn refused(world: &World, fields: &str) {
    let mut raw = world.raw();
    raw.send(&connect_line(fields));
    raw.expect_end("-ERR 'Authorization Violation'\r\n");
}

#[test]
fn users_show_their_passwords() {
    let world = World::new(|options| options.auth.users = vec![user("a", "secret")]);
    let info = world.socket().line();
    assert_eq!(field(&info, "auth_required"), Some(json!(true)));
    assert_eq!(field(&info, "nonce"), None);
    world.client_with("\"user\":\"a\",\"pass\":\"secret\",").check("", "");
    refused(&world, "\"user\":\"a\",\"pass\":\"secre\",");
    refused(&world, "\"user\":\"a\",\"pass\":\"secret2\",");
    refused(&world, "\"user\":\"a\",");
    refused(&world, "\"user\":\"b\",\"pass\":\"secret\",");
    refused(&world, "\"auth_token\":\"secret\",");
    refused(&world, "");
}

#[test]
fn nothing_goes_before_connect() {
    let world = World::new(|options| options.auth.users = vec![user("a", "a")]);
    for first in ["PING\r\n", "PUB foo 0\r\n\r\n", "SUB foo 1\r\n", "FOO\r\n"] {
        let mut raw = world.raw();
        raw.send(first);
        raw.expect_end("-ERR 'Authorization Violation'\r\n");
    }
}

#[test]
fn who_says_nothing_is_closed() {
    let world = World::new(|options| {
        options.auth.users = vec![user("a", "a")];
        options.auth.timeout = Duration::from_millis(20);
    });
    world.raw().expect_end("-ERR 'Authentication Timeout'\r\n");
}

#[test]
fn who_says_nothing_is_closed_although_nobody_has_to_say_who_it_is() {
    let world = World::new(|options| options.auth.timeout = Duration::from_millis(20));
    let mut talker = world.raw();
    talker.check("SUB foo 1\r\n", "+OK\r\n");
    world.raw().expect_end("-ERR 'Authentication Timeout'\r\n");
    // A part of an operation is not one.
    let mut slow = world.raw();
    slow.send("CONN");
    slow.expect_end("-ERR 'Authentication Timeout'\r\n");
    talker.check("", "");
}

#[test]
fn a_token_is_enough() {
    let world = World::new(|options| options.auth.token = Some(Secret::new("abc")));
    let mut raw = world.client_with("\"auth_token\":\"abc\",");
    raw.check("SUB foo 1\r\nPUB foo 0\r\n\r\n", "MSG foo 1 0\r\n\r\n");
    refused(&world, "\"auth_token\":\"abd\",");
    refused(&world, "\"user\":\"abc\",");
}

#[test]
fn passwords_may_be_stored_as_hashes() {
    let hash = bcrypt::hash("secret", 4).unwrap();
    let world = World::new(|options| options.auth.users = vec![user("a", &hash)]);
    world.client_with("\"user\":\"a\",\"pass\":\"secret\",").check("", "");
    refused(&world, "\"user\":\"a\",\"pass\":\"wrong\",");
    refused(&world, &format!("\"user\":\"a\",\"pass\":\"{hash}\","));
    // Operations that follow CONNECT wait until it is decided.
    let mut raw = world.raw();
    raw.send("CONNECT {\"verbose\":false,\"user\":\"a\",\"pass\":\"secret\"}\r\nSUB foo 1\r\n");
    raw.check("PUB foo 0\r\n\r\n", "MSG foo 1 0\r\n\r\n");
    let mut raw = world.raw();
    raw.send("CONNECT {\"verbose\":false,\"user\":\"a\",\"pass\":\"wrong\"}\r\nSUB foo 1\r\nPING\r\n");
    raw.expect_end("-ERR 'Authorization Violation'\r\n");
}

#[test]
fn nkey_users_sign_the_nonce() {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let public_key = nkey(pair.public_key().as_ref());
    let credential = Credential::Nkey { public_key: public_key.clone() };
    let world = World::new(|options| options.auth.users = vec![UserOptions::new(credential)]);
    let sign = |text: &str| base64(pair.sign(text.as_bytes()).as_ref());
    let connect = |signature: &dyn Fn(&str) -> String| {
        let mut raw = world.socket();
        let info = raw.line();
        let nonce = field(&info, "nonce").unwrap().as_str().unwrap().to_owned();
        assert_eq!(nonce.len(), 15);
        raw.send(&connect_line(&format!("\"nkey\":\"{public_key}\",\"sig\":\"{}\",", signature(&nonce))));
        raw
    };
    let mut raw = connect(&sign);
    raw.send("PING\r\n");
    raw.expect("PONG\r\n");
    connect(&|nonce| sign(nonce).replace('-', "+").replace('_', "/")).send("PING\r\n");
    let wrong = "-ERR 'Authorization Violation'\r\n";
    connect(&|_| sign("another nonce")).expect_end(wrong);
    connect(&|_| String::new()).expect_end(wrong);
    connect(&|nonce| sign(nonce)[..40].to_owned()).expect_end(wrong);
    refused(&world, "");
}

#[test]
fn who_shows_nothing_may_be_somebody() {
    let world = World::new(|options| {
        options.auth.users = vec![user("a", "a"), user("nobody", "x")];
        options.auth.no_auth_user = Some("nobody".to_owned());
    });
    let who = |raw: &mut crate::harness::Raw| {
        raw.send("SUB in 99\r\nPUB $SYS.REQ.USER.INFO in 0\r\n\r\n");
        while !raw.line().starts_with("MSG in") {}
        let answer: serde_json::Value = serde_json::from_str(&raw.line()).unwrap();
        answer["data"]["user"].as_str().unwrap().to_owned()
    };
    let info = world.socket().line();
    assert_eq!(crate::harness::field(&info, "auth_required"), None, "{info}");
    assert_eq!(who(&mut world.client()), "nobody");
    assert_eq!(who(&mut world.raw()), "nobody");
    assert_eq!(who(&mut world.client_with("\"user\":\"a\",\"pass\":\"a\",")), "a");
    // Whoever shows something must show the right thing.
    refused(&world, "\"user\":\"a\",\"pass\":\"b\",");
    refused(&world, "\"pass\":\"b\",");
    refused(&world, "\"auth_token\":\"b\",");
}

#[test]
fn accounts_do_not_hear_each_other() {
    let world = World::new(|options| {
        options.auth.accounts = vec![
            AccountOptions { users: vec![user("a", "a"), user("a2", "a")], ..AccountOptions::new("A") },
            AccountOptions { users: vec![user("b", "b")], ..AccountOptions::new("B") },
        ];
    });
    let mut a = world.client_with("\"user\":\"a\",\"pass\":\"a\",");
    let mut a2 = world.client_with("\"user\":\"a2\",\"pass\":\"a\",");
    let mut b = world.client_with("\"user\":\"b\",\"pass\":\"b\",");
    a.check("SUB > 1\r\n", "");
    b.check("SUB > 1\r\nPUB foo 1\r\nb\r\n", "MSG foo 1 1\r\nb\r\n");
    a2.check("PUB foo 1\r\na\r\n", "");
    a.check("", "MSG foo 1 1\r\na\r\n");
    b.check("", "");
    let mut raw = world.raw();
    raw.send(&connect_line("\"user\":\"b\",\"pass\":\"b\","));
    raw.send("PING\r\n");
    raw.expect("PONG\r\n");
    assert_eq!(field(&raw.line(), "remote_account"), Some(json!("B")));
    // Another CONNECT moves the connection, and its subscriptions are gone.
    b.check("CONNECT {\"user\":\"a\",\"pass\":\"a\",\"verbose\":false}\r\nPUB foo 1\r\nc\r\n", "");
    a.check("", "MSG foo 1 1\r\nc\r\n");
}

/// Returns the text form of the public key of a user.
fn nkey(public: &[u8]) -> String {
    let mut raw = vec![20 << 3];
    raw.extend_from_slice(public);
    let crc = raw.iter().fold(0_u16, |crc, byte| {
        (0..8).fold(
            crc ^ u16::from(*byte) << 8,
            |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 },
        )
    });
    raw.extend_from_slice(&crc.to_le_bytes());
    let bits: Vec<u8> = raw.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)).collect();
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let letter =
        |bits: &[u8]| char::from(letters[usize::from(bits.iter().fold(0, |sum, bit| sum << 1 | bit))]);
    bits.chunks(5).map(letter).collect()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
