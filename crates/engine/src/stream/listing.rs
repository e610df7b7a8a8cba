//! Pages of subjects that are lent, not given: their memory serves again for the next page.

use super::Stream;
use super::read::check_holes;
use crate::error::EngineError;
use crate::index::LastOf;
use jetkv_types::{Operation, Sequence, Subject, SubjectFilter};

/// A page of subjects, made by [`Stream::list`].
#[derive(Debug, Default)]
pub struct Listing {
    /// All subjects, one behind the other.
    text: String,
    rows: Vec<Row>,
}

/// What is known of a subject, and where its text ends.
#[derive(Debug, Clone, Copy)]
struct Row {
    end: usize,
    last: LastOf,
}

/// One subject of a [`Listing`], and what is known of it without reading its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed<'a> {
    /// The subject.
    pub subject: &'a str,
    /// Sequence of its last message.
    pub sequence: Sequence,
    /// What its last message does.
    pub operation: Operation,
    /// How many of its messages are live.
    pub messages: u64,
}

impl Stream {
    /// Puts a page of the subjects that match in the place of what is in `page`: in token order, strictly behind `after`, at
    /// most `limit`. It tells what [`Self::subjects`] tells, and allocates only for a page larger than all before it.
    ///
    /// # Errors
    /// As [`Self::subjects`]; the page is empty then.
    pub fn list(
        &self,
        filter: &SubjectFilter,
        after: Option<&Subject>,
        limit: usize,
        page: &mut Listing,
    ) -> Result<(), EngineError> {
        page.clear();
        self.inner.check_readable()?;
        let index = self.inner.index.read();
        check_holes(&index, None)?;
        let after = after.map(Subject::as_bytes);
        page.fill(|text, rows| {
            index.each_matching(filter.as_str(), after, limit, |subject, last| {
                text.extend_from_slice(subject);
                rows.push(Row { end: text.len(), last });
            });
        });
        Ok(())
    }
}

impl Listing {
    /// Returns an empty page.
    #[must_use]
    pub const fn new() -> Self {
        Self { text: String::new(), rows: Vec::new() }
    }

    /// Returns the number of subjects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Says whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the subjects in token order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Listed<'_>> {
        let mut start = 0;
        self.rows.iter().map(move |row| {
            let subject = &self.text[start..row.end];
            start = row.end;
            let LastOf { sequence, operation, count } = row.last;
            Listed { subject, sequence, operation, messages: count }
        })
    }

    /// Returns the sequences of their last messages, in token order.
    pub fn sequences(&self) -> impl ExactSizeIterator<Item = Sequence> {
        self.rows.iter().map(|row| row.last.sequence)
    }

    fn clear(&mut self) {
        self.text.clear();
        self.rows.clear();
    }

    fn fill(&mut self, fill: impl FnOnce(&mut Vec<u8>, &mut Vec<Row>)) {
        let mut text = std::mem::take(&mut self.text).into_bytes();
        fill(&mut text, &mut self.rows);
        // Keys of the table were subjects when they went in; all at once is a look at 16 bytes at a time.
        match String::from_utf8(text) {
            Ok(text) => self.text = text,
            Err(_) => self.rows.clear(),
        }
    }
}
