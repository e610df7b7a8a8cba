//! What must hold for any bytes at all; shared by the test `fuzz` and by the fuzz targets in `fuzz/`.

mod corpus;

pub(crate) use corpus::corpus;

use jetkv_wire::ack::{Ack, AckReply, FlowControl};
use jetkv_wire::api;
use jetkv_wire::archive;
use jetkv_wire::connect::Connect;
use jetkv_wire::header;
use jetkv_wire::info::Info;
use jetkv_wire::json::{self, Strictness};
use jetkv_wire::parse::{ClientOp, Limits, Parsed, Pub, parse};
use jetkv_wire::s2;
use jetkv_wire::subject;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Operations: none is longer than the input, and they are the same wherever the input is cut.
pub(crate) fn operations(input: &[u8]) {
    let limits = Limits { max_control_line: 64, max_payload: 256 };
    let mut at = 0;
    while let Some(rest) = input.get(at..).filter(|rest| !rest.is_empty()) {
        let whole = parse(rest, &limits);
        let cut = rest.len() / 2;
        match parse(&rest[..cut], &limits) {
            Ok(Parsed::Op { .. }) | Err(_) => assert_eq!(parse(&rest[..cut], &limits), whole),
            Ok(Parsed::Incomplete { needed }) => assert!(needed > cut && needed <= cut + 256 + 64 + 16),
        }
        match whole {
            Ok(Parsed::Op { op, consumed }) => {
                assert!(0 < consumed && consumed <= rest.len());
                operation(&op, &rest[..consumed]);
                at += consumed;
            }
            Ok(Parsed::Incomplete { needed }) => {
                assert!(needed > rest.len());
                break;
            }
            Err(_) => break,
        }
    }
}

/// What an operation borrows has no line ends but in headers and payload, and is part of its bytes.
fn operation(op: &ClientOp<'_>, bytes: &[u8]) {
    let word = |word: &[u8]| assert!(!word.is_empty() && !word.iter().any(|byte| b" \t\n".contains(byte)));
    match op {
        ClientOp::Pub(Pub { subject, reply, headers, payload, hpub }) => {
            word(subject);
            reply.iter().for_each(|reply| word(reply));
            assert!(*hpub || headers.is_empty());
            let tail = [*headers, *payload, b"\r\n"].concat();
            assert!(bytes.ends_with(&tail));
            subject_checks(subject);
            headers_of(headers);
        }
        ClientOp::Sub { subject, queue, sid } => {
            word(subject);
            word(sid);
            queue.iter().for_each(|queue| word(queue));
            subject_checks(subject);
        }
        ClientOp::Unsub { sid, max } => {
            word(sid);
            assert!(max.is_none_or(|max| max > 0 && max < 1_000_000_000));
        }
        ClientOp::Connect(text) => connect(text),
        ClientOp::Info(text) => drop(Info::parse(text)),
        ClientOp::Ping | ClientOp::Pong | ClientOp::Ok | ClientOp::Err => {}
    }
}

/// CONNECT: reading ends, and secrets are not shown.
pub(crate) fn connect(text: &[u8]) {
    if let Ok(connect) = Connect::parse(text) {
        let shown = format!("{connect:?}");
        assert!(connect.pass.len() < 8 || !shown.contains(&format!("{:?}", connect.pass)));
    }
}

fn subject_checks(text: &[u8]) {
    assert!(subject::valid_publish(text) || !subject::valid_subscription(text));
    let _ = (subject::is_literal(text), subject::is_reserved_reply(text));
}

/// Header blocks: what is removed is gone, what is set is found, and what is appended comes last.
pub(crate) fn headers_of(block: &[u8]) {
    let _ = header::status(block);
    let names: Vec<Vec<u8>> = header::iter(block).map(|(name, _)| name.to_vec()).collect();
    for name in names.iter().take(4) {
        assert!(header::get(block, name).is_some() && header::get_last(block, name).is_some());
        let mut copy = block.to_vec();
        header::remove(&mut copy, name);
        assert_eq!(header::get(&copy, name), None);
        assert!(copy.len() < block.len());
    }
    let mut copy = block.to_vec();
    header::strip_status(&mut copy);
    assert_eq!(header::iter(&copy).count(), names.len());
    if header::is_well_formed(block) {
        let mut copy = block.to_vec();
        header::append(&mut copy, b"Nats-Sequence", b"7");
        assert!(header::is_well_formed(&copy));
        header::set(&mut copy, b"Nats-Subject", b"a.b");
        assert_eq!(header::get(&copy, b"Nats-Subject"), Some(&b"a.b"[..]));
    }
}

/// Bodies of requests and responses: what is read is written and read again as the same.
pub(crate) fn bodies(text: &[u8]) {
    let _ = (api::is_empty(text), api::is_empty_or_absent(text), api::is_absent(text), api::type_of(text));
    round_trip::<api::StreamConfig>(text);
    round_trip::<api::StreamInfoRequest>(text);
    round_trip::<api::StreamNamesRequest>(text);
    round_trip::<api::StreamListRequest>(text);
    round_trip::<api::StreamPurgeRequest>(text);
    round_trip::<api::MsgGetRequest>(text);
    round_trip::<api::MsgDeleteRequest>(text);
    round_trip::<api::SnapshotRequest>(text);
    round_trip::<api::RestoreRequest>(text);
    round_trip::<api::ConsumerCreateRequest>(text);
    round_trip::<api::ConsumersRequest>(text);
    round_trip::<api::ConsumerPauseRequest>(text);
    round_trip::<api::ConsumerUnpinRequest>(text);
    round_trip::<api::ConsumerResetRequest>(text);
    response::<api::StreamInfoResponse>(text);
    response::<api::StreamListResponse>(text);
    response::<api::ConsumerCreateResponse>(text);
    response::<api::ConsumerListResponse>(text);
    response::<api::MsgGetResponse>(text);
    response::<api::AccountInfo>(text);
}

