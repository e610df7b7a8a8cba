//! Messages that need nothing but to be appended, so that those that came together go into the stream together.

use super::known::Known;
use super::{Incoming, Ingest, Judged, check_size};
use jetkv_engine::{Append, Commit, Expect, Keeping, Priority, Rollup, Ttl};
use jetkv_types::{Headers, Operation, Subject};

/// What a message that can be appended says besides its subject and its payload.
#[derive(Debug)]
pub struct Ready {
    headers: Headers,
    operation: Operation,
    ttl: Ttl,
    expect: Expect<'static>,
}

impl Ingest {
    /// Understands a message that needs nothing but to be appended. `None` if there is more to it, if consumers must be asked
    /// whether they want it, or if something is wrong with it: [`Self::publish`] does the ones and tells the other.
    #[must_use]
    pub fn ready(&self, incoming: &Incoming<'_>) -> Option<Ready> {
        let rules = *self.rules.read();
        if rules.sealed || rules.by_interest || check_size(incoming, &rules).is_err() {
            return None;
        }
        if incoming.headers.is_empty() {
            let (headers, operation) = (Headers::none(), Operation::Put);
            return Some(Ready { headers, operation, ttl: Ttl::Stream, expect: Expect::Nothing });
        }
        let known = Known::of(incoming.headers);
        let others = [known.batch_id, known.message_id, known.expected_last_id, known.rollup];
        if others.iter().any(Option::is_some) || known.expected_subject.is_some() {
            return None;
        }
        self.check_before_expectations(incoming, &known, &rules).ok()?;
        let expectation = known.expectation(incoming.subject).ok()?;
        if expectation.filter.is_some() {
            return None;
        }
        let expect = match (expectation.of_subject, expectation.of_stream) {
            (None, None) => Expect::Nothing,
            (None, Some(stream)) => Expect::LastOfStream(stream),
            (Some(sequence), None) => Expect::LastOfSubject(sequence),
            (Some(subject), Some(stream)) => Expect::Both { subject, filter: None, stream },
        };
        match self.judge(incoming, known, &rules, None, Keeping::Kept).ok()? {
            Judged::Fresh(prepared) => {
                let (headers, operation, ttl) = (prepared.headers, prepared.operation, prepared.ttl);
                Some(Ready { headers, operation, ttl, expect })
            }
            Judged::Duplicate(_) => None,
        }
    }

    /// Hands messages to the stream, in order and each by itself; the commits are those of
    /// [`jetkv_engine::Stream::append_each`].
    pub fn publish_each<'a>(
        &self,
        messages: impl IntoIterator<Item = (&'a Subject, &'a Ready, &'a [u8])>,
    ) -> Vec<Commit> {
        let appends = messages.into_iter().map(|(subject, ready, payload)| Append {
            subject,
            headers: &ready.headers,
            payload,
            operation: ready.operation,
            ttl: ready.ttl,
            expect: ready.expect,
            rollup: Rollup::None,
            origin: None,
            priority: if ready.operation == Operation::Put { Priority::Normal } else { Priority::Reclaim },
            keeping: Keeping::Kept,
        });
        self.stream.append_each(&appends.collect::<Vec<_>>())
    }
}
