//! Where to go on copying after a restart.

use super::Plan;
use crate::js::consumers::Keeper;
use jetkv_engine::Stream;
use jetkv_jetstream::Place;
use jetkv_types::Sequence;

/// How far a copy has come, in sequences of the origin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    /// From here on messages are missing in the copy.
    pub(super) next: Sequence,
    /// The last one that is there, 0 for none.
    pub(super) copied: Sequence,
}

/// Finds how far a copy has come.
pub(super) fn find(plan: &Plan, target: &Stream, origin: &Stream, keeper: &Keeper) -> Position {
    let copied = match plan.place() {
        // A mirror's sequences are its origin's.
        Place::Kept => target.last_sequence(),
        // Copies may be gone since; then it was noted how far they went.
        Place::New => {
            let noted = keeper.copied(target.name().as_str(), plan.id()).unwrap_or(0);
            last_copied(plan, target).max(noted)
        }
    };
    let source = plan.source();
    let start = match (source.start_sequence, source.start_time) {
        (Some(sequence), _) => sequence,
        (None, Some(time)) => origin.sequence_at(time).unwrap_or(1),
        (None, None) => 1,
    };
    Position { next: start.max(copied + 1), copied }
}

/// Looks for the last message that came from this source, newest first.
fn last_copied(plan: &Plan, target: &Stream) -> Sequence {
    let state = target.state();
    let mut sequence = state.last_sequence;
    while sequence >= state.first_sequence.max(1) {
        let found = target.get(sequence).ok().flatten();
        if let Some(copied) = found.and_then(|message| plan.recognise(&message)) {
            return copied;
        }
        sequence -= 1;
    }
    0
}
