use super::{AuthError, Users};
use crate::options::{AccountOptions, AuthOptions, Credential, Secret, UserOptions};

fn user(name: &str) -> UserOptions {
    UserOptions::new(Credential::Password { user: name.to_owned(), password: Secret::new("p") })
}

fn nkey(key: &str) -> UserOptions {
    UserOptions::new(Credential::Nkey { public_key: key.to_owned() })
}

#[test]
fn wrong_tables_are_refused_by_name() {
    let check = |change: fn(&mut AuthOptions), expected: &str| {
        let mut options = AuthOptions::default();
        change(&mut options);
        assert_eq!(Users::new(&options).unwrap_err().to_string(), expected);
    };
    check(|auth| auth.users = vec![user("a"), user("a")], "user \"a\" occurs twice");
    check(
        |auth| {
            auth.users = vec![user("a")];
            auth.accounts = vec![AccountOptions { users: vec![user("a")], ..AccountOptions::new("A") }];
        },
        "user \"a\" occurs twice",
    );
    check(
        |auth| auth.accounts = vec![AccountOptions::new("A"), AccountOptions::new("A")],
        "account \"A\" occurs twice",
    );
    check(|auth| auth.users = vec![user("")], "a user has no name");
    check(|auth| auth.users = vec![nkey("UABC")], "\"UABC\" is no public nkey of a user");
    check(|auth| auth.no_auth_user = Some("x".to_owned()), "no_auth_user \"x\" is no user");
    check(
        |auth| {
            auth.token = Some(Secret::new("t"));
            auth.users = vec![user("a")];
        },
        "a token and users cannot both be configured",
    );
}

#[test]
fn an_empty_table_requires_nothing() {
    let users = Users::new(&AuthOptions::default()).unwrap();
    assert!(!users.is_required() && !users.needs_nonce());
    assert!(
        matches!(Users::new(&AuthOptions { token: Some(Secret::new("")), ..AuthOptions::default() }), Ok(users) if users.is_required())
    );
    let error = AuthError::NoName;
    assert_eq!(error, error.clone());
}
