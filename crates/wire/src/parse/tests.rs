use super::*;
use proptest::prelude::*;

/// Parses all of `input` and shows what is in it, ended by `incomplete` or an error.
fn all(input: &[u8]) -> Vec<String> {
    all_with(input, &Limits::default())
}

fn all_with(mut input: &[u8], limits: &Limits) -> Vec<String> {
    let mut found = Vec::new();
    while !input.is_empty() {
        match parse(input, limits) {
            Ok(Parsed::Op { op, consumed }) => {
                assert!(0 < consumed && consumed <= input.len());
                found.push(show(&op));
                input = &input[consumed..];
            }
            Ok(Parsed::Incomplete { needed }) => {
                assert!(needed > input.len());
                found.push("incomplete".into());
                break;
            }
            Err(error) => {
                found.push(error.text().unwrap_or("silent").into());
                break;
            }
        }
    }
    found
}

fn show(op: &ClientOp<'_>) -> String {
    let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
    match op {
        ClientOp::Connect(json) => format!("CONNECT {}", text(json)),
        ClientOp::Pub(Pub { subject, reply, headers, payload, hpub }) => {
            let verb = if *hpub { "HPUB" } else { "PUB" };
            let reply = reply.map_or("-".into(), text);
            format!("{verb} {} {reply} [{}] [{}]", text(subject), text(headers), text(payload))
        }
        ClientOp::Sub { subject, queue, sid } => {
            format!("SUB {} {} {}", text(subject), queue.map_or("-".into(), text), text(sid))
        }
        ClientOp::Info(json) => format!("INFO {}", text(json)),
        ClientOp::Unsub { sid, max } => format!("UNSUB {} {max:?}", text(sid)),
        other => format!("{other:?}"),
    }
}

fn check(input: &str, expected: &[&str]) {
    assert_eq!(all(input.as_bytes()), expected, "{input:?}");
}

const UNKNOWN: &str = "Unknown Protocol Operation";
const SILENT: &str = "silent";

#[test]
fn operations_of_the_captures() {
    check("CONNECT {\"echo\": true}\r\nPING\r\n", &["CONNECT {\\\"echo\\\": true}", "Ping"]);
    check("SUB _IN.*  1\r\n", &["SUB _IN.* - 1"]);
    check("SUB a q 7\r\n", &["SUB a q 7"]);
    check("UNSUB 2 \r\n", &["UNSUB 2 None"]);
    check("UNSUB 2 10\r\n", &["UNSUB 2 Some(10)"]);
    check("PUB $KV.b.k _IN.b 1\r\n1\r\n", &["PUB $KV.b.k _IN.b [] [1]"]);
    check("PUB a 0\r\n\r\n", &["PUB a - [] []"]);
    check("HPUB $KV.jsb.a _INBOX.x 0 1\r\n1\r\n", &["HPUB $KV.jsb.a _INBOX.x [] [1]"]);
    check(
        "HPUB $KV.b.k _IN.f 31 31\r\nNATS/1.0\r\nKV-Operation: DEL\r\n\r\n\r\n",
        &["HPUB $KV.b.k _IN.f [NATS/1.0\\r\\nKV-Operation: DEL\\r\\n\\r\\n] []"],
    );
    check("HPUB a 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", &["HPUB a - [NATS/1.0\\r\\n\\r\\n] [hi]"]);
}

#[test]
fn verbs_in_any_case_and_lines_without_cr() {
    check("ping\r\nPoNg\n+ok\r\ninfo {}\n", &["Ping", "Pong", "Ok", "INFO {}"]);
    check("pub\ta\t \t2 \nhi\r\n", &["PUB a - [] [hi]"]);
    check("hpub a 0 0\n\r\n", &["HPUB a - [] []"]);
    check("PINGxyz\r\nPING foo\r\nPING\r\r\n", &["Ping", "Ping", "Ping"]);
    check("-ERR 'x'\r\nPING\r\n", &["Err", "Ping"]);
    check("CONNECT{}\r\nCONNECT\r\nCONNECT  {} \r\n", &["CONNECT {}", "CONNECT ", "CONNECT {} "]);
}

#[test]
fn what_the_reference_answers_with_unknown_protocol_operation() {
    for input in [
        "X",
        "PX",
        " PING\r\n",
        "\r\nPING\r\n",
        "PIN\r\n",
        "PUB\r\n",
        "PUBa 5\r\n",
        "UNSUB\r\n",
        "+X\r\n",
        "-ERR\r\n",
        "MSG a 1 2\r\nhi\r\n",
        "RMSG",
        "A+ x",
        "GET / HTTP/1.1\r\n",
        "\0",
        "é",
    ] {
        check(input, &[UNKNOWN]);
    }
    for end in ["hi\n", "hi\rx", "hixx", "hix"] {
        check(&format!("PUB a 2\r\n{end}"), &[UNKNOWN]);
    }
}

#[test]
fn what_the_reference_closes_silently() {
    for input in [
        "PUB a\r\n",
        "PUB a -1\r\n",
        "PUB a b c 1\r\n",
        "PUB  5\r\n",
        "PUB a 2x\r\n",
        "PUB a +2\r\n",
        "PUB a 0000000002\r\n",
        "PUB a 9999999999\r\n",
        "SUB a\r\n",
        "SUB a b c d\r\n",
        "UNSUB 1 2 3\r\n",
        "UNSUB \r\n",
        "HPUB a 2\r\n",
        "HPUB a 3 2\r\n",
        "HPUB a r -1 2\r\n",
        "HPUB a b c 1 2\r\n",
        "HPUB a x 2\r\n",
        "HPUB a 2 x\r\n",
        "SUB \r\n",
        "PUB \r\n",
    ] {
        check(input, &[SILENT]);
    }
}

