use super::*;

/// The text was captured from the reference, with shorter names.
#[test]
fn the_answer_has_the_fields_of_the_reference() {
    let server = ServerInfo {
        name: "n",
        host: "127.0.0.1",
        id: "N1",
        ver: "2.15.1",
        feature_flags: BTreeMap::new(),
        jetstream: true,
        flags: 7,
        seq: 19,
        time: Timestamp::from_nanos(1_500_000_000),
    };
    let publish = Some(Subjects { allow: vec![">"], deny: Vec::new() });
    let permissions = Some(Permissions { publish, subscribe: None });
    let data = User { user: "aa", account: "A", account_name: "A", permissions };
    let mut out = Vec::new();
    UserInfo { server, data }.write(&mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "{\"server\":{\"name\":\"n\",\"host\":\"127.0.0.1\",\"id\":\"N1\",\"ver\":\"2.15.1\",\"jetstream\":true,\"flags\":7,\
         \"seq\":19,\"time\":\"1970-01-01T00:00:01.5Z\"},\"data\":{\"user\":\"aa\",\"account\":\"A\",\"account_name\":\"A\",\
         \"permissions\":{\"publish\":{\"allow\":[\"\\u003e\"]}}}}"
    );
}
