use super::super::extension::HttpBody;
use super::*;
use hyper::Response;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// Answers with so many bytes.
#[derive(Debug)]
struct Bytes(usize);

impl HttpService for Bytes {
    fn answer(&self, _: Request<HttpIncoming>) -> HttpAnswer {
        HttpAnswer::now(Response::new(HttpBody::whole(vec![b'x'; self.0])))
    }
}

/// Serves a connection on which little may wait.
fn served(service: Bytes, patience: Duration) -> (DuplexStream, JoinHandle<()>) {
    let (client, server) = tokio::io::duplex(1024);
    let served = tokio::spawn(async move { serve(server, &service, patience).await });
    (client, served)
}

#[tokio::test]
async fn a_client_that_says_nothing_is_let_go() {
    let (mut client, served) = served(Bytes(1), LITTLE);
    served.await.unwrap();
    assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_head_that_never_ends_ends_the_connection() {
    let (mut client, served) = served(Bytes(1), LITTLE);
    client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let drip = tokio::spawn(async move {
        while client.write_all(b"A: b\r\n").await.is_ok() {
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    served.await.unwrap();
    drip.await.unwrap();
}

#[tokio::test]
async fn a_client_that_does_not_read_is_let_go() {
    let (mut client, served) = served(Bytes(1 << 20), LITTLE);
    client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    served.await.unwrap();
    drop(client);
}

#[tokio::test]
async fn requests_one_behind_the_other_are_answered_in_order() {
    let (mut client, _served) = served(Bytes(3), PATIENCE);
    let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let last = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    client.write_all(format!("{request}{request}{last}").as_bytes()).await.unwrap();
    let mut text = String::new();
    client.read_to_string(&mut text).await.unwrap();
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 3, "{text}");
    assert_eq!(text.matches("\r\n\r\nxxx").count(), 3, "{text}");
}

#[tokio::test]
async fn more_requests_at_once_than_fit_into_a_turn_are_all_answered() {
    const MANY: usize = 1_000;
    let (client, _served) = served(Bytes(3), PATIENCE);
    let (mut from, mut to) = tokio::io::split(client);
    let sending = tokio::spawn(async move {
        let requests = "GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(MANY - 1);
        let last = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        to.write_all(format!("{requests}{last}").as_bytes()).await.unwrap();
    });
    let mut text = String::new();
    from.read_to_string(&mut text).await.unwrap();
    sending.await.unwrap();
    assert_eq!(text.matches("\r\n\r\nxxx").count(), MANY);
}

/// Whoever is to be let go is let go at once.
const LITTLE: Duration = Duration::from_millis(20);
