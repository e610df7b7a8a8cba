//! Keys and header blocks that nobody should send (RELIABILITY, row 20): whatever they hold and whichever way they come in, nothing
//! is stored, whoever asks is told, what is told is text, and the log stays one line per line.

use crate::harness::{Lines, World};
use jetkv_engine::env::Env;
use jetkv_server::options::JetStreamOptions;
use jetkv_server::{LogLevel, LogSink};
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use testkit::nats::{Client, DEFAULT_CONNECT, Frame, Message};

struct Scene {
    world: World,
    lines: Arc<Lines>,
    client: Client,
    asked: u64,
}

/// What came back for one operation, and whether the connection is still there.
#[derive(Debug)]
struct Told {
    messages: Vec<Message>,
    errors: Vec<String>,
    closed: bool,
}

impl Scene {
    fn new() -> Self {
        let lines = Lines::new(LogLevel::Trace);
        let log: Arc<dyn LogSink> = Arc::<Lines>::clone(&lines);
        let change = |options: &mut jetkv_server::ServerOptions| {
            options.jetstream = Some(JetStreamOptions::new("/data"));
        };
        let world = World::try_on(Env::memory(), log, change).unwrap();
        let client = connect(&world);
        let mut scene = Self { world, lines, client, asked: 0 };
        let config = json!({
            "name": "KV_b", "subjects": ["$KV.b.>"], "max_msgs_per_subject": 5, "allow_direct": true,
            "allow_rollup_hdrs": true, "allow_atomic": true, "allow_msg_ttl": true,
        });
        let created = scene.ask(b"$JS.API.STREAM.CREATE.KV_b", b"", config.to_string().as_bytes());
        assert!(created.errors.is_empty() && !created.closed, "{created:?}");
        scene
    }

    /// Publishes to `subject` with a reply subject, with these headers if there are any, and returns what came back.
    fn ask(&mut self, subject: &[u8], headers: &[u8], payload: &[u8]) -> Told {
        self.asked += 1;
        let reply = format!("answer.{}", self.asked);
        let verb: &[u8] = if headers.is_empty() { b"PUB " } else { b"HPUB " };
        let sizes = match headers.len() {
            0 => payload.len().to_string(),
            length => format!("{length} {}", length + payload.len()),
        };
        let line = [verb, subject, format!(" {reply} {sizes}\r\n").as_bytes()].concat();
        let bytes = [&line, headers, payload, b"\r\nPING\r\n"].concat();
        // The server may close the connection before it has read everything.
        let _ = self.client.send(&bytes);
        let mut told = Told { messages: Vec::new(), errors: Vec::new(), closed: false };
        loop {
            match self.client.next(PATIENCE) {
                Ok(Some(Frame::Message(message))) => told.messages.push(message),
                Ok(Some(Frame::Err(text))) => told.errors.push(String::from_utf8(text).unwrap()),
                Ok(Some(Frame::Pong)) => break,
                Ok(Some(_)) => {}
                Ok(None) => panic!("nothing came back for {}", line.escape_ascii()),
                Err(error)
                    if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) =>
                {
                    told.closed = true;
                    self.client = connect(&self.world);
                    break;
                }
                Err(error) => panic!("{error} for {}", line.escape_ascii()),
            }
        }
        told
    }

    /// Asks, and demands that the answer is an error.
    fn refused(&mut self, what: &str, subject: &[u8], headers: &[u8], payload: &[u8]) {
        let told = self.ask(subject, headers, payload);
        assert!(
            told.closed || !told.errors.is_empty() || told.messages.iter().any(is_error),
            "{what}: {} is not refused: {told:?}",
            subject.escape_ascii()
        );
        for message in &told.messages {
            assert!(is_error(message), "{what}: {} also got {message:?}", subject.escape_ascii());
        }
    }

    /// Checks that the bucket has never had a message and no consumer, and that there is no other stream.
    fn nothing_is_stored(&mut self) {
        let told = self.ask(b"$JS.API.STREAM.INFO.KV_b", b"", b"");
        let info: Value = serde_json::from_slice(&told.messages[0].payload).unwrap();
        assert_eq!(info["state"]["last_seq"], 0, "{info}");
        assert_eq!(info["state"]["consumer_count"], 0, "{info}");
        let told = self.ask(b"$JS.API.STREAM.NAMES", b"", b"");
        let names: Value = serde_json::from_slice(&told.messages[0].payload).unwrap();
        assert_eq!(names["streams"], json!(["KV_b"]));
    }

    /// Checks that nothing in the log breaks its lines.
    fn log_is_clean(&self) {
        let lines = self.lines.all();
        assert!(lines.len() > 100, "the log says nothing: {lines:?}");
        for line in lines {
            assert!(!line.chars().any(char::is_control), "{line:?}");
        }
    }
}

