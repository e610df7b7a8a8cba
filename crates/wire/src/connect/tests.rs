use super::*;

fn parse(json: &str) -> Connect {
    Connect::parse(json.as_bytes()).unwrap()
}

#[test]
fn what_official_clients_send_is_understood() {
    for json in [
        r#"{"echo": true, "headers": true, "lang": "python3", "no_responders": true, "pedantic": false, "protocol": 1, "verbose": false, "version": "2.16.0"}"#,
        r#"{"no_responders":true,"protocol":1,"verbose":false,"pedantic":false,"lang":"nats.js","version":"3.4.0","headers":true}"#,
        r#"{"verbose":false,"pedantic":false,"tls_required":false,"name":"","lang":"C","version":"3.14.0-beta","protocol":1,"echo":true,"headers":true,"no_responders":true}"#,
        r#"{"verbose":false,"pedantic":false,"jwt":null,"nkey":null,"sig":null,"name":null,"echo":true,"lang":"rust","version":"0.49.1","protocol":1,"tls_required":false,"user":null,"pass":null,"auth_token":null,"headers":true,"no_responders":true}"#,
    ] {
        let connect = parse(json);
        assert!(!connect.verbose && !connect.pedantic && connect.echo, "{json}");
        assert!(connect.headers && connect.no_responders && connect.protocol == 1, "{json}");
        assert_eq!(connect.refusal(), None);
        assert_eq!((connect.user.as_str(), connect.name.as_str()), ("", ""));
    }
}

#[test]
fn absent_fields_have_the_defaults_of_a_client_without_connect() {
    let connect = parse("{}");
    assert_eq!(connect, Connect::default());
    assert!(connect.verbose && connect.pedantic && connect.echo && !connect.headers);
    assert_eq!(parse("null"), connect);
    assert_eq!(parse(r#"{"verbose":null,"echo":null,"unknown":[{}]}"#), connect);
}

#[test]
fn wishes_that_no_server_grants_are_refused_with_the_texts_of_the_reference() {
    assert_eq!(parse(r#"{"protocol":2}"#).refusal(), Some("invalid client protocol"));
    assert_eq!(parse(r#"{"protocol":-1}"#).refusal(), Some("invalid client protocol"));
    let text = "no responders requires headers support";
    assert_eq!(parse(r#"{"no_responders":true}"#).refusal(), Some(text));
}

#[test]
fn what_is_no_object_of_the_right_types_is_an_error() {
    for json in ["", "[]", "{}x", "x", r#"{"verbose":"x"}"#, r#"{"protocol":1.5}"#, r#"{"user":1}"#, "{"] {
        assert!(Connect::parse(json.as_bytes()).is_err(), "{json}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let connect = parse(r#"{"pass":"hunter2","auth_token":"hunter2","jwt":"hunter2","sig":"hunter2"}"#);
    assert!(!format!("{connect:?}").contains("hunter2"));
}
