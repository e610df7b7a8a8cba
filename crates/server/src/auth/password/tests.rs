use super::{Hasher, Password};
use crate::options::Secret;

#[test]
fn texts_are_compared_whole() {
    let stored = Password::new(&Secret::new("secret"));
    for (shown, is_right) in
        [("secret", true), ("secre", false), ("secret1", false), ("", false), ("Secret", false)]
    {
        assert_eq!(stored.verify_text(shown), Some(is_right), "{shown:?}");
    }
}

#[test]
fn what_begins_like_a_hash_is_one() {
    for prefix in ["$2a$", "$2b$", "$2x$", "$2y$"] {
        assert_eq!(Password::new(&Secret::new(format!("{prefix}11$abc"))).verify_text("x"), None);
    }
    assert!(Password::new(&Secret::new("$2c$")).verify_text("$2c$").unwrap());
}

#[test]
fn hashes_are_verified_aside() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let hasher = Hasher::new(1);
    let hash = Secret::new(bcrypt::hash("secret", 4).unwrap());
    let verify = |hash: &Secret, shown: &str| {
        runtime.block_on(hasher.clone().verify(hash.clone(), Secret::new(shown)))
    };
    assert!(verify(&hash, "secret"));
    assert!(!verify(&hash, "wrong"));
    assert!(!verify(&Secret::new("$2a$no hash"), "secret"));
    assert!(verify(&hash, "secret"), "places are given back");
}

#[test]
fn secrets_are_not_shown() {
    assert!(!format!("{:?}", Password::new(&Secret::new("secret"))).contains("secret"));
}
