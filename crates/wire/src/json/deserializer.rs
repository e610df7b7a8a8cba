//! A deserializer for serde over a text that is known to be well-formed.

use super::access::{Elements, Entries, Members};
use super::fault::Fault;
use super::scan;
use serde::de::value::{CowStrDeserializer, StrDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use std::borrow::Cow;
use std::cell::Cell;

/// A newtype of this name is given the JSON text of the value as a string.
pub(crate) const RAW: &str = "raw JSON";

/// What all values of one text share.
pub(super) struct Input<'de> {
    pub(super) text: &'de [u8],
    /// Whether a field that is not known is an error.
    pub(super) unknown_fields: UnknownFields,
    /// The name of the outermost type, once it is known.
    pub(super) outermost: Cell<&'static str>,
}

/// What a field that is not known means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnknownFields {
    Refused,
    Ignored,
}

/// The value that begins at a place of the text.
#[derive(Clone, Copy)]
pub(super) struct Value<'a, 'de> {
    input: &'a Input<'de>,
    at: usize,
    /// What the reference calls the type that is wanted, where the caller knows it better than serde.
    wanted: Option<&'static str>,
}

impl<'a, 'de> Value<'a, 'de> {
    pub(super) fn new(input: &'a Input<'de>, at: usize) -> Self {
        Self { input, at: scan::skip_white(input.text, at), wanted: None }
    }

    /// Returns where the value ends.
    pub(super) fn end(&self) -> usize {
        scan::skip_value(self.input.text, self.at)
    }

    fn first(&self) -> u8 {
        self.input.text.get(self.at).copied().unwrap_or_default()
    }

    fn raw(&self) -> &'de [u8] {
        self.input.text.get(self.at..self.end()).unwrap_or_default()
    }

    fn kind(&self) -> &'static str {
        match self.first() {
            b'"' => "string",
            b'{' => "object",
            b'[' => "array",
            b't' | b'f' => "bool",
            b'n' => "null",
            _ => "number",
        }
    }

    fn is_null(&self) -> bool {
        self.first() == b'n'
    }

    fn mismatch(&self, wanted: &str) -> Fault {
        Fault::mismatch(self.kind(), self.wanted.unwrap_or(wanted))
    }

    /// Reads an integer; `null` is zero.
    fn integer<N: TryFrom<i128>>(&self, wanted: &str) -> Result<N, Fault> {
        if !self.is_null() && self.kind() != "number" {
            return Err(self.mismatch(wanted));
        }
        let raw = String::from_utf8_lossy(self.raw());
        let value = if self.is_null() { Some(0) } else { raw.parse::<i128>().ok() };
        // Where there is no sign, none is taken, not even for zero.
        let is_signed = N::try_from(-1).is_ok();
        value
            .filter(|_| is_signed || !raw.starts_with('-'))
            .and_then(|value| N::try_from(value).ok())
            .ok_or_else(|| Fault::mismatch(format!("number {raw}"), self.wanted.unwrap_or(wanted)))
    }

    fn string(&self) -> Result<Cow<'de, str>, Fault> {
        match self.first() {
            b'"' => Ok(scan::string(self.raw())),
            b'n' => Ok(Cow::Borrowed("")),
            _ => Err(self.mismatch("string")),
        }
    }
}

/// Gives a visitor a text that is borrowed if it can be.
fn visit_text<'de, V: Visitor<'de>>(text: Cow<'de, str>, visitor: V) -> Result<V::Value, Fault> {
    match text {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_string(text),
    }
}

/// Reads integers of one width after the other.
macro_rules! integers {
    ($($method:ident $visit:ident $wanted:literal,)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            visitor.$visit(self.integer($wanted)?)
        })*
    };
}

impl<'de> Deserializer<'de> for Value<'_, 'de> {
    type Error = Fault;

    integers! {
        deserialize_i8 visit_i8 "int8",
        deserialize_i16 visit_i16 "int16",
        deserialize_i32 visit_i32 "int32",
        deserialize_i64 visit_i64 "int64",
        deserialize_u8 visit_u8 "uint8",
        deserialize_u16 visit_u16 "uint16",
        deserialize_u32 visit_u32 "uint32",
        deserialize_u64 visit_u64 "uint64",
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.kind() {
            "string" => self.deserialize_str(visitor),
            "object" => self.deserialize_map(visitor),
            "array" => self.deserialize_seq(visitor),
            "bool" => self.deserialize_bool(visitor),
            "null" => visitor.visit_unit(),
            _ => match (self.integer::<u64>("uint64"), self.integer::<i64>("int64")) {
                (Ok(value), _) => visitor.visit_u64(value),
                (Err(_), Ok(value)) => visitor.visit_i64(value),
                (Err(_), Err(_)) => self.deserialize_f64(visitor),
            },
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.first() {
            b't' => visitor.visit_bool(true),
            b'f' | b'n' => visitor.visit_bool(false),
            _ => Err(self.mismatch("bool")),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.is_null() {
            return visitor.visit_f64(0.0);
        }
        let parsed = std::str::from_utf8(self.raw()).ok().and_then(|text| text.parse().ok());
        let value = parsed.filter(|_| self.kind() == "number");
        visitor.visit_f64(value.ok_or_else(|| self.mismatch("float64"))?)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visit_text(self.string()?, visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_byte_buf(self.string()?.into_owned().into_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.is_null() { visitor.visit_unit() } else { Err(self.mismatch("null")) }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_unit(visitor)
    }

    /// The name is what the reference calls the type, or [`RAW`].
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if name == RAW {
            return visit_text(String::from_utf8_lossy(self.raw()), visitor);
        }
        visitor.visit_newtype_struct(Self { wanted: Some(name), ..self })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.first() {
            b'[' => visitor.visit_seq(Elements::new(self.input, self.at + 1)),
            b'n' => visitor.visit_seq(Elements::none(self.input)),
            _ => Err(self.mismatch("[]interface {}")),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.first() {
            b'{' => visitor.visit_map(Entries::new(self.input, self.at + 1)),
            b'n' => visitor.visit_map(Entries::none(self.input)),
            _ => Err(self.mismatch("map[string]interface {}")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if self.input.outermost.get().is_empty() {
            self.input.outermost.set(name);
        }
        match self.first() {
            b'{' => visitor.visit_map(Members::new(self.input, self.at + 1, fields)),
            b'n' => visitor.visit_map(Members::none(self.input)),
            _ => Err(self.mismatch(&format!("server.{name}"))),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let text: CowStrDeserializer<'de, Fault> = self.string()?.into_deserializer();
        visitor.visit_enum(text)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }
}

/// Gives a seed the name of a field.
pub(super) fn name_deserializer(name: &str) -> StrDeserializer<'_, Fault> {
    name.into_deserializer()
}