fn connect(world: &World) -> Client {
    let mut client = Client::connect(&world.server().local_addr().to_string(), DEFAULT_CONNECT).unwrap();
    client.subscribe("answer.*", None, "1").unwrap();
    client
}

/// Says whether an answer is an error, and checks that its JSON is one.
fn is_error(message: &Message) -> bool {
    if let Some(status) = message.status() {
        return ["404", "408", "503", "400"].iter().any(|code| status.starts_with(code));
    }
    let text = std::str::from_utf8(&message.payload).unwrap();
    let body: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    body["error"]["description"].is_string()
}

/// Keys that are no keys, each with what is wrong with it.
fn bad_keys() -> Vec<(&'static str, Vec<u8>)> {
    let mut keys: Vec<(&str, Vec<u8>)> = Vec::new();
    for key in ["", "a..b", ".a", "a.", ".", ".."] {
        keys.push(("empty token", key.into()));
    }
    for control in (0..b' ').chain([0x7f]) {
        keys.push(("control", vec![b'a', control, b'b']));
        keys.push(("control", vec![control]));
    }
    for lead in 0x80..=0xff {
        keys.push(("not UTF-8", vec![b'a', lead, b'b']));
        keys.push(("not UTF-8", vec![lead]));
    }
    for text in [
        &b"\xc0\x80"[..],
        b"\xe0\x80\x80",
        b"\xed\xa0\x80",
        b"\xf0\x80\x80\x80",
        b"\xf4\x90\x80\x80",
        b"\xe2\x82",
        b"\xf0\x9f\x98",
    ] {
        keys.push(("not UTF-8", text.to_vec()));
    }
    keys.push(("space", b"a b".to_vec()));
    keys.push(("over-long", vec![b'k'; 5000]));
    keys
}

#[test]
fn bad_keys_are_refused_whichever_way_they_come() {
    let mut scene = Scene::new();
    let plain = b"NATS/1.0\r\nA: b\r\n\r\n";
    let rollup = b"NATS/1.0\r\nNats-Rollup: sub\r\n\r\n";
    for (number, (what, key)) in bad_keys().iter().enumerate() {
        let subject = [b"$KV.b.", &key[..]].concat();
        let batch = format!(
            "NATS/1.0\r\nNats-Batch-Id: u{number}\r\nNats-Batch-Sequence: 1\r\nNats-Batch-Commit: 1\r\n\r\n"
        );
        for (way, headers) in
            [("PUB", &b""[..]), ("HPUB", plain), ("rollup", rollup), ("batch", batch.as_bytes())]
        {
            scene.refused(&format!("{way}, {what}"), &subject, headers, b"x");
        }
        let get = [b"$JS.API.DIRECT.GET.KV_b.", &subject[..]].concat();
        scene.refused(&format!("direct get, {what}"), &get, b"", b"");
        let create = [b"$JS.API.CONSUMER.CREATE.KV_b.w.", &subject[..]].concat();
        scene.refused(&format!("consumer subject, {what}"), &create, b"", b"{}");
    }
    scene.nothing_is_stored();
    scene.log_is_clean();
}

#[test]
fn bad_keys_in_the_bodies_of_requests_are_refused() {
    let mut scene = Scene::new();
    for (what, key) in bad_keys() {
        // JSON holds text only; what is none is replaced in it, here as in the reference.
        let (Ok(text), false) = (String::from_utf8(key.clone()), what == "over-long") else { continue };
        let subject = format!("$KV.b.{text}");
        for body in [json!({ "last_by_subj": subject }), json!({ "seq": 0, "next_by_subj": subject })] {
            let body = body.to_string();
            scene.refused(&format!("direct get, {what}"), b"$JS.API.DIRECT.GET.KV_b", b"", body.as_bytes());
            scene.refused(&format!("MSG.GET, {what}"), b"$JS.API.STREAM.MSG.GET.KV_b", b"", body.as_bytes());
        }
        // As raw bytes control characters are no JSON.
        let raw = format!("{{\"last_by_subj\":\"{subject}\"}}");
        scene.refused(&format!("raw MSG.GET, {what}"), b"$JS.API.STREAM.MSG.GET.KV_b", b"", raw.as_bytes());
        for config in [
            json!({ "ack_policy": "none", "filter_subject": subject }),
            json!({ "ack_policy": "none", "filter_subjects": [subject] }),
            json!({ "ack_policy": "none", "filter_subjects": ["$KV.b.a", subject] }),
        ] {
            let body = json!({ "stream_name": "KV_b", "config": config }).to_string();
            scene.refused(&format!("filter, {what}"), b"$JS.API.CONSUMER.CREATE.KV_b", b"", body.as_bytes());
        }
        let body = json!({ "name": "S", "subjects": [format!("s.{text}")] }).to_string();
        scene.refused(&format!("stream, {what}"), b"$JS.API.STREAM.CREATE.S", b"", body.as_bytes());
        let body = json!({ "name": "S", "subjects": ["s.a", format!("t.{text}")] }).to_string();
        scene.refused(&format!("stream, {what}"), b"$JS.API.STREAM.CREATE.S", b"", body.as_bytes());
    }
    scene.nothing_is_stored();
    scene.log_is_clean();
}

