use super::*;

fn check(method: Method, pairs: &[(&'static str, &str)]) -> bool {
    let guard = Guard { names: vec!["kv.example".into()] };
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.insert(*name, value.parse().unwrap());
    }
    guard.check(&method, &headers, Hosts::Known).is_ok()
}

#[test]
fn own_names_and_addresses_are_let_in() {
    for host in ["localhost:8222", "127.0.0.1:8222", "[::1]:8222", "10.1.2.3", "KV.example:80"] {
        assert!(check(Method::GET, &[("host", host)]), "{host}");
    }
}

#[test]
fn a_foreign_name_for_this_address_is_refused() {
    for host in ["evil.example", "evil.example:8222", "localhost.evil.example", ""] {
        assert!(!check(Method::GET, &[("host", host)]), "{host}");
    }
}

#[test]
fn other_sites_may_neither_write_nor_read() {
    for method in [Method::PUT, Method::GET, Method::POST] {
        assert!(!check(method.clone(), &[("host", "localhost"), ("origin", "http://evil.example")]));
        assert!(!check(method.clone(), &[("host", "localhost"), ("origin", "null")]));
        assert!(!check(method.clone(), &[("host", "localhost"), ("sec-fetch-site", "cross-site")]));
        // Another port of the same machine is another program's.
        assert!(!check(method.clone(), &[("host", "localhost:1"), ("origin", "http://localhost:2")]));
        assert!(!check(method, &[("host", "localhost"), ("sec-fetch-site", "same-site")]));
    }
}

#[test]
fn the_own_page_and_a_link_are_let_in() {
    let own = [("host", "localhost:1"), ("origin", "http://localhost:1"), ("sec-fetch-site", "same-origin")];
    assert!(check(Method::PUT, &own));
    assert!(check(Method::GET, &[("host", "localhost"), ("sec-fetch-site", "none")]));
    let link = [("host", "localhost"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
    assert!(check(Method::GET, &link));
    assert!(!check(Method::POST, &link));
}

#[test]
fn where_any_host_may_be_meant_other_sites_are_refused_nevertheless() {
    let guard = Guard::default();
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("kv.internal:8222"));
    assert!(guard.check(&Method::GET, &headers, Hosts::Any).is_ok());
    assert!(guard.check(&Method::GET, &headers, Hosts::Known).is_err());
    headers.insert("origin", HeaderValue::from_static("http://evil.example"));
    assert!(guard.check(&Method::GET, &headers, Hosts::Any).is_err());
}
