//! Settings with parts, as one line of text: names and values in turn, each ended by a NUL, which none of them can hold.
//!
//! Order matters, names may repeat, and a name that is not known is refused rather than forgotten.

use super::origin::{External, Placement, Republish, Source, SubjectTransform};
use jetkv_types::Timestamp;

/// Writes parts as one text.
#[derive(Debug, Default)]
struct Parts(String);

impl Parts {
    fn add(mut self, name: &str, value: &str) -> Self {
        for text in [name, value] {
            self.0.push_str(text);
            self.0.push('\0');
        }
        self
    }

    fn add_some(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.add(name, value),
            None => self,
        }
    }
}

/// Reads the parts back.
fn parts(text: &str) -> Option<Vec<(&str, &str)>> {
    let text = text.strip_suffix('\0')?;
    let texts: Vec<_> = text.split('\0').collect();
    let pairs = texts.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    Some(pairs.map(|pair| (pair[0], pair[1])).collect())
}

pub(super) fn transform_text(transform: &SubjectTransform) -> String {
    Parts::default().add("src", &transform.source).add("dest", &transform.destination).0
}

pub(super) fn parse_transform(text: &str) -> Option<SubjectTransform> {
    match parts(text)?[..] {
        [("src", source), ("dest", destination)] => {
            Some(SubjectTransform { source: source.into(), destination: destination.into() })
        }
        _ => None,
    }
}

pub(super) fn republish_text(republish: &Republish) -> String {
    let headers_only = if republish.headers_only { "true" } else { "false" };
    let parts = Parts::default().add("src", &republish.source).add("dest", &republish.destination);
    parts.add("headers_only", headers_only).0
}

pub(super) fn parse_republish(text: &str) -> Option<Republish> {
    match parts(text)?[..] {
        [("src", source), ("dest", destination), ("headers_only", headers_only)] => Some(Republish {
            source: source.into(),
            destination: destination.into(),
            headers_only: headers_only == "true",
        }),
        _ => None,
    }
}

pub(super) fn placement_text(placement: &Placement) -> String {
    let parts = Parts::default().add("cluster", &placement.cluster);
    placement.tags.iter().fold(parts, |parts, tag| parts.add("tag", tag)).0
}

pub(super) fn parse_placement(text: &str) -> Option<Placement> {
    let mut placement = Placement::default();
    for (name, value) in parts(text)? {
        match name {
            "cluster" => placement.cluster = value.into(),
            "tag" => placement.tags.push(value.into()),
            _ => return None,
        }
    }
    Some(placement)
}

pub(super) fn source_text(source: &Source) -> String {
    let sequence = source.start_sequence.map(|sequence| sequence.to_string());
    let time = source.start_time.map(|time| time.as_nanos().to_string());
    let mut parts = Parts::default()
        .add("name", &source.name)
        .add_some("start_sequence", sequence.as_deref())
        .add_some("start_time", time.as_deref())
        .add_some("filter", source.filter_subject.as_deref());
    for transform in &source.subject_transforms {
        parts = parts.add("src", &transform.source).add("dest", &transform.destination);
    }
    if let Some(external) = &source.external {
        parts = parts.add("api", &external.api).add("deliver", &external.deliver);
    }
    parts.0
}

pub(super) fn parse_source(text: &str) -> Option<Source> {
    let mut source = Source::new("");
    let mut external = External { api: String::new(), deliver: String::new() };
    for (name, value) in parts(text)? {
        match name {
            "name" => source.name = value.into(),
            "start_sequence" => source.start_sequence = Some(value.parse().ok()?),
            "start_time" => source.start_time = Some(Timestamp::from_nanos(value.parse().ok()?)),
            "filter" => source.filter_subject = Some(value.into()),
            "src" => source
                .subject_transforms
                .push(SubjectTransform { source: value.into(), destination: String::new() }),
            "dest" => source.subject_transforms.last_mut()?.destination = value.into(),
            "api" => external.api = value.into(),
            "deliver" => {
                external.deliver = value.into();
                source.external = Some(external.clone());
            }
            _ => return None,
        }
    }
    (!source.name.is_empty()).then_some(source)
}