#[test]
fn garbage_in_the_place_of_headers_is_refused() {
    let mut scene = Scene::new();
    let mut blocks: Vec<Vec<u8>> = [
        &b"\r\n"[..],
        b"\r\n\r\n",
        b"A: b\r\n\r\n",
        b"NATS/1.0\r\n",
        b"NATS/1.0\r\nA: b\r\n",
        b"NATS/1.0\nA: b\n\n",
        b"NATS/2.0\r\nA: b\r\n\r\n",
        b"nats/1.0\r\nA: b\r\n\r\n",
        b"HTTP/1.1\r\nA: b\r\n\r\n",
        b"NATS/1.0\r\nno colon\r\n\r\n",
        b"NATS/1.0\r\n: no name\r\n\r\n",
        b"NATS/1.0\r\nA: b\r\n folded\r\n\r\n",
        b"NATS/1.0\r\n\r\nA: b\r\n\r\n",
        b"NATS/1.0\r\nA: b\r\n\r\nC: d\r\n\r\n",
        b"NATS/1.0\r\nA: b\rC: d\r\n\r\n",
        b"NATS/1.0\r\nA: b\nC: d\r\n\r\n",
        b"NATS/1.0\r\n\0\r\n\r\n",
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    blocks.push(vec![0; 40]);
    blocks.push([&b"NATS/1.0\r\nA: "[..], &vec![b'x'; 65_600], b"\r\n\r\n"].concat());
    let controls = (0..b' ').chain([0x7f]).filter(|byte| *byte != b'\t');
    for byte in controls.chain(0x80..=0xff) {
        blocks.push([&b"NATS/1.0\r\nA: b"[..], &[byte], b"c\r\n\r\n"].concat());
        blocks.push([&b"NATS/1.0\r\nA"[..], &[byte], b"B: c\r\n\r\n"].concat());
    }
    for block in &blocks {
        let shown = format!("{}", block[..block.len().min(60)].escape_ascii());
        scene.refused(&shown, b"$KV.b.k", block, b"x");
        scene.refused(&shown, b"$KV.b.k", block, b"");
        scene.refused(&shown, b"$JS.API.DIRECT.GET.KV_b.$KV.b.k", block, b"");
    }
    // Lengths that contradict each other end the connection.
    for line in [
        "HPUB $KV.b.k answer.1 9 5\r\nNATS/1.0x\r\n",
        "HPUB $KV.b.k answer.1 -1 5\r\nxxxxx\r\n",
        "HPUB $KV.b.k answer.1 5\r\nxxxxx\r\n",
    ] {
        scene.client.send(line.as_bytes()).unwrap();
        let ended =
            std::iter::repeat_with(|| scene.client.next(PATIENCE)).find(|next| !matches!(next, Ok(Some(_))));
        assert!(matches!(ended, Some(Err(_))), "{line:?}: {ended:?}");
        scene.client = connect(&scene.world);
    }
    scene.nothing_is_stored();
    scene.log_is_clean();
}

#[test]
fn wildcards_in_a_key_are_taken_literally() {
    // Official clients let their users write such keys, and purge by them; the reference does the same.
    let mut scene = Scene::new();
    for (number, key) in ["a.*", "a.>", "*"].iter().enumerate() {
        let told = scene.ask(format!("$KV.b.{key}").as_bytes(), b"", b"x");
        assert!(!told.closed, "{told:?}");
        // The message may be acknowledged after the PONG.
        let acked = match told.messages.into_iter().next() {
            Some(message) => message,
            None => scene.client.next_message("1", PATIENCE).unwrap().unwrap(),
        };
        let ack: Value = serde_json::from_slice(&acked.payload).unwrap();
        assert_eq!(ack, json!({ "stream": "KV_b", "seq": number + 1 }));
        let body = json!({ "seq": number + 1 }).to_string();
        let told = scene.ask(b"$JS.API.STREAM.MSG.GET.KV_b", b"", body.as_bytes());
        let found: Value = serde_json::from_slice(&told.messages[0].payload).unwrap();
        assert_eq!(found["message"]["subject"], format!("$KV.b.{key}"));
    }
}

/// How long an answer may take on a slow machine.
const PATIENCE: Duration = Duration::from_secs(20);
