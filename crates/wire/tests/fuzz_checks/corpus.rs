//! Known inputs, to begin from.

#[path = "../golden_script/mod.rs"]
mod golden_script;

use std::collections::BTreeSet;

/// All requests and answers of the golden files, once each.
pub(crate) fn corpus() -> Vec<Vec<u8>> {
    let scripts = [
        include_str!("../golden/streams.txt"),
        include_str!("../golden/consumers.txt"),
        include_str!("../golden/messages.txt"),
        include_str!("../golden/pull.txt"),
        include_str!("../golden/kv-clients.txt"),
        include_str!("../golden/faults-strict.txt"),
    ];
    let mut texts: BTreeSet<Vec<u8>> = KNOWN.iter().map(|text| text.as_bytes().to_vec()).collect();
    texts.extend(STREAMS.iter().map(|stream| stream.to_vec()));
    for exchange in scripts.iter().flat_map(|script| golden_script::exchanges(script)) {
        texts.insert(exchange.body.into_bytes());
        for answer in exchange.answers.into_iter().filter(|answer| answer.body.len() < 2000) {
            texts.insert(answer.headers.into_bytes());
            texts.insert(answer.body.into_bytes());
        }
    }
    texts.into_iter().collect()
}

/// Operations and the like that are not in the golden files.
const KNOWN: &[&str] = &[
    "CONNECT {\"verbose\":false,\"protocol\":1,\"pass\":\"hunter2hunter2\",\"headers\":true}\r\nPING\r\n",
    "SUB _IN.*  1\r\nSUB a.> q 2\nUNSUB 1 10\r\nPUB a 2\r\nhi\r\nPUB a.b _IN.x 0\r\n\r\n",
    "HPUB $KV.b.k _IN.f 31 33\r\nNATS/1.0\r\nKV-Operation: DEL\r\n\r\nhi\r\nHPUB a 0 1\r\n1\r\npong\r\n+OK\r\n-ERR x\r\n",
    "NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: 3\r\nNats-Last-Stream: 5\r\n\r\n",
    "NATS/1.0\r\nFoo: bar\r\nKV-Operation:DEL\r\nEmpty:\r\nFoo: again\r\n\r\n",
    "$JS.ACK.KV_demo.w1.1.6.4.1795416601420548663.0",
    "$JS.ACK.hub.Hash.S.c.2.3.4.5.6.random",
    "$JS.FC.KV_b.c.aZ09",
    "-NAK {\"delay\":5000000}",
    "+NXT {\"batch\":2,\"expires\":30000000000}",
    "+TERM bad order",
    "{\"config\":{\"durable_name\":\"C\",\"ack_policy\":\"explicit\"},\"state\":{\"delivered\":{\"consumer_seq\":3,\"stream_seq\":5},\
     \"ack_floor\":{\"consumer_seq\":1,\"stream_seq\":2},\"pending\":{\"5\":{\"Sequence\":3,\"Timestamp\":1795847777270694596}},\
     \"redelivered\":{\"5\":2}}}",
    "NATSARC1\x0a\x04\0\0\x02state.json{}\x0c\x04\0\0\x02consumers/C1{}\x03\x02\x02\0\x02s.1v1\x03\x06\x05\x12\x02s.2NATS/1.0\r\nA: b\r\n\r\nv2\0\0\0\0\0",
];

/// Streams that are no text: of two blocks, one of them compressed, and a block of repeats.
const STREAMS: &[&[u8]] = &[
    b"\xff\x06\0\0S2sTwO\x01\x09\0\0\xbb\x1f\x1c\x19hello",
    b"\xff\x06\0\0sNaPpY\x00\x0c\0\0\x52\x4c\xa1\x0e\x0e\x04ab\x01\x02\x11\x00\x80\x02\0\0ab",
];
