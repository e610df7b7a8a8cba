use super::*;
use crate::json::Strictness;

/// The texts were captured from the reference, with shorter keys.
#[test]
fn an_info_of_the_reference_is_read_and_written() {
    for text in [
        r#"{"server_id":"NDQ3SK","server_name":"n1","version":"2.15.1","proto":1,"git_commit":"b2fd3ef","go":"go1.27.2","host":"127.0.0.1","port":4222,"headers":true,"max_payload":1048576,"jetstream":true,"client_id":5,"client_ip":"127.0.0.1","api_lvl":5,"xkey":"XCHQ"}"#,
        r#"{"server_id":"NAOVQ","server_name":"NAOVQ","version":"2.15.1","proto":1,"git_commit":"b2fd3ef","go":"go1.27.2","host":"127.0.0.1","port":47407,"headers":true,"auth_required":true,"max_payload":1048576,"jetstream":true,"client_id":8,"client_ip":"127.0.0.1","domain":"hub","connect_info":true,"remote_account":"SYS","acc_is_sys":true,"api_lvl":5,"xkey":"XBTM"}"#,
    ] {
        let info: Info = json::decode(text.as_bytes(), Strictness::Lenient).unwrap();
        let mut out = Vec::new();
        info.write(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }
}
