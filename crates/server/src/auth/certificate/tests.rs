use super::{CertificateNames, SubjectName, escaped};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// Made by openssl for the subject `CN=derek, OU=dev`, an e-mail address and a host name.
const CLIENT: &[u8] = include_bytes!("../../../tests/fixtures/client.pem");
const SERVER: &[u8] = include_bytes!("../../../tests/fixtures/server.pem");

fn der(pem: &[u8]) -> Vec<u8> {
    CertificateDer::from_pem_slice(pem).unwrap().to_vec()
}

#[test]
fn names_come_in_the_order_in_which_they_count() {
    let names = CertificateNames::read(&der(CLIENT)).unwrap();
    assert_eq!(names.alternatives().collect::<Vec<_>>(), ["derek@example.org", "derek.example.org"]);
    for same in ["OU=dev,CN=derek", "CN=derek,OU=dev", "cn=derek, ou=dev", " CN = derek , OU=dev "] {
        assert_eq!(SubjectName::parse(same).as_ref(), names.subject(), "{same:?}");
    }
    for other in [
        "derek",
        "CN=derek",
        "CN=derek,OU=dev,O=x",
        "CN=derek,OU=dev,OU=dev",
        "CN=derek+OU=dev",
        "CN=Derek,OU=dev",
        "CN=derek\\,OU=dev",
        "",
    ] {
        assert_ne!(SubjectName::parse(other).as_ref(), names.subject(), "{other:?}");
    }
    let names = CertificateNames::read(&der(SERVER)).unwrap();
    assert_eq!(names.alternatives().collect::<Vec<_>>(), ["localhost"], "addresses are no names");
    assert_eq!(names.subject(), SubjectName::parse("CN=localhost").as_ref());
}

#[test]
fn escapes_keep_parts_together() {
    let parse = |text| SubjectName::parse(text).map(|name| name.0);
    let strings = |list: &[&str]| Some(list.iter().map(|&each| each.to_owned()).collect::<Vec<_>>());
    assert_eq!(parse("CN=a\\,b,OU=c"), strings(&["CN=a\\,b", "OU=c"]));
    assert_eq!(parse("CN=a\\\\,OU=c"), strings(&["CN=a\\\\", "OU=c"]));
    assert_eq!(parse("CN=a\\ "), strings(&["CN=a\\ "]));
    assert_eq!(parse("OU=b+CN=a"), strings(&["CN=a+OU=b"]));
    assert_eq!(parse("CN=a\\+b"), strings(&["CN=a\\+b"]));
}

#[test]
fn what_is_cut_or_changed_is_never_misread() {
    let whole = der(CLIENT);
    for end in 0..whole.len() {
        assert_eq!(CertificateNames::read(&whole[..end]), None, "cut at {end}");
    }
    let good = CertificateNames::read(&whole).unwrap();
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed[at] ^= 1 << bit;
            // It must come to an end; what a verified certificate says was not changed.
            let _ = CertificateNames::read(&changed);
        }
    }
    assert_eq!(CertificateNames::read(&whole), Some(good));
}

#[test]
fn characters_with_a_meaning_are_escaped() {
    for (value, expected) in [
        ("plain", "plain"),
        ("a,OU=dev", "a\\,OU=dev"),
        ("a+b", "a\\+b"),
        (" a ", "\\ a\\ "),
        ("#a", "\\#a"),
        ("a#", "a#"),
        ("\\", "\\\\"),
        (" ", "\\ "),
    ] {
        assert_eq!(escaped(value), expected);
    }
}
