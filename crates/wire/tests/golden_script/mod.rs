//! Reading golden files.

#![expect(dead_code, reason = "no test looks at everything")]

/// A request and what came back.
pub(crate) struct Exchange<'a> {
    /// The line of the request.
    pub(crate) line: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) headers: &'a str,
    pub(crate) body: String,
    pub(crate) answers: Vec<Answer<'a>>,
}

/// Something that came back.
pub(crate) struct Answer<'a> {
    /// The subject of a message that is no answer to the reply subject, else empty.
    pub(crate) subject: &'a str,
    /// The reply subject of such a message, else empty.
    pub(crate) reply: &'a str,
    /// The header block.
    pub(crate) headers: String,
    pub(crate) body: String,
}

/// Returns the exchanges of a script.
pub(crate) fn exchanges(script: &str) -> Vec<Exchange<'_>> {
    let mut exchanges: Vec<Exchange<'_>> = Vec::new();
    for line in script.lines() {
        if let Some(rest) = line.strip_prefix("> ") {
            let (subject, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            let (headers, body) = split_headers(rest);
            let body = body.replace('⏎', "\r\n");
            exchanges.push(Exchange { line, subject, headers, body, answers: Vec::new() });
        } else if let (Some(rest), Some(exchange)) = (line.strip_prefix('<'), exchanges.last_mut()) {
            exchange.answers.push(answer(rest.strip_prefix(' ').unwrap_or(rest)));
        }
    }
    exchanges
}

fn answer(text: &str) -> Answer<'_> {
    let (subject, reply, rest) = match text.strip_prefix('@') {
        Some(delivery) => {
            let mut words = delivery.splitn(3, ' ');
            let mut word = || words.next().unwrap_or_default();
            (word(), word(), word())
        }
        None => ("", "", text),
    };
    let (headers, body) = split_headers(rest);
    Answer { subject, reply, headers: headers.replace('⏎', "\r\n"), body: body.replace('⏎', "\r\n") }
}

fn split_headers(text: &str) -> (&str, &str) {
    match text.strip_prefix("[[").and_then(|rest| rest.split_once("]]")) {
        Some((headers, body)) => (headers, body.strip_prefix(' ').unwrap_or(body)),
        None => ("", text),
    }
}
