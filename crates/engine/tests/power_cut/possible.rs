//! What a stream may hold after a cut: everything acknowledged, and some first part of what was under way.

use super::judge::Seen;
use testkit::Model;

/// The states that one stream may be found in, in the order in which they came about; the last one is the present.
/// `None` is the state of a stream that does not exist.
pub(crate) struct Possible {
    states: Vec<Option<Model>>,
    ruled_out: usize,
}

impl Possible {
    pub(crate) fn absent() -> Self {
        Self { states: vec![None], ruled_out: 0 }
    }

    /// Returns the present state.
    pub(crate) fn now(&self) -> Option<&Model> {
        self.states.last().and_then(Option::as_ref)
    }

    /// Adds a state that the stream goes through.
    pub(crate) fn push(&mut self, state: Option<Model>) {
        self.states.push(state);
    }

    /// Returns the place of the present state, counted from the beginning.
    pub(crate) fn mark(&self) -> usize {
        self.ruled_out + self.states.len() - 1
    }

    /// Rules out every state before a mark: it was told to be durable.
    pub(crate) fn acknowledge(&mut self, mark: usize) {
        self.states.drain(..mark.saturating_sub(self.ruled_out));
        self.ruled_out = self.ruled_out.max(mark);
    }

    /// Rules out everything but the present.
    pub(crate) fn settle(&mut self) {
        self.acknowledge(self.mark());
    }

    /// Takes what was found as the present, if it is one of the possible states.
    pub(crate) fn settle_on(&mut self, found: Option<&Seen>) -> Result<(), String> {
        let difference = |state: &Option<Model>| match (state, found) {
            (None, None) => None,
            (None, Some(_)) => Some("expected no such stream, found one".to_owned()),
            (Some(_), None) => Some("expected a stream, found none".to_owned()),
            (Some(state), Some(found)) => found.difference(state),
        };
        let position = self.states.iter().rposition(|state| difference(state).is_none());
        if let Some(position) = position {
            self.states = vec![self.states.swap_remove(position)];
            return Ok(());
        }
        let differences = self.states.iter().enumerate();
        let lines: Vec<_> = differences
            .map(|(at, state)| format!("state {at}: {}", difference(state).unwrap_or_default()))
            .collect();
        Err(format!("none of {} possible states was found\n    {}", lines.len(), lines.join("\n    ")))
    }
}
