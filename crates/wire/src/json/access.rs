//! The elements of arrays and the members of objects, one after the other.

use super::deserializer::{Input, UnknownFields, Value, name_deserializer};
use super::fault::Fault;
use super::scan;
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess};
use std::borrow::Cow;

/// Steps over white space and a comma; none at the end of the container.
fn next_item(text: &[u8], at: usize) -> Option<usize> {
    let at = scan::skip_white(text, at);
    match text.get(at)? {
        b',' => Some(scan::skip_white(text, at + 1)),
        b']' | b'}' => None,
        _ => Some(at),
    }
}

/// Reads the key at `at` and steps to its value.
fn key<'de>(text: &'de [u8], at: usize) -> (Cow<'de, str>, usize) {
    let end = scan::skip_string(text, at);
    let name = scan::string(text.get(at..end).unwrap_or_default());
    // Behind the key there is a colon, perhaps with white space before it.
    (name, scan::skip_white(text, end) + 1)
}

/// The elements of an array.
pub(super) struct Elements<'a, 'de> {
    input: &'a Input<'de>,
    at: usize,
    index: usize,
}

impl<'a, 'de> Elements<'a, 'de> {
    /// Begins behind the bracket.
    pub(super) fn new(input: &'a Input<'de>, at: usize) -> Self {
        Self { input, at, index: 0 }
    }

    pub(super) fn none(input: &'a Input<'de>) -> Self {
        Self::new(input, input.text.len())
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(at) = next_item(self.input.text, self.at) else {
            return Ok(None);
        };
        let value = Value::new(self.input, at);
        self.at = value.end();
        let index = self.index;
        self.index += 1;
        seed.deserialize(value).map(Some).map_err(|fault| fault.at_index(index))
    }
}

/// The members of an object whose keys are data.
pub(super) struct Entries<'a, 'de> {
    input: &'a Input<'de>,
    at: usize,
    name: Cow<'de, str>,
}

impl<'a, 'de> Entries<'a, 'de> {
    /// Begins behind the brace.
    pub(super) fn new(input: &'a Input<'de>, at: usize) -> Self {
        Self { input, at, name: Cow::Borrowed("") }
    }

    pub(super) fn none(input: &'a Input<'de>) -> Self {
        Self::new(input, input.text.len())
    }
}

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some(at) = next_item(self.input.text, self.at) else {
            return Ok(None);
        };
        (self.name, self.at) = key(self.input.text, at);
        seed.deserialize(self.name.clone().into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let value = Value::new(self.input, self.at);
        self.at = value.end();
        seed.deserialize(value).map_err(|fault| fault.in_field(&self.name))
    }
}

/// The members of an object whose keys are the fields of a type: each field once, with the last value that it has.
pub(super) struct Members<'a, 'de> {
    input: &'a Input<'de>,
    /// Those that are left, in reverse.
    left: Vec<Member<'de>>,
    current: Option<(&'static str, usize)>,
}

enum Member<'de> {
    /// A field and where its value begins.
    Known(&'static str, usize),
    Unknown(Cow<'de, str>),
}

impl<'a, 'de> Members<'a, 'de> {
    /// Begins behind the brace.
    pub(super) fn new(input: &'a Input<'de>, mut at: usize, fields: &'static [&'static str]) -> Self {
        let mut found: Vec<Member<'de>> = Vec::new();
        // For each field its place in what was found.
        let mut places: Vec<Option<usize>> = vec![None; fields.len()];
        while let Some(start) = next_item(input.text, at) {
            let (name, value) = key(input.text, start);
            at = Value::new(input, value).end();
            let Some(index) = field(fields, &name) else {
                if input.unknown_fields == UnknownFields::Refused {
                    found.push(Member::Unknown(name));
                    break;
                }
                continue;
            };
            let member = Member::Known(fields[index], value);
            match places[index].and_then(|place| found.get_mut(place)) {
                Some(earlier) => *earlier = member,
                None => {
                    places[index] = Some(found.len());
                    found.push(member);
                }
            }
        }
        found.reverse();
        Self { input, left: found, current: None }
    }

    pub(super) fn none(input: &'a Input<'de>) -> Self {
        Self { input, left: Vec::new(), current: None }
    }
}

/// Finds a field by its name, in the case that it has or else in any.
fn field(fields: &[&str], name: &str) -> Option<usize> {
    let exact = fields.iter().position(|field| *field == name);
    exact.or_else(|| fields.iter().position(|field| field.eq_ignore_ascii_case(name)))
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        match self.left.pop() {
            None => Ok(None),
            Some(Member::Unknown(name)) => Err(Fault::unknown_field(&name)),
            Some(Member::Known(name, value)) => {
                self.current = Some((name, value));
                seed.deserialize(name_deserializer(name)).map(Some)
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (name, at) = self.current.take().unwrap_or(("", self.input.text.len()));
        seed.deserialize(Value::new(self.input, at)).map_err(|fault| fault.in_field(name))
    }
}
