//! Values that are not arrays or maps: texts in all their spellings, numbers with size suffixes, booleans, dates, variables.

use super::error::SyntaxError;
use super::scan::{Scanner, is_newline};
use super::tree::Value;

/// What stands where a value is expected.
#[derive(Debug)]
pub(super) enum Literal {
    /// A value.
    Value(Value),
    /// `$name`, without the `$`.
    Variable(String),
}

/// Reads the literal that begins here.
pub(super) fn literal(scan: &mut Scanner<'_>) -> Result<Literal, SyntaxError> {
    match scan.peek() {
        Some('\'') => single_quoted(scan).map(text),
        Some('"') => double_quoted(scan).map(text),
        Some('(') => block(scan).map(text),
        Some('-') => negative(scan).map(Literal::Value),
        Some('.') => Err(scan.error("Floats must start with a digit")),
        Some(c) if is_newline(c) => Err(scan.unexpected("Expected value but found new line")),
        Some(c) if c.is_ascii_digit() => match number(scan)? {
            Some(value) => Ok(Literal::Value(value)),
            None => bare(scan),
        },
        _ => bare(scan),
    }
}

/// Reads `'…'`, in which nothing has a special meaning.
fn single_quoted(scan: &mut Scanner<'_>) -> Result<String, SyntaxError> {
    scan.bump();
    let found = scan.eat_while(|c| c != '\'');
    if scan.eat('\'') { Ok(found.to_owned()) } else { Err(scan.error("Unexpected EOF.")) }
}

/// Reads `"…"` with escapes.
fn double_quoted(scan: &mut Scanner<'_>) -> Result<String, SyntaxError> {
    scan.bump();
    let mut bytes = Vec::new();
    loop {
        bytes.extend_from_slice(scan.eat_while(|c| c != '"' && c != '\\').as_bytes());
        match scan.peek() {
            Some('"') => break,
            Some(_) => bytes.push(escape(scan)?),
            None => return Err(scan.error("Unexpected EOF.")),
        }
    }
    scan.bump();
    utf8(scan, bytes)
}

/// Reads `( … )`: everything up to a `)` that has a line for itself.
fn block(scan: &mut Scanner<'_>) -> Result<String, SyntaxError> {
    scan.bump();
    let from = scan.offset();
    loop {
        scan.eat_while(|c| c != '\n');
        if scan.bump().is_none() {
            return Err(scan.error("Unexpected EOF processing block."));
        }
        let rest = scan.rest();
        let Some(behind) = rest.strip_prefix(')') else { continue };
        if behind.is_empty() || behind.starts_with('\n') || behind.starts_with("\r\n") {
            let found = scan.since(from).to_owned();
            scan.bump();
            return Ok(found);
        }
    }
}

/// Reads a number that begins with `-`.
fn negative(scan: &mut Scanner<'_>) -> Result<Value, SyntaxError> {
    let rest = scan.rest();
    let digits = digit_count(rest.get(1..).unwrap_or_default());
    if digits == 0 {
        scan.bump();
        let text = match scan.peek() {
            Some('.') => "Floats must start with a digit, not '{}'.",
            _ => "Expected a digit but got '{}'.",
        };
        return Err(scan.unexpected(text));
    }
    let run = run(rest);
    let (sign_and_digits, tail) = run.split_at_checked(1 + digits).unwrap_or((run, ""));
    if let Some(fraction) = tail.strip_prefix('.') {
        return float(scan, sign_and_digits, fraction);
    }
    if let Some(factor) = size_factor(tail) {
        scan.advance(run.len());
        return integer(sign_and_digits, tail, factor);
    }
    scan.advance(sign_and_digits.len());
    integer(sign_and_digits, "", 1)
}

/// Reads a number or date that begins with a digit; `None` if it is the beginning of a text, like `10.0.0.1:4222` or `1h`.
fn number(scan: &mut Scanner<'_>) -> Result<Option<Value>, SyntaxError> {
    let rest = scan.rest();
    let run = run(rest);
    if rest.get(run.len()..).is_some_and(|behind| behind.starts_with(['\'', '\\'])) {
        return Ok(None);
    }
    let (digits, tail) = run.split_at_checked(digit_count(run)).unwrap_or((run, ""));
    if let Some(fraction) = tail.strip_prefix('.') {
        let is_address = fraction.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with('.');
        return if is_address { Ok(None) } else { float(scan, digits, fraction).map(Some) };
    }
    if tail.starts_with('-') {
        return date(scan, run).map(Some);
    }
    let Some(factor) = size_factor(tail) else { return Ok(None) };
    scan.advance(run.len());
    integer(digits, tail, factor).map(Some)
}

/// Reads the fraction behind `whole` and `.`, and passes both.
fn float(scan: &mut Scanner<'_>, whole: &str, fraction: &str) -> Result<Value, SyntaxError> {
    let digits = digit_count(fraction);
    scan.advance(whole.len() + 1);
    if digits == 0 {
        return Err(scan.unexpected("Floats must have a digit after the '.', but got '{}' instead."));
    }
    scan.advance(digits);
    let text = format!("{whole}.{}", fraction.get(..digits).unwrap_or_default());
    text.parse().map(Value::Float).map_err(|_| SyntaxError::Range(text))
}

