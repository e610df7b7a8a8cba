use super::{Credentials, Verdict};
use crate::auth::Users;
use crate::options::{AccountOptions, AuthOptions, Credential, Secret, UserOptions};

fn user(name: &str, password: &str) -> UserOptions {
    UserOptions::new(Credential::Password { user: name.to_owned(), password: Secret::new(password) })
}

fn table(change: impl FnOnce(&mut AuthOptions)) -> Users {
    let mut options = AuthOptions::default();
    change(&mut options);
    Users::new(&options).unwrap()
}

fn shown<'a>(user: &'a str, password: &'a str) -> Credentials<'a> {
    Credentials { user, password, ..Credentials::default() }
}

fn is_accepted(users: &Users, shown: &Credentials<'_>) -> bool {
    matches!(users.check(shown), Verdict::Accepted(_))
}

#[test]
fn an_empty_password_is_a_password() {
    let users = table(|auth| auth.users = vec![user("a", ""), user("b", "b")]);
    assert!(is_accepted(&users, &shown("a", "")));
    assert!(!is_accepted(&users, &shown("b", "")));
    assert!(!is_accepted(&users, &shown("", "")));
}

#[test]
fn users_of_accounts_belong_to_them() {
    let users = table(|auth| {
        auth.users = vec![user("g", "p")];
        auth.accounts = vec![AccountOptions { users: vec![user("a", "p")], ..AccountOptions::new("A") }];
    });
    let account = |name: &str| match users.check(&shown(name, "p")) {
        Verdict::Accepted(identity) => identity.account().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!((account("g"), account("a")), ("$G".to_owned(), "A".to_owned()));
}

#[test]
fn users_that_may_not_use_tcp_are_refused() {
    let only = |kinds: &[&str]| {
        let kinds: Vec<String> = kinds.iter().map(|&kind| kind.to_owned()).collect();
        table(|auth| auth.users = vec![UserOptions { allowed_connection_types: kinds, ..user("a", "a") }])
    };
    assert!(is_accepted(&only(&["WEBSOCKET", "STANDARD"]), &shown("a", "a")));
    assert!(!is_accepted(&only(&["WEBSOCKET"]), &shown("a", "a")));
}

#[test]
fn a_name_that_nobody_has_takes_the_time_of_one_that_somebody_has() {
    let hash = "$2a$04$abcdefghijklmnopqrstuu5Ow9jzhCbGq3uTQqqjyPY1YzFEQ3dPm";
    let users = table(|auth| auth.users = vec![user("a", hash), user("b", "b")]);
    let asks_for_the_hash = |name: &str, expected: Option<bool>| match users.check(&shown(name, "x")) {
        Verdict::IfHashed { hash: found, identity, .. } => {
            assert_eq!((found.reveal(), Some(identity.is_some())), (hash, expected), "{name}");
        }
        other => assert!(expected.is_none(), "{name}: {other:?}"),
    };
    asks_for_the_hash("a", Some(true));
    asks_for_the_hash("nobody", Some(false));
    asks_for_the_hash("b", None);
    let plain = table(|auth| auth.users = vec![user("b", "b")]);
    assert_eq!(plain.check(&shown("nobody", "x")), Verdict::Refused);
}

#[test]
fn a_jwt_is_no_way_in() {
    let users = table(|auth| {
        auth.users = vec![user("a", "a")];
        auth.no_auth_user = Some("a".to_owned());
    });
    assert!(is_accepted(&users, &Credentials::default()));
    assert!(!is_accepted(&users, &Credentials { jwt: "ey", ..Credentials::default() }));
    assert!(!is_accepted(&users, &Credentials { nkey: "U", ..Credentials::default() }));
}

#[test]
fn a_reload_keeps_who_is_still_the_same() {
    let before = table(|auth| auth.users = vec![user("a", "a"), user("b", "b")]);
    let after = table(|auth| auth.users = vec![user("a", "a"), user("b", "new")]);
    let identity = |name: &str, password: &str| match before.check(&shown(name, password)) {
        Verdict::Accepted(identity) => identity,
        other => panic!("{other:?}"),
    };
    assert!(after.still_accepts(&before, &identity("a", "a")));
    assert!(!after.still_accepts(&before, &identity("b", "b")));
    let (open, token) = (table(|_| {}), table(|auth| auth.token = Some(Secret::new("t"))));
    let anybody = open.without_connect().unwrap();
    assert!(open.still_accepts(&open, &anybody));
    assert!(!token.still_accepts(&open, &anybody));
    assert!(!after.still_accepts(&open, &anybody));
    assert!(token.without_connect().is_none());
}
