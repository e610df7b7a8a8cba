use super::{CertificateNames, escaped};
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
    assert_eq!(
        names.iter().collect::<Vec<_>>(),
        ["derek@example.org", "derek.example.org", "OU=dev,CN=derek"]
    );
    let names = CertificateNames::read(&der(SERVER)).unwrap();
    assert_eq!(names.iter().collect::<Vec<_>>(), ["localhost", "CN=localhost"], "addresses are no names");
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
