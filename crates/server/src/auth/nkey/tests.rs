use super::{Nonce, PublicKey, encode_server_id};
use ring::signature::{Ed25519KeyPair, KeyPair};

/// A user's key that was made by the reference's own tool.
const USER: &str = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4";

#[test]
fn the_text_form_is_checked() {
    assert!(PublicKey::parse(USER).is_some());
    let changed = |at: usize, to: &str| {
        let mut text = USER.to_owned();
        text.replace_range(at..=at, to);
        text
    };
    for wrong in [
        String::new(),
        USER[..55].to_owned(),
        format!("{USER}A"),
        changed(0, "A"),
        changed(7, "A"),
        changed(55, "5"),
        changed(3, "1"),
        changed(3, "r"),
        "U".repeat(56),
        "ü".repeat(28),
    ] {
        assert!(PublicKey::parse(&wrong).is_none(), "{wrong:?}");
    }
}

#[test]
fn servers_have_ids_of_their_kind() {
    let id = encode_server_id([1, 2, 3, u64::MAX]);
    assert_eq!((id.len(), &id[..1]), (56, "N"));
    assert!(PublicKey::parse(&id).is_none(), "a server is no user");
    assert_ne!(id, encode_server_id([1, 2, 3, 4]));
}

#[test]
fn signatures_are_of_the_nonce_and_of_the_right_length() {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[3; 32]).unwrap();
    let key = PublicKey(pair.public_key().as_ref().try_into().unwrap());
    let (nonce, other) = (Nonce::new([1; 11]), Nonce::new([2; 11]));
    assert_eq!(nonce.as_str().len(), 15);
    let url = base64::Engine::encode(&super::URL_SAFE_NO_PAD, pair.sign(nonce.as_str().as_bytes()));
    assert!(key.has_signed(&nonce, &url));
    assert!(key.has_signed(&nonce, &url.replace('-', "+").replace('_', "/")));
    assert!(!key.has_signed(&other, &url));
    for wrong in ["", "AAAA", &url[..80], &format!("{url}AAAA"), "not base64 at all!"] {
        assert!(!key.has_signed(&nonce, wrong), "{wrong:?}");
    }
    let unusable = Nonce::unusable();
    let empty = base64::Engine::encode(&super::URL_SAFE_NO_PAD, pair.sign(b""));
    assert!(!key.has_signed(&unusable, &empty));
}
