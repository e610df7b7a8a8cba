//! JSON as the reference's monitoring writes it: indented by two spaces, with Go's escapes.

use serde::Serialize;
use serde_json::value::RawValue;

/// Returns the JSON of `value`, whose maps have texts as keys and whose numbers are finite.
pub(super) fn indented(value: &impl Serialize) -> Vec<u8> {
    indent(&jetkv_wire::json::to_vec(value))
}

/// Returns a finite number as Go writes it: without a fraction if it has none.
pub(super) fn number(number: f64) -> Box<RawValue> {
    // The text of a finite number is always JSON.
    RawValue::from_string(number.to_string()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// Spreads compact JSON over lines.
fn indent(compact: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(compact.len() * 2);
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut escaped = false;
    let mut bytes = compact.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if in_text {
            out.push(byte);
            in_text = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'{' | b'[' => {
                out.push(byte);
                match bytes.next_if(|next| matches!(next, b'}' | b']')) {
                    Some(end) => out.push(end),
                    None => {
                        depth += 1;
                        new_line(&mut out, depth);
                    }
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                new_line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => {
                in_text = byte == b'"';
                out.push(byte);
            }
        }
    }
    out
}

fn new_line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.extend(std::iter::repeat_n(b' ', 2 * depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_spread_as_by_the_reference() {
        let compact = br#"{"a":1,"b":{},"c":[],"d":[1,"x,{\"}"],"e":{"f":"\\"}}"#;
        let expected = "{\n  \"a\": 1,\n  \"b\": {},\n  \"c\": [],\n  \"d\": [\n    1,\n    \"x,{\\\"}\"\n  ],\n  \
                        \"e\": {\n    \"f\": \"\\\\\"\n  }\n}";
        assert_eq!(String::from_utf8(indent(compact)).unwrap(), expected);
        assert_eq!(indented(&"a>b"), b"\"a\\u003eb\"");
    }
}