fn round_trip<T: DeserializeOwned + Serialize + Default + PartialEq + std::fmt::Debug>(text: &[u8]) {
    for strictness in [Strictness::Strict, Strictness::Lenient] {
        match api::decode::<T>(text, strictness) {
            Ok(request) => {
                let written = json::to_vec(&request);
                let again: T = json::decode(&written, Strictness::Lenient).unwrap_or_default();
                // What is only read is not written.
                assert_eq!(json::to_vec(&again), written);
                serde_json::from_slice::<serde_json::Value>(&written).unwrap_or_default();
            }
            Err(error) => assert!(error.description.starts_with("invalid JSON: ")),
        }
    }
}

fn response<B: api::Body>(text: &[u8]) {
    if let Ok(result) = api::decode_response::<B>(text) {
        let mut written = Vec::new();
        api::respond(&mut written, result.as_ref());
        assert_eq!(api::type_of(&written).as_deref(), Some(B::TYPE));
        let mut again = Vec::new();
        if let Ok(read) = api::decode_response::<B>(&written) {
            api::respond(&mut again, read.as_ref());
        }
        assert_eq!(again, written);
    }
}

/// Subjects and bodies of acks, and pull requests: what is read is written and read again as the same.
pub(crate) fn acks(text: &[u8]) {
    if let Some(reply) = AckReply::parse(text) {
        let mut written = Vec::new();
        reply.write(&mut written);
        assert_eq!(AckReply::parse(&written), Some(AckReply { domain: None, account_hash: None, ..reply }));
    }
    if let Some(flow) = FlowControl::parse(text) {
        let mut written = Vec::new();
        flow.write(&mut written);
        assert_eq!(written, text);
    }
    if let Some(Ack::Next(body)) = Ack::parse(text) {
        let _ = api::PullRequest::parse(body);
    }
    if let Ok(request) = api::PullRequest::parse(text) {
        // One that is over before it came is told its numbers as they came.
        assert!(request.batch > 0 || request.batch == 0 && request.expires < 0);
    }
}

/// Snapshots: streams and archives are read the same wherever they are cut, in pieces of bounded size, and what is written is
/// read again.
pub(crate) fn snapshots(bytes: &[u8]) {
    for piece in [1, 7] {
        assert_eq!(unpack(bytes, piece), unpack(bytes, bytes.len().max(1)));
        assert_eq!(entries(bytes, piece), entries(bytes, bytes.len().max(1)));
    }
    let (mut writer, mut stream) = (s2::Writer::default(), Vec::new());
    writer.write(bytes, &mut stream);
    writer.finish(&mut stream);
    assert_eq!(unpack(&stream, 100), Ok(Digest::default().of(bytes)));
    round_trip::<api::ArchivedConsumer>(bytes);
    round_trip::<api::StreamState>(bytes);
    let text = || String::from_utf8_lossy(bytes).into_owned();
    let entry = archive::Entry {
        name: text(),
        time: i64::MIN,
        sequence: u64::MAX,
        headers: bytes.to_vec().into(),
        payload: bytes.to_vec().into(),
    };
    let mut written = Vec::new();
    archive::write_start(&mut written);
    archive::write_entry(&entry, &mut written);
    archive::write_end(&mut written);
    assert_eq!(entries(&written, 13), Ok(vec![entry]));
}

/// What a stream holds, in a few bytes: a short stream may say that it is very long.
#[derive(Debug, Default, PartialEq, Eq)]
struct Digest {
    length: usize,
    hash: u64,
}

impl Digest {
    fn of(mut self, bytes: &[u8]) -> Self {
        self.length += bytes.len();
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self
    }
}

fn unpack(stream: &[u8], piece: usize) -> Result<Digest, s2::S2Error> {
    let (mut reader, mut digest, mut out) = (s2::Reader::default(), Digest::default(), Vec::new());
    for bytes in stream.chunks(piece) {
        reader.push(bytes);
        while reader.next_chunk(&mut out)? {
            assert!(out.len() <= 4 << 20);
            digest = digest.of(&out);
            out.clear();
        }
    }
    reader.finish().map(|()| digest)
}

fn entries(bytes: &[u8], piece: usize) -> Result<Vec<archive::Entry>, archive::ArchiveError> {
    let (mut reader, mut all) = (archive::Reader::default(), Vec::new());
    for bytes in bytes.chunks(piece) {
        reader.push(bytes);
        while let Some(entry) = reader.next_entry()? {
            all.push(entry);
        }
    }
    reader.finish().map(|()| all)
}

/// Everything.
pub(crate) fn all(text: &[u8]) {
    snapshots(text);
    operations(text);
    connect(text);
    headers_of(text);
    bodies(text);
    acks(text);
}
