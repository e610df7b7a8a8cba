//! What is copied from an origin, and what becomes of it.

use jetkv_jetstream::{Place, Source, SubjectMapping};
use jetkv_types::{Headers, Message, Sequence, SubjectFilter};
use jetkv_wire::header;

/// A mirror or a source, worked out once.
#[derive(Debug)]
pub(crate) struct Plan {
    source: Source,
    place: Place,
    filters: Vec<SubjectFilter>,
    mappings: Vec<SubjectMapping>,
    /// Tells this source from others of the same origin, also after a restart.
    id: String,
}

impl Plan {
    pub(crate) fn new(source: &Source, place: Place) -> Self {
        let transforms = source.subject_transforms.iter();
        let mut filters: Vec<_> = transforms
            .clone()
            .map(|transform| transform.source.as_str())
            .chain(source.filter_subject.as_deref())
            // They were checked when the stream was created.
            .filter_map(|filter| SubjectFilter::new(filter).ok())
            .collect();
        if filters.is_empty() {
            filters.push(SubjectFilter::all());
        }
        let mappings = transforms
            .filter(|transform| !transform.destination.is_empty())
            .filter_map(|transform| SubjectMapping::new(&transform.source, &transform.destination).ok())
            .collect();
        let id = id_of(source);
        Self { source: source.clone(), place, filters, mappings, id }
    }

    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    pub(crate) fn place(&self) -> Place {
        self.place
    }

    pub(crate) fn filters(&self) -> &[SubjectFilter] {
        &self.filters
    }

    /// Returns what tells this source from others of the same origin.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Returns the message as it is stored in the copy, still with the sequence of the original; `None` if it has no
    /// subject there.
    pub(super) fn copy_of(&self, message: Message) -> Option<Message> {
        let matching =
            self.mappings.iter().find(|mapping| mapping.source().matches(message.subject.as_str()));
        let subject = match matching {
            Some(mapping) => mapping.apply(message.subject.as_str())?.ok()?,
            None => message.subject.clone(),
        };
        let headers = match self.place {
            Place::Kept => message.headers,
            Place::New => self.with_origin(&message)?,
        };
        Some(Message { subject, headers, ..message })
    }

    /// Says where a message comes from, so that a restart knows how far the copy has come.
    fn with_origin(&self, message: &Message) -> Option<Headers> {
        let transform = self.source.subject_transforms.first();
        let filter = transform
            .map(|transform| transform.source.as_str())
            .or(self.source.filter_subject.as_deref())
            .unwrap_or(">");
        let destination = transform
            .map(|transform| transform.destination.as_str())
            .filter(|destination| !destination.is_empty())
            .unwrap_or(">");
        let (name, sequence, subject) = (&self.source.name, message.sequence, &message.subject);
        let value = format!("{name} {sequence} {filter} {destination} {subject} {}", self.id);
        let mut block = message.headers.as_block().to_vec();
        header::set(&mut block, STREAM_SOURCE, value.as_bytes());
        Headers::from_block(block.into()).ok()
    }

    /// Returns the sequence in the origin of a message that this source copied.
    pub(super) fn recognise(&self, message: &Message) -> Option<Sequence> {
        let value = header::get(message.headers.as_block(), STREAM_SOURCE)?;
        let mut words = std::str::from_utf8(value).ok()?.split(' ');
        let (name, sequence) = (words.next()?, words.next()?);
        (name == self.source.name && words.next_back() == Some(self.id.as_str()))
            .then(|| sequence.parse().ok())?
    }
}

/// Makes eight characters of what tells a source from others.
fn id_of(source: &Source) -> String {
    let mut text = source.name.clone();
    text.extend(source.filter_subject.iter().flat_map(|filter| [" ", filter.as_str()]));
    for transform in &source.subject_transforms {
        text.extend([" ", transform.source.as_str(), " ", transform.destination.as_str()]);
    }
    text.extend(source.external.iter().flat_map(|external| [" ", external.api.as_str()]));
    // FNV-1a with 64 bits; it must never change, as it stands in stored messages.
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let digit = |place: u32| {
        let index = usize::try_from(hash / 62_u64.pow(place) % 62).unwrap_or_default();
        char::from(DIGITS[index])
    };
    (0..8).map(digit).collect()
}

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const STREAM_SOURCE: &[u8] = b"Nats-Stream-Source";
