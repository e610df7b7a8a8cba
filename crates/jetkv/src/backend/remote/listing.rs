//! Which subjects a stream has, and what is known of them without reading values.

use super::ordered::{Next, Ordered};
use super::stream::Target;
use crate::backend::{Counts, Fault};
use jetkv_engine::SubjectState;
use jetkv_jetstream::{Content, Start};
use jetkv_types::{Subject, SubjectFilter};
use std::collections::HashMap;

impl Target {
    /// Returns the subjects that match, in token order, behind `after`, at most `limit`.
    ///
    /// The server has no order and no cursor: every page costs a walk over all that matches.
    pub(super) async fn subjects(
        &self,
        filter: SubjectFilter,
        after: Option<Subject>,
        limit: usize,
        counts: Counts,
    ) -> Result<Vec<SubjectState>, Fault> {
        let pattern = filter.as_str().to_owned();
        let mut reader =
            Ordered::open(self.clone(), vec![filter], Start::LastPerSubject, Content::HeadersOnly).await?;
        let history = reader.history();
        let mut last = HashMap::new();
        let walked = loop {
            match reader.next().await {
                Ok(Next::Message(message, _)) => {
                    last.insert(message.subject, (message.sequence, message.operation));
                }
                Ok(Next::EndOfInitial) => break Ok(()),
                Err(fault) => break Err(fault),
            }
        };
        reader.end().await;
        walked?;
        let behind = |subject: &Subject| {
            after.as_ref().is_none_or(|after| subject.tokens().cmp(after.tokens()).is_gt())
        };
        let mut states: Vec<_> = last
            .into_iter()
            .filter(|(subject, _)| behind(subject))
            .map(|(subject, (sequence, operation))| SubjectState {
                subject,
                sequence,
                operation,
                messages: 1,
            })
            .collect();
        states.sort_unstable_by(|left, right| left.subject.tokens().cmp(right.subject.tokens()));
        states.truncate(limit);
        if counts == Counts::Wanted && history != 1 && !states.is_empty() {
            let counts = self.counts(&pattern).await?;
            for state in &mut states {
                state.messages = counts.get(state.subject.as_str()).copied().unwrap_or(1);
            }
        }
        Ok(states)
    }
}