/// Reads a date in the one form that there is.
fn date(scan: &mut Scanner<'_>, run: &str) -> Result<Value, SyntaxError> {
    let shape = |c: char| if c.is_ascii_digit() { '0' } else { c };
    if !run.chars().map(shape).eq(DATE_SHAPE.chars()) {
        return Err(scan.error("All ISO8601 dates must be in full Zulu form."));
    }
    scan.advance(run.len());
    Ok(Value::Date(run.to_owned()))
}

fn integer(digits: &str, suffix: &str, factor: i64) -> Result<Value, SyntaxError> {
    let number = digits.parse::<i64>().ok().and_then(|number| number.checked_mul(factor));
    match number {
        None => Err(SyntaxError::Range(digits.to_owned())),
        Some(number) if suffix.is_empty() => Ok(Value::Integer(number)),
        Some(number) => Ok(Value::Size(number, format!("{digits}{suffix}"))),
    }
}

/// Returns what a size suffix multiplies by: `k` is 1000, `kb`, `ki` and `kib` are 1024, nothing is 1.
fn size_factor(suffix: &str) -> Option<i64> {
    let lower = suffix.to_ascii_lowercase();
    let mut letters = lower.chars();
    let Some(unit) = letters.next() else { return Some(1) };
    let power = u32::try_from("kmgtpe".find(unit)?).ok()? + 1;
    match letters.as_str() {
        "" => Some(1000_i64.pow(power)),
        "b" | "i" | "ib" => Some(1024_i64.pow(power)),
        _ => None,
    }
}

/// Reads a text without quotes, a boolean, or a variable.
fn bare(scan: &mut Scanner<'_>) -> Result<Literal, SyntaxError> {
    let mut bytes = Vec::new();
    let mut escaped = false;
    loop {
        let part = scan.eat_while(|c| !ends_bare(c) && c != '\\' && c != '\'');
        bytes.extend_from_slice(part.as_bytes());
        match scan.peek() {
            Some('\\') => {
                escaped = true;
                bytes.push(escape(scan)?);
            }
            // The reference ends a text at a single quote and passes it.
            Some('\'') => {
                scan.bump();
                return Ok(text(utf8(scan, bytes)?));
            }
            _ => break,
        }
    }
    let found = utf8(scan, bytes)?;
    if escaped {
        return Ok(text(found));
    }
    if let Some(truth) = boolean(&found) {
        return Ok(Literal::Value(Value::Bool(truth)));
    }
    match found.strip_prefix('$') {
        Some(name) if !BCRYPT_PREFIXES.iter().any(|prefix| found.starts_with(prefix)) => {
            Ok(Literal::Variable(name.to_owned()))
        }
        _ => Ok(text(found)),
    }
}

/// Reads one escape; `\x` takes two hexadecimal digits.
fn escape(scan: &mut Scanner<'_>) -> Result<u8, SyntaxError> {
    scan.bump();
    match scan.peek() {
        Some('x') => {
            scan.bump();
            let digits: String = scan.rest().chars().take(2).collect();
            let all_hex = digits.len() == 2 && digits.chars().all(|c| c.is_ascii_hexdigit());
            let byte = u8::from_str_radix(&digits, 16).ok().filter(|_| all_hex);
            let byte = byte.ok_or_else(|| {
                let shown = digits.escape_debug();
                scan.error(format!("Expected two hexadecimal digits after '\\x', but got '{shown}'"))
            })?;
            scan.advance(2);
            Ok(byte)
        }
        next => match next.and_then(simple_escape) {
            Some(byte) => {
                scan.bump();
                Ok(byte)
            }
            None => Err(scan.unexpected(
                "Invalid escape character '{}'. Only the following escape characters are allowed: \
                 \\xXX, \\t, \\n, \\r, \\\", \\\\.",
            )),
        },
    }
}

fn simple_escape(c: char) -> Option<u8> {
    Some(match c {
        't' => b'\t',
        'n' => b'\n',
        'r' => b'\r',
        '"' => b'"',
        '\\' => b'\\',
        _ => return None,
    })
}

/// Returns the beginning of `rest` that could be one value without quotes.
fn run(rest: &str) -> &str {
    let end = rest.find(|c| ends_bare(c) || c == '\'' || c == '\\').unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

fn ends_bare(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | ',' | ';' | ']' | '}')
}

fn digit_count(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn boolean(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["true", "on", "yes"]) {
        Some(true)
    } else if is(&["false", "off", "no"]) {
        Some(false)
    } else {
        None
    }
}

fn utf8(scan: &Scanner<'_>, bytes: Vec<u8>) -> Result<String, SyntaxError> {
    String::from_utf8(bytes).map_err(|_| scan.error("Escapes must form valid UTF-8."))
}

fn text(found: String) -> Literal {
    Literal::Value(Value::Text(found))
}

/// How a date looks, with 0 for every digit.
const DATE_SHAPE: &str = "0000-00-00T00:00:00Z";

/// How bcrypt hashes begin; they are no variables.
const BCRYPT_PREFIXES: [&str; 4] = ["$2a$", "$2b$", "$2x$", "$2y$"];
