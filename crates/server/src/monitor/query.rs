//! The query of a request: `?subs=1&limit=10`. Bad values are answered in the words of the reference.

use super::route::Answer;

/// Names with their values, in the order of the request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

/// A value that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadQuery(pub(crate) String);

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    /// How many to pass over.
    pub(crate) offset: usize,
    /// How many to show at most.
    pub(crate) limit: usize,
}

impl Query {
    /// Reads what stands behind the question mark; what is too much is left out.
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).take(PAIRS_MAX);
        Self(
            pairs
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| (decoded(name), decoded(value)))
                .collect(),
        )
    }

    /// Returns the first value of `name`, if it is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(each, _)| each == name)?;
        (!value.is_empty()).then_some(value)
    }

    /// Reads a truth; absence is false.
    pub(crate) fn boolean(&self, name: &str) -> Result<bool, BadQuery> {
        match self.text(name) {
            None | Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
            Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
            Some(other) => Err(BadQuery(format!(
                "Error decoding boolean for '{name}': strconv.ParseBool: parsing {other:?}: invalid syntax"
            ))),
        }
    }

    /// Reads a number.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, BadQuery> {
        let Some(text) = self.text(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
            let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            let reason = if is_number { "value out of range" } else { "invalid syntax" };
            BadQuery(format!("Error decoding int for '{name}': strconv.Atoi: parsing {text:?}: {reason}"))
        })
    }

    /// Reads `offset` and `limit`; whatever is asked for, a page has at most [`LIMIT_MAX`] entries.
    pub(crate) fn page(&self) -> Result<Page, BadQuery> {
        let positive =
            |number: Option<i64>| number.and_then(|number| usize::try_from(number).ok()).filter(|it| *it > 0);
        let offset = positive(self.number("offset")?).unwrap_or(0);
        let limit = positive(self.number("limit")?).unwrap_or(LIMIT_DEFAULT).min(LIMIT_MAX);
        Ok(Page { offset, limit })
    }
}

impl Page {
    /// Returns the part of `all` that is asked for.
    pub(crate) fn of<T>(self, all: &[T]) -> &[T] {
        let from = self.offset.min(all.len());
        let to = from.saturating_add(self.limit).min(all.len());
        all.get(from..to).unwrap_or_default()
    }
}

impl From<BadQuery> for Answer {
    fn from(bad: BadQuery) -> Self {
        Self::bad_request(bad.0)
    }
}

/// Undoes percent signs and pluses; what is no text becomes replacement characters.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let hex = |bytes: &mut std::str::Bytes<'_>| {
            let digits = [bytes.next()?, bytes.next()?];
            let digits = std::str::from_utf8(&digits).ok()?.to_owned();
            u8::from_str_radix(&digits, 16).ok()
        };
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let before = rest.clone();
                match hex(&mut rest) {
                    Some(decoded) => bytes.push(decoded),
                    None => {
                        rest = before;
                        bytes.push(b'%');
                    }
                }
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Most pairs that are looked at.
const PAIRS_MAX: usize = 64;

/// Entries of a page if nothing is said.
const LIMIT_DEFAULT: usize = 1_024;

/// Most entries of a page.
const LIMIT_MAX: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded() {
        let query = Query::parse("a=b&c=%24G+x&d&e=%zz&f=%e");
        assert_eq!(query.text("a"), Some("b"));
        assert_eq!(query.text("c"), Some("$G x"));
        assert_eq!(query.text("d"), None);
        assert_eq!(query.text("e"), Some("%zz"));
        assert_eq!(query.text("f"), Some("%e"));
    }

    #[test]
    fn bad_values_are_told_in_the_words_of_the_reference() {
        let error = |text: &str| Query::parse(text).page().unwrap_err().0;
        assert_eq!(
            error("limit=x"),
            "Error decoding int for 'limit': strconv.Atoi: parsing \"x\": invalid syntax"
        );
        assert_eq!(
            error("limit=99999999999999999999"),
            "Error decoding int for 'limit': strconv.Atoi: parsing \"99999999999999999999\": value out of range"
        );
        let error = Query::parse("subs=foo").boolean("subs").unwrap_err().0;
        assert_eq!(
            error,
            "Error decoding boolean for 'subs': strconv.ParseBool: parsing \"foo\": invalid syntax"
        );
    }

    #[test]
    fn pages_stay_inside_the_list_whatever_is_asked_for() {
        let all: Vec<u32> = (0..10).collect();
        let page = |text: &str| Query::parse(text).page().unwrap().of(&all).to_vec();
        assert_eq!(page("offset=3&limit=2"), [3, 4]);
        assert_eq!(page("offset=-5&limit=-1"), all);
        assert_eq!(page("offset=9&limit=9223372036854775807"), [9]);
        assert!(page("offset=9223372036854775807&limit=9223372036854775807").is_empty());
        assert_eq!(Query::parse("limit=9223372036854775807").page().unwrap().limit, LIMIT_MAX);
    }
}
