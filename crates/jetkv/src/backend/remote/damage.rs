//! What a server of ours says about damaged messages: a status, or an error of the API that names the record.

use jetkv_engine::{Damage, DamageKind};
use jetkv_types::{Sequence, Subject};
use std::path::PathBuf;

/// Reads the text of an error; `None` if it is about something else.
pub(super) fn of_text(text: &str) -> Option<Damage> {
    let (_, text) = text.split_once(BEGINNING)?;
    let (what, rest) = text.split_once(" in ")?;
    let kind = match what {
        "record" => DamageKind::Record,
        "unreadable stretch" => DamageKind::Hole,
        "metadata, rebuilt from elsewhere" => DamageKind::Metadata,
        "missing or unreadable file" => DamageKind::MissingFile,
        "unexplained bytes behind the last record" => DamageKind::UnexplainedTail,
        _ => return None,
    };
    let (path, rest) = rest.rsplit_once(" at offset ")?;
    let mut damage =
        Damage { path: PathBuf::from(path), offset: 0, length: 0, sequences: None, subject: None, kind };
    for (place, part) in rest.split(", ").enumerate() {
        if place == 0 {
            damage.offset = part.parse().ok()?;
        } else if let Some(bytes) = part.strip_suffix(" bytes") {
            damage.length = bytes.parse().ok()?;
        } else if let Some(one) = part.strip_prefix("sequence ") {
            let sequence = one.parse().ok()?;
            damage.sequences = Some((sequence, sequence));
        } else if let Some((first, last)) =
            part.strip_prefix("sequences ").and_then(|two| two.split_once(" to "))
        {
            damage.sequences = Some((first.parse().ok()?, last.parse().ok()?));
        } else if let Some(subject) = part.strip_prefix("subject ") {
            damage.subject = Subject::new(subject).ok();
        }
    }
    Some(damage)
}

/// Reads a status that stands for a message; `None` if it says something else. It does not tell where the bytes are.
pub(super) fn of_status(message: &async_nats::Message) -> Option<Damage> {
    let is_damage = message.status.is_some_and(|status| status.as_u16() == 500)
        && message.description.as_deref() == Some(DESCRIPTION);
    if !is_damage {
        return None;
    }
    let header = |name: &str| message.headers.as_ref()?.get(name).map(|value| value.as_str());
    let sequence: Option<Sequence> = header("Nats-Sequence").and_then(|text| text.parse().ok());
    Some(Damage {
        path: PathBuf::new(),
        offset: 0,
        length: 0,
        sequences: sequence.map(|sequence| (sequence, sequence)),
        subject: header("Nats-Subject").and_then(|text| Subject::new(text).ok()),
        kind: DamageKind::Record,
    })
}

/// Of an error of the engine.
const BEGINNING: &str = "damaged data: ";
const DESCRIPTION: &str = "Record Damaged";

#[cfg(test)]
mod tests;
