//! Bytes that nobody would send: known ones, changed at random, and random ones.
//!
//! The same on every machine. `JETKV_FUZZ_RUNS` says how many inputs are tried, `JETKV_SEED` which.

mod fuzz_checks;
mod golden_script;

use std::collections::BTreeSet;

/// How many inputs are tried if nothing else is said; this takes about a second.
const RUNS: u64 = 4_000;

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

/// Texts that are put where they may hurt.
const PIECES: &[&str] = &[
    "\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    "\0",
    "\u{ff}",
    "\"",
    "\\",
    "\\u",
    "\\ud800",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "NATSARC1",
    "S2sTwO",
    "\u{7f}",
    "-1",
    "1.5",
    "1e9",
    "0",
    "9223372036854775808",
    "18446744073709551616",
    "999999999",
    "PUB ",
    "NATS/1.0\r\n",
    "$JS.ACK.",
    ".",
    ">",
    "*",
    "0001-01-01T00:00:00Z",
    "2026-01-01T00:00:00+99:99",
    "é",
    "\u{2028}",
];

#[test]
fn any_bytes_are_read_without_a_panic_and_consistently() {
    let number =
        |name: &str, default| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (runs, seed) = (number("JETKV_FUZZ_RUNS", RUNS), number("JETKV_SEED", 1_u64));
    let corpus = corpus();
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    for text in &corpus {
        fuzz_checks::all(text);
    }
    for run in 0..runs {
        let text = random.text(&corpus);
        let checked = std::panic::catch_unwind(|| fuzz_checks::all(&text));
        assert!(checked.is_ok(), "run {run} of seed {seed}: {}", text.escape_ascii());
    }
}

/// All requests and answers of the golden files, once each.
fn corpus() -> Vec<Vec<u8>> {
    let scripts = [
        include_str!("golden/streams.txt"),
        include_str!("golden/consumers.txt"),
        include_str!("golden/messages.txt"),
        include_str!("golden/pull.txt"),
        include_str!("golden/kv-clients.txt"),
        include_str!("golden/faults-strict.txt"),
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

/// Random numbers by xorshift.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap_or(1);
        usize::try_from(self.next() % bound).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn text(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        if self.below(8) == 0 {
            let length = self.below(200);
            return (0..length).map(|_| self.byte()).collect();
        }
        let mut text = corpus[self.below(corpus.len())].clone();
        for _ in 0..=self.below(4) {
            self.change(&mut text, corpus);
        }
        text
    }

    fn change(&mut self, text: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let (from, to) = (self.below(text.len() + 1), self.below(text.len() + 1));
        let (from, to) = (from.min(to), from.max(to));
        match self.below(6) {
            0 => {
                let byte = self.byte();
                if let Some(place) = text.get_mut(from) {
                    *place = byte;
                }
            }
            1 => {
                let piece = PIECES[self.below(PIECES.len())];
                text.splice(from..from, piece.bytes());
            }
            2 => {
                let end = from + (to - from).min(8);
                text.drain(from..end);
            }
            3 => text.truncate(to),
            4 => {
                let part = text[from..to].to_vec();
                text.splice(from..from, part);
            }
            _ => {
                let other = &corpus[self.below(corpus.len())];
                let start = self.below(other.len());
                text.truncate(from);
                text.extend_from_slice(&other[start..]);
            }
        }
    }
}
