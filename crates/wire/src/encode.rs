//! Writing the operations of the server (PROTOCOL 1.3).
//!
//! Every function appends to a buffer that the caller keeps; nothing is allocated beside it.

use crate::info::Info;
use crate::number::push_usize;

/// Appends `MSG`, or `HMSG` if there are headers.
///
/// `headers` is a whole header block or empty; for a client without headers pass none. The arguments are not checked.
#[inline]
pub fn msg(
    out: &mut Vec<u8>,
    subject: &[u8],
    sid: &[u8],
    reply: Option<&[u8]>,
    headers: &[u8],
    payload: &[u8],
) {
    msg_head(out, subject, sid, reply, headers.len(), payload.len());
    out.extend_from_slice(headers);
    out.extend_from_slice(payload);
    out.extend_from_slice(b"\r\n");
}

/// Appends the control line of `MSG`, or of `HMSG` if `header_bytes` is not zero.
///
/// Header block, payload and CR LF must follow; this is for callers that do not want to copy them.
#[inline]
pub fn msg_head(
    out: &mut Vec<u8>,
    subject: &[u8],
    sid: &[u8],
    reply: Option<&[u8]>,
    header_bytes: usize,
    payload_bytes: usize,
) {
    let total = header_bytes.saturating_add(payload_bytes);
    out.reserve(msg_bytes_max(subject, sid, reply, total));
    out.extend_from_slice(if header_bytes == 0 { b"MSG " } else { b"HMSG " });
    out.extend_from_slice(subject);
    out.push(b' ');
    out.extend_from_slice(sid);
    out.push(b' ');
    if let Some(reply) = reply {
        out.extend_from_slice(reply);
        out.push(b' ');
    }
    if header_bytes > 0 {
        push_usize(out, header_bytes);
        out.push(b' ');
    }
    push_usize(out, total);
    out.extend_from_slice(b"\r\n");
}

/// Returns the room that a message with `body_bytes` of headers and payload needs at most.
#[inline]
#[must_use]
pub fn msg_bytes_max(subject: &[u8], sid: &[u8], reply: Option<&[u8]>, body_bytes: usize) -> usize {
    subject.len() + sid.len() + reply.map_or(0, <[u8]>::len) + body_bytes.saturating_add(NUMBERS)
}

/// Appends `INFO` with its JSON, and the space before the line end that the reference writes (PROTOCOL 1.2).
pub fn info(out: &mut Vec<u8>, info: &Info) {
    out.extend_from_slice(b"INFO ");
    info.write(out);
    out.extend_from_slice(b" \r\n");
}

/// Appends `PING`.
pub fn ping(out: &mut Vec<u8>) {
    out.extend_from_slice(b"PING\r\n");
}

/// Appends `PONG`.
pub fn pong(out: &mut Vec<u8>) {
    out.extend_from_slice(b"PONG\r\n");
}

/// Appends `+OK`.
pub fn ok(out: &mut Vec<u8>) {
    out.extend_from_slice(b"+OK\r\n");
}

/// Appends `-ERR` with `text` in quotes.
///
/// Clients act upon the texts of PROTOCOL 1.13, and close for good at one that they do not know. Line breaks, which
/// no text of this crate holds, are replaced by spaces so that a text made of input cannot forge an operation.
pub fn err(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(b"-ERR '");
    out.extend(text.bytes().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }));
    out.extend_from_slice(b"'\r\n");
}

/// Room for verb, spaces, two sizes and line ends.
const NUMBERS: usize = 64;

#[cfg(test)]
mod tests;
