//! Comparing a replica with its source: what the source has removed without a marker, and whether both are still the same.

use super::keep::Content;
use crate::backend::{Outcome, StreamHandle};
use jetkv_engine::{EngineError, StreamState};
use jetkv_jetstream::{Content as Part, MessageTtl, Start, Step, StreamSettings};
use jetkv_types::{Sequence, Subject, SubjectFilter, Timestamp};
use std::future::poll_fn;
use std::time::Duration;

/// What the source has, without values.
#[derive(Debug)]
pub(super) struct Listing {
    /// The last sequence of the source when the listing began; it says nothing of what came later.
    floor: Sequence,
    /// What was replaced while the listing was made was replaced by something up to here.
    pub(super) until: Sequence,
    /// In the order of sequences.
    kept: Vec<Kept>,
    pub(super) settings: StreamSettings,
    /// How the source stood when the listing was made.
    pub(super) state: StreamState,
}

#[derive(Debug)]
struct Kept {
    sequence: Sequence,
    time: Timestamp,
    subject: Subject,
    ttl: Option<MessageTtl>,
}

/// What a comparison found.
#[derive(Debug)]
pub(super) enum Finding {
    /// The replica has these messages and the source does not. `kept` is the first that it has.
    Gone { sequences: Vec<Sequence>, kept: Option<Sequence> },
    /// They are not the same stream, or the replica lacks something.
    Differs,
}

/// Asks the source what it has.
pub(super) async fn list(source: StreamHandle, filters: Vec<SubjectFilter>) -> Outcome<Listing> {
    let floor = source.state().await?.last_sequence;
    let mut delivery = source.deliver(filters.clone(), Start::All, Part::HeadersOnly).await?;
    let mut kept = Vec::new();
    loop {
        match delivery.step()? {
            Step::Message { message, .. } if message.sequence <= floor => kept.push(Kept {
                sequence: message.sequence,
                time: message.time,
                subject: message.subject,
                ttl: message.headers.get("Nats-TTL").and_then(|text| MessageTtl::parse(text).ok()),
            }),
            Step::Message { .. } => {}
            Step::EndOfInitial => break,
            Step::Idle => poll_fn(|cx| delivery.poll_ready(cx)).await?,
        }
    }
    drop(delivery);
    let until = source.last_matching(&filters).await?;
    let (settings, state) = (source.settings().await?, source.state().await?);
    Ok(Listing { floor, until, kept, settings, state })
}

impl Listing {
    /// Compares, once the replica has everything up to [`Self::until`]. `now` is the time by which entries expire in the replica.
    pub(super) fn compare(&self, content: &Content, now: Timestamp) -> Result<Finding, EngineError> {
        let mine = content.sequences(self.floor)?;
        let (mut gone, mut missing, mut common) = (Vec::new(), Vec::new(), None);
        let mut theirs = self.kept.iter().peekable();
        for sequence in mine {
            while let Some(kept) = theirs.next_if(|kept| kept.sequence < sequence) {
                missing.push(kept);
            }
            match theirs.next_if(|kept| kept.sequence == sequence) {
                Some(kept) => common = Some(kept),
                None => gone.push(sequence),
            }
        }
        missing.extend(theirs);
        if let Some(kept) = common
            && self.is_another(kept, content)?
        {
            return Ok(Finding::Differs);
        }
        for kept in missing {
            if !self.was_replaced(&kept.subject, content)? && !self.is_due(kept, now) {
                return Ok(Finding::Differs);
            }
        }
        let mut sequences = Vec::with_capacity(gone.len());
        for sequence in gone {
            // One that is not there any more was replaced, or expired meanwhile.
            if let Some(message) = content.stream().get(sequence)?
                && !self.was_replaced(&message.subject, content)?
            {
                sequences.push(sequence);
            }
        }
        Ok(Finding::Gone { sequences, kept: self.kept.first().map(|kept| kept.sequence) })
    }

    /// Says whether the newest message that both have is not the same one. Sequences are given out once in a stream, so if it is the
    /// same, everything before it is.
    fn is_another(&self, kept: &Kept, content: &Content) -> Result<bool, EngineError> {
        let mine = content.stream().get(kept.sequence)?;
        Ok(mine.is_some_and(|mine| mine.time != kept.time || mine.subject != kept.subject))
    }

    /// Says whether a subject has changed since the listing began: then the listing says nothing of it.
    fn was_replaced(&self, subject: &Subject, content: &Content) -> Result<bool, EngineError> {
        let state = content.stream().subject_state(subject)?;
        Ok(state.is_some_and(|state| state.sequence > self.floor))
    }

    /// Says whether a message may have expired here while the source still had it.
    fn is_due(&self, kept: &Kept, now: Timestamp) -> bool {
        let life = match kept.ttl {
            Some(MessageTtl::Never) => return false,
            Some(MessageTtl::Seconds(seconds)) => Some(Duration::from_secs(seconds)),
            None => self.settings.max_age,
        };
        life.is_some_and(|life| now.since(kept.time) >= life)
    }
}
