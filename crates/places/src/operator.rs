//! The reference in operator mode: who connects shows a JWT that an account has signed, and which an operator has signed.

use compat::{CompatError, Launch, Peers, Program, Server};
use data_encoding::BASE64URL_NOPAD;
use nkeys::KeyPair;
use serde_json::{Value, json};

/// A reference server that trusts one operator, and the credentials of one user.
#[derive(Debug)]
pub struct Operated {
    /// The server.
    pub server: Server,
    /// The text of the user's `.creds` file.
    pub credentials: String,
}

impl Operated {
    /// Makes the keys, signs who may do what, and starts the server.
    ///
    /// # Errors
    /// If the reference server cannot be fetched or started.
    pub fn start() -> Result<Self, CompatError> {
        let (operator, system, account, user) =
            (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_account(), KeyPair::new_user());
        let unlimited = json!({
            "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1,
            "leaf": -1, "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1,
        });
        let no_streams = json!({
            "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
        });
        let of_account = |limits: &Value| json!({ "type": "account", "version": 2, "limits": limits });
        let of_operator = json!({ "type": "operator", "version": 2, "system_account": system.public_key() });
        let of_user = json!({ "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1 });
        let operator_jwt = signed(&operator, &operator, "operator", of_operator);
        let system_jwt = signed(&operator, &system, "system", of_account(&no_streams));
        let account_jwt = signed(&operator, &account, "account", of_account(&unlimited));
        let user_jwt = signed(&account, &user, "user", of_user);
        let config = format!(
            "operator: {operator_jwt}\nsystem_account: {}\nresolver: MEMORY\nresolver_preload: {{\n  {}: {system_jwt}\n  {}: {account_jwt}\n}}\n",
            system.public_key(),
            system.public_key(),
            account.public_key()
        );
        let launch = Launch { config: Some(config), ..Launch::default() };
        let server = Program::reference(&Peers::in_target())?.launch(&launch)?;
        let seed = user.seed().unwrap_or_default();
        let credentials = format!(
            "-----BEGIN NATS USER JWT-----\n{user_jwt}\n------END NATS USER JWT------\n\n\
             -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
        );
        Ok(Self { server, credentials })
    }
}

/// Returns the claims of `subject`, signed by `issuer`.
fn signed(issuer: &KeyPair, subject: &KeyPair, name: &str, what: Value) -> String {
    let claims = json!({
        "jti": name.to_uppercase(), "iat": 1_700_000_000, "iss": issuer.public_key(), "name": name,
        "sub": subject.public_key(), "nats": what,
    });
    let part = |json: &Value| BASE64URL_NOPAD.encode(json.to_string().as_bytes());
    let head = json!({ "typ": "JWT", "alg": "ed25519-nkey" });
    let signed = format!("{}.{}", part(&head), part(&claims));
    let signature = issuer.sign(signed.as_bytes()).unwrap_or_default();
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
}
