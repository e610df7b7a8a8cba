//! Where a consumer begins (PROTOCOL 5.3).

use super::cursor::Cursor;
use super::{ConsumerConfig, ConsumerError, DeliverPolicy};
use jetkv_engine::{EngineError, Select, Stream};
use jetkv_types::{Sequence, SubjectFilter};

/// The beginning of a consumer.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) cursor: Cursor,
    /// The first sequence that may be delivered; a new consumer says that it delivered everything before.
    pub(super) first: Sequence,
}

/// Finds the place where a new consumer begins.
pub(super) fn find(
    stream: &Stream,
    config: &ConsumerConfig,
    filters: &[SubjectFilter],
) -> Result<Start, ConsumerError> {
    let bounds = stream.bounds();
    let one_each = stream.config().messages_per_subject_max == Some(1);
    let first = match config.deliver_policy {
        DeliverPolicy::LastPerSubject if !one_each => return last_per_subject(stream, filters),
        // Where every subject has one message, all of them are the last ones.
        DeliverPolicy::LastPerSubject => bounds.first,
        DeliverPolicy::All => bounds.first,
        DeliverPolicy::Last => last(stream, filters)?.unwrap_or(bounds.first),
        DeliverPolicy::New => bounds.end,
        DeliverPolicy::ByStartSequence => config.opt_start_seq.max(bounds.first),
        DeliverPolicy::ByStartTime => {
            let time = config.opt_start_time.map(|zoned| zoned.time).unwrap_or_default();
            // By time, and only by time, the reference leaves out what comes before the first match, unless that is the
            // last message of the stream.
            let first = stream.first_sequence(filters, 0)?.filter(|first| first + 1 < bounds.end);
            stream.sequence_at(time)?.max(first.unwrap_or(bounds.first))
        }
    };
    let from = if config.deliver_policy == DeliverPolicy::LastPerSubject { 1 } else { first };
    check_complete(stream, filters, Select::All, from)?;
    Ok(Start { cursor: Cursor::at(stream, filters, first)?, first })
}

/// The last message of each subject, as of now, then what comes.
fn last_per_subject(stream: &Stream, filters: &[SubjectFilter]) -> Result<Start, ConsumerError> {
    check_complete(stream, filters, Select::LastPerSubject, 1)?;
    let removals = stream.removals();
    let selection = stream.select(filters, Select::LastPerSubject, 1)?;
    // Without a match, the reference begins at the last message of the stream, which does not match; where that is gone,
    // behind it.
    let nothing = selection.up_to.max(stream.bounds().first).max(1);
    let first = selection.sequences.first().copied().unwrap_or(nothing);
    let cursor = Cursor::with_list(selection.sequences, selection.up_to + 1, removals);
    Ok(Start { cursor, first })
}

fn last(stream: &Stream, filters: &[SubjectFilter]) -> Result<Option<Sequence>, EngineError> {
    let mut last = None;
    for filter in filters {
        last = last.max(stream.last_matching(filter)?.map(|message| message.sequence));
    }
    Ok(last)
}

/// Refuses to begin what is known to have a gap: a client that counts what it gets would wait for ever, and one that does not
/// would miss messages without a word.
fn check_complete(
    stream: &Stream,
    filters: &[SubjectFilter],
    which: Select,
    from: Sequence,
) -> Result<(), EngineError> {
    match stream.damage_in(filters, which, from) {
        Some(damage) => Err(EngineError::Damaged(damage)),
        None => Ok(()),
    }
}
