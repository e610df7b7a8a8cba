use super::*;
use std::future::poll_fn;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

async fn sent(out: &Out<DuplexStream>) {
    poll_fn(|cx| out.poll_send(cx)).await.unwrap();
}

#[tokio::test]
async fn small_writes_go_out_together_when_they_are_sent() {
    let (near, mut far) = tokio::io::duplex(1 << 20);
    let (mut stream, out) = gathered(near);
    for part in ["one ", "two ", "three"] {
        stream.write_all(part.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
    }
    assert_eq!(out.writes(), 0);
    sent(&out).await;
    assert_eq!(out.writes(), 1);
    let mut came = [0; 13];
    far.read_exact(&mut came).await.unwrap();
    assert_eq!(&came, b"one two three");
}

#[tokio::test]
async fn what_is_large_goes_out_behind_what_was_before() {
    let (near, mut far) = tokio::io::duplex(1 << 20);
    let (mut stream, out) = gathered(near);
    let large = vec![b'x'; GATHERED_MAX + 1];
    stream.write_all(b"before").await.unwrap();
    stream.write_all(&large).await.unwrap();
    stream.write_all(b"behind").await.unwrap();
    stream.shutdown().await.unwrap();
    drop((stream, out));
    let mut came = Vec::new();
    far.read_to_end(&mut came).await.unwrap();
    assert_eq!(came, [b"before".as_slice(), &large, b"behind"].concat());
}

#[tokio::test]
async fn no_more_waits_than_there_is_room_for() {
    let (near, mut far) = tokio::io::duplex(10);
    let (mut stream, out) = gathered(near);
    let part = vec![b'x'; GATHERED_MAX / 2];
    let writing = tokio::spawn(async move {
        for _ in 0..8 {
            stream.write_all(&part).await.unwrap();
        }
        stream.shutdown().await.unwrap();
        drop((stream, out));
    });
    let mut came = Vec::new();
    far.read_to_end(&mut came).await.unwrap();
    writing.await.unwrap();
    assert_eq!(came.len(), GATHERED_MAX / 2 * 8);
}
