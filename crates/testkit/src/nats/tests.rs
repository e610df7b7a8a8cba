use super::*;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

fn all(mut input: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let Some((frame, bytes)) = take_frame(input).unwrap() {
        frames.push(frame);
        input = &input[bytes..];
    }
    assert_eq!(input, b"", "something is left");
    frames
}

#[test]
fn every_frame_of_a_server_is_read() {
    let input = b"INFO {\"a\":1} \r\nPING\r\nPONG\r\n+OK\r\n-ERR 'Stale Connection'\r\nMSG a.b 1 2\r\nxy\r\n\
        MSG a 1 r.1 0\r\n\r\nHMSG a s r 12 14\r\nNATS/1.0\r\n\r\nv3\r\n";
    let message = |subject: &str, sid: &str, reply: Option<&str>, headers: Option<&str>, payload: &str| {
        Frame::Message(Message {
            subject: subject.into(),
            sid: sid.into(),
            reply: reply.map(Into::into),
            headers: headers.map(Into::into),
            payload: payload.into(),
        })
    };
    let expected = [
        Frame::Info(b"{\"a\":1} ".to_vec()),
        Frame::Ping,
        Frame::Pong,
        Frame::Ok,
        Frame::Err(b"'Stale Connection'".to_vec()),
        message("a.b", "1", None, None, "xy"),
        message("a", "1", Some("r.1"), None, ""),
        message("a", "s", Some("r"), Some("NATS/1.0\r\n\r\n"), "v3"),
    ];
    assert_eq!(all(input), expected);
}

#[test]
fn a_frame_is_incomplete_until_its_last_byte() {
    let whole = b"HMSG a s r 12 14\r\nNATS/1.0\r\n\r\nv3\r\n";
    for end in 0..whole.len() {
        assert_eq!(take_frame(&whole[..end]), Ok(None), "{end} bytes");
    }
    assert_eq!(take_frame(whole).unwrap().unwrap().1, whole.len());
}

#[test]
fn what_no_server_may_send_is_an_error() {
    for input in [
        "MSG a 1\r\n",
        "MSG a 1 r 2 3 4\r\n",
        "HMSG a 1 9 3\r\n",
        "MSG a 1 x\r\n",
        "PUB a 0\r\n",
        "MSG a 1 1\r\nxyz",
    ] {
        assert!(take_frame(input.as_bytes()).is_err(), "{input:?}");
    }
}

#[test]
fn statuses_and_headers_are_found() {
    let with = |block: &str| Message { headers: Some(block.into()), ..Message::default() };
    assert_eq!(with("NATS/1.0 204 EOB\r\nA: 1\r\n\r\n").status().as_deref(), Some("204 EOB"));
    assert_eq!(with("NATS/1.0\r\nA: 1\r\nA:2 \r\n\r\n").status(), None);
    assert_eq!(with("NATS/1.0\r\nA: 1\r\nA:2 \r\n\r\n").header("A").as_deref(), Some("2"));
    assert_eq!(with("NATS/1.0\r\nA: 1\r\n\r\n").header("a"), None);
}

#[test]
fn a_publication_counts_headers_and_body() {
    let headers = b"NATS/1.0\r\n\r\n";
    assert_eq!(publication("a", None, "xy".into()), b"PUB a 2\r\nxy\r\n");
    assert_eq!(
        publication("a", Some("r"), Request { headers, payload: b"xy" }),
        b"HPUB a r 12 14\r\nNATS/1.0\r\n\r\nxy\r\n"
    );
}

#[test]
fn a_request_finds_its_answer_among_other_frames() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.write_all(b"INFO {} \r\n").unwrap();
        let mut received = Vec::new();
        while !received.ends_with(b"body\r\n") {
            let mut byte = [0];
            socket.read_exact(&mut byte).unwrap();
            received.push(byte[0]);
            if received.ends_with(b"PING\r\n") {
                socket.write_all(b"PONG\r\nINFO {} \r\n").unwrap();
            }
        }
        let text = String::from_utf8(received).unwrap();
        let reply = text.split(' ').find(|word| word.starts_with("_INBOX.") && !word.contains('*')).unwrap();
        socket
            .write_all(format!("MSG other 7 1\r\nx\r\nPING\r\nMSG {reply} answers 2\r\nok\r\n").as_bytes())
            .unwrap();
        let mut pong = [0; 6];
        socket.read_exact(&mut pong).unwrap();
        pong
    });
    let mut client = Client::connect(&address, DEFAULT_CONNECT).unwrap();
    assert_eq!(client.info(), b"{} ");
    assert_eq!(client.request("a.b", "body").unwrap().payload, b"ok");
    assert_eq!(client.next_message("7", Duration::from_secs(10)).unwrap().unwrap().payload, b"x");
    assert_eq!(&server.join().unwrap(), b"PONG\r\n");
    let error = client.flush().unwrap_err();
    assert!(
        matches!(error.kind(), std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::BrokenPipe),
        "{error}"
    );
}
