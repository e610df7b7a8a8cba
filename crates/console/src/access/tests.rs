use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Default)]
struct Counting(AtomicUsize);

impl Login for Counting {
    fn login(&self, credentials: Credentials) -> LoginFuture {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            match credentials {
                Credentials::Password { user, password } if user == "anna" && password == "a:b" => {
                    JetStream::memory()
                        .await
                        .map(Seat::at)
                        .map_err(|error| LoginError::Unavailable(error.to_string()))
                }
                Credentials::Token(token) if token == "t0" => JetStream::memory()
                    .await
                    .map(Seat::at)
                    .map_err(|error| LoginError::Unavailable(error.to_string())),
                _ => Err(LoginError::Denied),
            }
        })
    }
}

fn with(authorization: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, authorization.parse().unwrap());
    headers
}

fn basic(pair: &str) -> HeaderMap {
    with(&format!("Basic {}", STANDARD.encode(pair)))
}

#[tokio::test]
async fn whoever_is_known_is_not_asked_twice() {
    let login = Arc::new(Counting::default());
    let keeper = Doorkeeper::new(Access::PerUser(login.clone()));
    assert!(keeper.admit(&basic("anna:a:b")).await.is_ok());
    assert!(keeper.admit(&basic("anna:a:b")).await.is_ok());
    assert!(keeper.admit(&with("Bearer t0")).await.is_ok());
    assert_eq!(login.0.load(Ordering::Relaxed), 2);
    keeper.forget();
    assert!(keeper.admit(&basic("anna:a:b")).await.is_ok());
    assert_eq!(login.0.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn bad_credentials_are_refused_and_not_remembered() {
    let login = Arc::new(Counting::default());
    let keeper = Doorkeeper::new(Access::PerUser(login.clone()));
    for headers in [HeaderMap::new(), basic("anna:a"), basic("anna:a:c"), basic("bob:a:b"), with("Bearer t")]
    {
        assert!(keeper.admit(&headers).await.is_err());
    }
    assert_eq!(login.0.load(Ordering::Relaxed), 5);
    for nonsense in ["Basic", "Basic !!!", "Digest x", &format!("Basic {}", STANDARD.encode("no colon"))] {
        assert!(keeper.admit(&with(nonsense)).await.is_err(), "{nonsense}");
    }
    assert_eq!(login.0.load(Ordering::Relaxed), 5);
}
