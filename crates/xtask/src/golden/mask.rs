//! Masking what differs from run to run, with values of the same form, so that tests can read and write it.
//!
//! | what | becomes |
//! | --- | --- |
//! | a time, unless the request has it | `2026-02-03T04:05:06.070809Z` |
//! | a token of 19 digits (a time in nanoseconds) | `1770091506070809000` |
//! | the number of `"active":`, `"pause_remaining":` and `"rtt":`, if it is positive | `123456789` |
//! | a token of 22 or 56 letters and digits (a random name, the server's id) | `MaskedMaskedMaskedMask` |

const TIME: &str = "2026-02-03T04:05:06.070809Z";
const NANOSECONDS: &str = "1770091506070809000";
const NUMBER: &str = "123456789";
const NAME: &str = "MaskedMaskedMaskedMask";

/// Masks an answer to `request`.
pub(super) fn mask(answer: &str, request: &str) -> String {
    let answer = mask_words(
        answer,
        |word| word.ends_with('Z') && is_time(word) && !request.contains(word),
        TIME,
        is_time_part,
    );
    let is_nanoseconds = |word: &str| word.len() == 19 && word.bytes().all(|byte| byte.is_ascii_digit());
    let answer =
        mask_words(&answer, is_nanoseconds, NANOSECONDS, |character| character.is_ascii_alphanumeric());
    // Names of the reference's own types may be as long.
    let is_name =
        |word: &str| matches!(word.len(), 22 | 56) && !request.contains(word) && !word.starts_with("JSApi");
    let answer = mask_words(&answer, is_name, NAME, |character| character.is_ascii_alphanumeric());
    ["\"active\":", "\"pause_remaining\":", "\"rtt\":"]
        .iter()
        .fold(answer, |answer, field| mask_number(&answer, field))
}

/// Replaces the words that are to be masked; a word is a run of characters of which `is_part` holds.
fn mask_words(text: &str, is_masked: impl Fn(&str) -> bool, by: &str, is_part: fn(char) -> bool) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|character| !is_part(character)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        masked.push_str(if is_masked(word) { by } else { word });
        let next = behind.chars().next().map_or(0, char::len_utf8);
        masked.push_str(&behind[..next]);
        rest = &behind[next..];
    }
    masked
}

fn is_time_part(character: char) -> bool {
    character.is_ascii_digit() || "-:.TZ".contains(character)
}

/// Says whether a word is a time of this century.
fn is_time(word: &str) -> bool {
    word.starts_with("20") && word.len() >= 20 && word.as_bytes().get(10) == Some(&b'T')
}

fn mask_number(text: &str, field: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut parts = text.split(field);
    masked.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|character: char| character.is_ascii_digit()).len();
        masked.push_str(field);
        masked.push_str(if digits > 0 { NUMBER } else { "" });
        masked.push_str(&part[digits..]);
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_masked() {
        let check =
            |answer: &str, expected: &str| assert_eq!(mask(answer, "> x 2036-01-01T00:00:00Z"), expected);
        check("{\"ts\":\"2026-11-24T02:32:09.3476095Z\"}", "{\"ts\":\"2026-02-03T04:05:06.070809Z\"}");
        check("{\"ts\":\"2026-11-24T02:32:09Z\"}", "{\"ts\":\"2026-02-03T04:05:06.070809Z\"}");
        check("{\"ts\":\"2036-01-01T00:00:00Z\"}", "{\"ts\":\"2036-01-01T00:00:00Z\"}");
        check("{\"ts\":\"0001-01-01T00:00:00Z\"}", "{\"ts\":\"0001-01-01T00:00:00Z\"}");
        check("Time: 2026-11-24T02:32:09.1Z⏎⏎", "Time: 2026-02-03T04:05:06.070809Z⏎⏎");
        check("$JS.ACK.O.c.1.4.1.1795487399839441988.0", "$JS.ACK.O.c.1.4.1.1770091506070809000.0");
        check("\"active\":608569880,\"active\":-1}", "\"active\":123456789,\"active\":-1}");
        check("$JS.RESTORE.Q.L9FmIzr4e2ZOqjQQO7SxOf\"", "$JS.RESTORE.Q.MaskedMaskedMaskedMask\"");
        check("server.JSApiStreamInfoRequest", "server.JSApiStreamInfoRequest");
        check("{\"purged\":7}", "{\"purged\":7}");
    }
}
