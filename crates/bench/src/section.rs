//! Reports inside a document that people write: only what stands between two marks is replaced.

use crate::Outcome;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Writes `text` as the section `name` of the document at `path`, and leaves the rest of it as it is.
///
/// A document that is not there is made; a section that is not there is added at the end.
pub(crate) fn write(path: &Path, name: &str, text: &str) -> Outcome<()> {
    let document = match fs::read_to_string(path) {
        Ok(document) => document,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error.into()),
    };
    Ok(fs::write(path, with_section(&document, name, text)?)?)
}

fn with_section(document: &str, name: &str, text: &str) -> Outcome<String> {
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->\n"));
    let (before, after) = match document.split_once(&begin) {
        None if document.is_empty() => (String::new(), ""),
        None => (format!("{}\n\n", document.trim_end()), ""),
        Some((before, rest)) => {
            let (_, after) = rest.split_once(&end).ok_or_else(|| format!("the section {name} has no end"))?;
            (before.to_owned(), after)
        }
    };
    Ok(format!("{before}{begin}\n{}\n\n{end}{after}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_section_changes() {
        let once = with_section("# Title\n", "a", "one").unwrap();
        assert_eq!(once, "# Title\n\n<!-- begin a -->\n\none\n\n<!-- end a -->\n");
        let both = with_section(&once, "b", "two").unwrap();
        let again = with_section(&format!("{both}words\n"), "a", "three\n").unwrap();
        assert_eq!(
            again,
            "# Title\n\n<!-- begin a -->\n\nthree\n\n<!-- end a -->\n\n<!-- begin b -->\n\ntwo\n\n<!-- end b -->\nwords\n"
        );
        assert!(with_section("<!-- begin a -->\n", "a", "x").is_err());
    }
}