#[test]
fn a_maximum_that_is_none_means_at_once() {
    for max in ["x", "-1", "0", "9999999999"] {
        check(&format!("UNSUB 1 {max}\r\n"), &["UNSUB 1 None"]);
    }
    check("UNSUB 1 999999999\r\n", &["UNSUB 1 Some(999999999)"]);
}

#[test]
fn sizes_and_lines_at_their_limits() {
    let limits = Limits { max_control_line: 16, max_payload: 4 };
    let check = |input: &str, expected: &[&str]| {
        assert_eq!(all_with(input.as_bytes(), &limits), expected, "{input:?}");
    };
    check("PUB a 4\r\n1234\r\n", &["PUB a - [] [1234]"]);
    check("PUB a 5\r\n", &["Maximum Payload Violation"]);
    check("HPUB a 5 5\r\n", &["Maximum Payload Violation"]);
    check("SUB 78901234567890 1\r\n", &["SUB 78901234567890 - 1"]);
    check("SUB 789012345678901 1\r\n", &["maximum control line exceeded"]);
    // White space before the arguments does not count.
    check("SUB    78901234567890 1\n", &["SUB 78901234567890 - 1"]);
    // The end of the line need not have come.
    check("SUB 78901234567890 1", &["incomplete"]);
    check("SUB 789012345678901 1", &["incomplete"]);
    check("SUB 789012345678901 12", &["maximum control line exceeded"]);
    check("CONNECT {345678901234567}\r\n", &["maximum control line exceeded"]);
    check("PING 12345678901234567\r\n", &["maximum control line exceeded"]);
    check("SUB                         ", &["maximum control line exceeded"]);
}

#[test]
fn what_is_needed_is_told() {
    let needed = |input: &str| match parse(input.as_bytes(), &Limits::default()) {
        Ok(Parsed::Incomplete { needed }) => needed,
        other => panic!("{input:?}: {other:?}"),
    };
    assert_eq!(needed(""), 1);
    assert_eq!(needed("P"), 2);
    assert_eq!(needed("PUB a 10\r"), 10);
    assert_eq!(needed("PUB a 10\r\n"), 22);
    assert_eq!(needed("PUB a 10\r\n12345"), 22);
    assert_eq!(needed("PUB a 10\r\n1234567890"), 22);
    assert_eq!(needed("PUB a 10\r\n1234567890\r"), 22);
    assert_eq!(needed("PUB a 1048576\r\n"), 15 + 1_048_576 + 2);
}

/// An operation as text, perhaps with a fault in it.
fn operation() -> impl Strategy<Value = Vec<u8>> {
    let payload = prop::collection::vec(any::<u8>(), 0..20);
    let name = "[a-z$>*.]{1,8}";
    let space = "[ \t]{1,3}";
    let end = prop_oneof![4 => Just("\r\n"), 1 => Just("\n")];
    let publish = (name, prop::option::of(name), space, payload, end.clone(), 0..30_usize).prop_map(
        |(subject, reply, space, payload, end, headers)| {
            let reply = reply.map_or(String::new(), |reply| format!("{reply}{space}"));
            let total = payload.len();
            let mut line = if headers < total {
                format!("hpub {subject}{space}{reply}{headers} {total}{end}").into_bytes()
            } else {
                format!("PUB{space}{subject}{space}{reply}{total}{end}").into_bytes()
            };
            line.extend(payload);
            line.extend(b"\r\n");
            line
        },
    );
    let line = (
        prop_oneof![
            Just("PING"),
            Just("pong"),
            Just("+OK"),
            Just("INFO {}"),
            Just("CONNECT {}"),
            Just("SUB a 1"),
            Just("SUB a q 1"),
            Just("UNSUB 1 5"),
            Just("-err x"),
            Just("SUB a"),
            Just("PUB x"),
            Just("MSG")
        ],
        end,
    )
        .prop_map(|(line, end)| format!("{line}{end}").into_bytes());
    prop_oneof![3 => publish, 2 => line]
}

proptest! {
    #[test]
    fn any_split_yields_the_same_operations(
        operations in prop::collection::vec(operation(), 1..6),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        damage in prop::option::weighted(0.3, (any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let mut input = operations.concat();
        if let Some((at, byte)) = damage {
            let at = at.index(input.len());
            input[at] = byte;
        }
        prop_assert_eq!(in_pieces(&input, &cuts), all(&input));
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_are_borrowed(input in prop::collection::vec(any::<u8>(), 0..200)) {
        all(&input);
        all_with(&input, &Limits { max_control_line: 5, max_payload: 3 });
    }
}

/// Parses `input` as it would come in pieces, calling again only when as much is there as was asked for.
fn in_pieces(input: &[u8], cuts: &[prop::sample::Index]) -> Vec<String> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
    ends.push(input.len());
    ends.sort_unstable();
    let mut found = Vec::new();
    let (mut from, mut wanted) = (0, 1);
    for end in ends {
        while end - from >= wanted && from < end {
            match parse(&input[from..end], &Limits::default()) {
                Ok(Parsed::Op { op, consumed }) => {
                    found.push(show(&op));
                    from += consumed;
                    wanted = 1;
                }
                Ok(Parsed::Incomplete { needed }) => wanted = needed,
                Err(error) => {
                    found.push(error.text().unwrap_or(SILENT).into());
                    return found;
                }
            }
        }
    }
    if from < input.len() {
        found.push("incomplete".into());
    }
    found
}
