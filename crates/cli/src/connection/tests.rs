use super::*;
use std::collections::HashMap;

fn connection(
    server: Option<&str>,
    context: Option<&str>,
    words: &[(&str, &str)],
) -> Result<Option<Connection>, Failure> {
    let words: HashMap<_, _> = words.iter().copied().collect();
    Connection::of(server, context, true, &|name| words.get(name).map(|&text| text.to_owned()))
}

#[test]
fn nothing_said_means_no_server() {
    assert!(connection(None, None, &[]).unwrap().is_none());
    assert!(connection(None, None, &[("NATS_USER", "u"), ("NATS_URL", "")]).unwrap().is_none());
    let none = Connection::of(None, None, false, &|_| Some("nats://h".into())).unwrap();
    assert!(none.is_none(), "a store that is named wins over the environment");
}

#[test]
fn flags_win_over_the_environment_and_are_repeated_in_hints() {
    let words = [("NATS_URL", "nats://env"), ("NATS_USER", "u"), ("NATS_PASSWORD", "p")];
    let by_flag = connection(Some("nats://a:1, nats://x:y@b"), None, &words).unwrap().unwrap();
    assert_eq!(by_flag.servers(), "nats://a:1,nats://b");
    assert_eq!(by_flag.flags(), " --server 'nats://a:1, nats://x:y@b'");
    let by_word = connection(None, None, &words).unwrap().unwrap();
    assert_eq!((by_word.servers().as_str(), by_word.flags()), ("nats://env", ""));
    assert_eq!((by_word.login.user.as_str(), by_word.login.password.as_str()), ("u", "p"));
}

#[test]
fn contexts_are_those_of_the_nats_tool() {
    let home = tempfile::tempdir().unwrap();
    let contexts = home.path().join(".config/nats/context");
    std::fs::create_dir_all(&contexts).unwrap();
    let write = |name: &str, text: &str| std::fs::write(contexts.join(name), text).unwrap();
    write(
        "prod.json",
        r#"{"description":"x","url":"nats://h","creds":"~/a.creds","tls_first":true,"color_scheme":""}"#,
    );
    write("odd.json", r#"{"url":"nats://h","nsc":"nsc://a/b"}"#);
    write("broken.json", "{");
    let home_text = home.path().display().to_string();
    let words = [("HOME", home_text.as_str()), ("NATS_CA", "~/ca.pem")];
    let found = connection(None, Some("prod"), &words).unwrap().unwrap();
    assert_eq!(found.login.creds, format!("{home_text}/a.creds"));
    assert_eq!(found.login.ca, format!("{home_text}/ca.pem"));
    assert!(found.login.tls_first);
    assert_eq!((found.servers().as_str(), found.flags()), ("nats://h", " --context prod"));
    let refused = |name: &str| connection(None, Some(name), &words).unwrap_err();
    assert_eq!(refused("prot").hint.unwrap(), "did you mean \"prod\"?");
    assert!(refused("odd").message.contains("nsc"));
    assert!(refused("broken").message.contains("no context"));
    assert!(refused("../context/prod").message.contains("not found"));
    let elsewhere = connection(Some("nats://other"), Some("prod"), &words).unwrap().unwrap();
    assert_eq!(elsewhere.servers(), "nats://other");
}

#[test]
fn a_time_limit_must_be_a_duration() {
    let error = connection(Some("nats://h"), None, &[("NATS_TIMEOUT", "soon")]).unwrap_err();
    assert!(error.message.contains("NATS_TIMEOUT=soon"), "{}", error.message);
}
